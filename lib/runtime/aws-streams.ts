import { KinesisClient } from '@aws-sdk/client-kinesis';
import { kinesisStream, streamIdentity } from '../adapters/aws/change-stream';
import { clientSettings } from '../adapters/aws/clients';
import { streamSources } from '../config/stream-sources';
import type { StreamRef, StreamShards } from '../ledger/streams';
import type { RecordsRequest } from '../stages/ingest-stream/request';
import { type AwsLake, awsLake } from './aws';
import type { Environment } from './aws-config';
import { streamUnassigned } from './aws-errors';

/** A stream as records are taken in from it: the source that the config declares it as, and what it is. */
export type AwsStream = Pick<RecordsRequest, 'source'> & {
  readonly stream: StreamRef & { readonly shards: Exclude<StreamShards, 'numbered'> };
};

export interface AwsStreamLake extends AwsLake {
  /** A stream by its ARN. @throws TM_8203 */
  readonly streamOf: (arn: string) => Promise<AwsStream>;
}

/**
 * The lake with its streams. TIDEMARK_STREAMS says which source each is: `{ "<source>": "<ARN>" }`; without it the
 * config has one source with a stream, and every stream is that one. @throws TM_8201, TM_8202
 */
export function awsStreamLake(environment: Environment): AwsStreamLake {
  return withStreams(awsLake(environment), environment);
}

/** A lake and its streams. */
export function withStreams(lake: AwsLake, environment: Environment): AwsStreamLake {
  const client = new KinesisClient(clientSettings());
  const arns = JSON.parse(environment.TIDEMARK_STREAMS ?? '{}') as Record<string, string>;
  const declared = streamSources(lake.config);
  const only = declared.length === 1 ? declared[0]![0] : undefined;
  const known = new Map<string, Promise<AwsStream>>();
  const describe = async (arn: string): Promise<AwsStream> => {
    const source = Object.keys(arns).find(name => arns[name] === arn) ?? only;
    if (source === undefined) throw streamUnassigned(arn);
    const identity = await streamIdentity(client, arn);
    return { source, stream: { ...identity, shards: () => kinesisStream(client, arn).shards() } };
  };
  const streamOf = (arn: string): Promise<AwsStream> => {
    // Asked once in a process; not kept where the answer is an error.
    const asked = known.get(arn) ?? describe(arn);
    known.set(arn, asked);
    asked.catch(() => known.delete(arn));
    return asked;
  };
  return { ...lake, streamOf };
}
