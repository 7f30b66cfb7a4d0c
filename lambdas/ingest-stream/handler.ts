import type { KinesisStreamBatchResponse, KinesisStreamEvent } from 'aws-lambda';
import type { AwsStreamLake } from '../../lib/runtime/aws-streams';
import { ingestRecords } from '../../lib/stages/ingest-stream/ingest-records';
import { wakesByQueue } from '../../lib/stages/land/freshness';
import { count, counted, failed, logger } from '../telemetry';
import { type ShardRecords, shardsOf } from './kinesis-event';

/** Records of a shard: each is taken in or put aside. What fails comes again from the first record of it on. */
export function ingestStream(lake: Pick<AwsStreamLake, 'config' | 'ports' | 'streamOf' | 'wakeUps'>) {
  const { config, ports, wakeUps } = lake;
  const takeIn = async ({ arn, shard, records }: ShardRecords): Promise<string | undefined> => {
    const { source, stream } = await lake.streamOf(arn);
    const taken = await ingestRecords(ports, config, { source, stream, shard, records });
    for (const { table: name, outcome, rows, badRows } of taken.tables) {
      const table = config.tables.find(t => t.name === name);
      // Whatever the outcome: the batch before this one may have died before its wake-up.
      if (table && wakesByQueue(table)) await wakeUps.merge(name);
      if (outcome !== 'seen') count('rowsTakenIn', rows, table);
      count('quarantined', badRows, table);
    }
    count('quarantined', taken.strays);
    for (const { table, error } of taken.failed) failed(`records of ${table ?? source} failed`, error);
    for (const note of taken.control) logger.info('the source says', { ...note });
    return taken.retryFrom;
  };
  return (event: KinesisStreamEvent): Promise<KinesisStreamBatchResponse> =>
    counted(config.name, async () => {
      const batchItemFailures = [];
      for (const shard of shardsOf(event)) {
        const retryFrom = await takeIn(shard);
        if (retryFrom !== undefined) batchItemFailures.push({ itemIdentifier: retryFrom });
      }
      return { batchItemFailures };
    });
}
