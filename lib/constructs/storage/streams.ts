import { Duration } from 'aws-cdk-lib';
import { type IStream, Stream, StreamEncryption, StreamMode } from 'aws-cdk-lib/aws-kinesis';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { streamKey } from '../../config/deployed';
import type { ResolvedLake } from '../../config/resolved';
import { RETENTION_DAYS, type StreamSource, streamSources } from '../../config/stream-sources';
import { acknowledge } from '../acknowledged';
import { keep } from '../retained';

/** The stream of each source that has one, by the source's name: an existing one, or one of the lake's own. */
export function streams(
  scope: Construct,
  lake: ResolvedLake,
  key: IKey | undefined,
): Record<string, IStream> {
  return Object.fromEntries(
    streamSources(lake).map(([name, source]) => [name, streamOf(scope, lake.name, { name, source, key })]),
  );
}

/**
 * The key of the account that encrypts each stream: that of the config for an existing stream, the lake's for its own.
 * None for a stream under AWS's own keys.
 */
export function streamKeys(lake: ResolvedLake): Record<string, string> {
  return Object.fromEntries(
    streamSources(lake).flatMap(([name, source]) => {
      const key = source.streamArn === undefined ? lake.deploy.kmsKeyArn : source.streamKmsKeyArn;
      return key === undefined ? [] : [[name, key]];
    }),
  );
}

interface Origin {
  readonly name: string;
  readonly source: StreamSource;
  readonly key: IKey | undefined;
}

function streamOf(scope: Construct, lake: string, { name, source, key }: Origin): IStream {
  const id = streamKey(name);
  if (source.streamArn !== undefined) return Stream.fromStreamArn(scope, id, source.streamArn);
  const { shards = 1, retentionDays = RETENTION_DAYS } = source;
  const stream = new Stream(scope, id, {
    ...(shards === 'on-demand'
      ? { streamMode: StreamMode.ON_DEMAND }
      : { streamMode: StreamMode.PROVISIONED, shardCount: shards }),
    retentionPeriod: Duration.days(retentionDays),
    ...(key
      ? { encryption: StreamEncryption.KMS, encryptionKey: key }
      : { encryption: StreamEncryption.MANAGED }),
  });
  if (key)
    acknowledge(stream, 'KDS3', 'The config names a key of the account for everything that holds rows.');
  keep(stream, lake, id);
  return stream;
}
