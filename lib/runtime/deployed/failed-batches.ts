import { FAILED_BATCHES, streamKey } from '../../config/deployed';
import { streamSources } from '../../config/stream-sources';
import type { ObjectStore } from '../../ports/object-store';
import { failedAt, putFailureAside } from '../../stages/ingest-stream/failure-object';
import { replay } from '../../stages/replay';
import type { AwsLake } from '../aws';
import type { Environment } from '../aws-config';
import { streamUnassigned } from '../aws-errors';
import { withStreams } from '../aws-streams';
import type { DeadLetter, Lake } from '../lake';
import type { Outputs } from './find';

/** Batches of streams that no function took in, as dead letters. */
export function failedBatches(
  lake: AwsLake,
  outputs: Outputs,
  environment: Environment,
): Pick<Lake, 'deadLetters' | 'resend'> {
  const { store } = lake.ports;
  const sources = streamSources(lake.config);
  return {
    async deadLetters() {
      if (sources.length === 0) return [];
      const found: DeadLetter[] = [];
      for await (const { key } of store.list(FAILED_BATCHES)) {
        found.push({ id: key, queue: 'stream', about: key, at: failedAt(key) });
      }
      return found;
    },
    /** The object goes when its records stand in quarantine: a crash before that leaves both, and they count once. */
    async resend({ id: key }) {
      const arn = await streamOf(store, key);
      const name = arn.slice(arn.lastIndexOf('/') + 1);
      const source = sources.find(([s]) => outputs(streamKey(s)) === name)?.[0];
      if (source === undefined) throw streamUnassigned(arn);
      const assigned = { ...environment, TIDEMARK_STREAMS: JSON.stringify({ [source]: arn }) };
      const { stream } = await withStreams(lake, assigned).streamOf(arn);
      const id = await putFailureAside(lake.ports, { landing: store, key, source, stream });
      await store.delete(key);
      return replay(lake.ports, lake.config, id);
    },
  };
}

interface Failure {
  readonly KinesisBatchInfo?: { readonly streamArn?: string };
}

/** The stream's ARN; empty where the object does not say it. @see https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html */
async function streamOf(store: ObjectStore, key: string): Promise<string> {
  const bytes = await store.get(key);
  try {
    const { KinesisBatchInfo } = JSON.parse(Buffer.from(bytes ?? []).toString()) as Failure;
    return KinesisBatchInfo?.streamArn ?? '';
  } catch {
    return '';
  }
}
