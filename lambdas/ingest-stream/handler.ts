import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import type { AwsStreamLake } from '../../lib/runtime/aws-streams';
import { ingestBatch } from '../../lib/stages/ingest-stream/ingest-batch';
import { lambdaRecords } from '../../lib/stages/ingest-stream/lambda-records';
import { wakesByQueue } from '../../lib/stages/land/freshness';
import { count, counted, failed, logger } from '../telemetry';

/** Records of a shard: each is taken in or put aside. What fails comes again from the first record of it on. */
export function ingestStream(lake: Pick<AwsStreamLake, 'config' | 'ports' | 'streamOf' | 'wakeUps'>) {
  const { config, ports, wakeUps } = lake;
  return (event: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> =>
    counted(config.name, async () => {
      const records = lambdaRecords(event);
      if (!records) throw new Error('the event has no records of one shard');
      const { source, stream } = await lake.streamOf(event.Records[0]!.eventSourceARN);
      const { shard } = records[0]!;
      const taken = await ingestBatch(ports, config, { source, stream, shard, records });
      for (const { table: name, outcome, rows, badRows } of taken.tables) {
        const table = config.tables.find(t => t.name === name);
        // Whatever the outcome: the batch before this one may have died before its wake-up.
        if (table && wakesByQueue(table)) await wakeUps.merge(name);
        if (outcome !== 'seen') count('rowsTakenIn', rows, table);
        count('quarantined', badRows, table);
      }
      count('quarantined', taken.strays);
      for (const { table, error } of taken.failed) failed(`records of ${table ?? source} failed`, error);
      for (const note of taken.control)
        logger[note.outcome === 'refused' ? 'warn' : 'info']('the source says', { ...note });
      const { retryFrom } = taken;
      return { batchItemFailures: retryFrom === undefined ? [] : [{ itemIdentifier: retryFrom }] };
    });
}
