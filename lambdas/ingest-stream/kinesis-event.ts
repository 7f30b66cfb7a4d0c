import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import type { StreamRecord } from '../../lib/ports/change-stream';

/** The records of one shard, in its order. */
export interface ShardRecords {
  readonly arn: string;
  readonly shard: string;
  readonly records: readonly StreamRecord[];
}

/** The event's records by stream and shard; Lambda sends one shard an event. */
export function shardsOf({ Records }: KinesisStreamEvent): ShardRecords[] {
  const shards = new Map<string, ShardRecords & { records: StreamRecord[] }>();
  for (const record of Records) {
    const { eventSourceARN: arn } = record;
    const read = recordOf(record);
    const place = `${arn} ${read.shard}`;
    const known = shards.get(place) ?? { arn, shard: read.shard, records: [] };
    known.records.push(read);
    shards.set(place, known);
  }
  return [...shards.values()];
}

/** `eventID` is the shard's id and the sequence number, with a colon between. */
function recordOf({ eventID, kinesis }: KinesisStreamRecord): StreamRecord {
  return {
    shard: eventID.slice(0, eventID.lastIndexOf(':')),
    sequence: kinesis.sequenceNumber,
    key: kinesis.partitionKey,
    data: Buffer.from(kinesis.data, 'base64'),
    // Seconds, with their fraction.
    arrivedAt: kinesis.approximateArrivalTimestamp * 1000,
  };
}
