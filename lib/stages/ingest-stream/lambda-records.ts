import type { StreamRecord } from '../../ports/change-stream';

/** What a function is given of a batch of a Kinesis stream, as far as it is read here. */
interface KinesisEvent {
  readonly Records?: readonly KinesisEventRecord[];
}

interface KinesisEventRecord {
  /** `shardId-000000000000:<sequence number>` */
  readonly eventID?: string;
  readonly kinesis?: {
    readonly partitionKey?: string;
    readonly sequenceNumber?: string;
    /** Base64. */
    readonly data?: string;
    /** Seconds since 1970, with a fraction. */
    readonly approximateArrivalTimestamp?: number;
  };
}

/**
 * The records of a Lambda event of a Kinesis stream; undefined when it is none, or not of one shard as Lambda's are:
 * sequence numbers order a shard alone.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
 */
export function lambdaRecords(event: unknown): StreamRecord[] | undefined {
  const found = (event as KinesisEvent | null)?.Records;
  if (!Array.isArray(found) || found.length === 0) return undefined;
  const records: StreamRecord[] = [];
  for (const { eventID, kinesis } of found as readonly KinesisEventRecord[]) {
    const shard = /^(shardId-\d+):/.exec(eventID ?? '')?.[1];
    const sequence = kinesis?.sequenceNumber;
    const seconds = kinesis?.approximateArrivalTimestamp;
    if (shard === undefined || kinesis?.data === undefined || typeof seconds !== 'number') return undefined;
    if (sequence === undefined || !/^\d{1,60}$/.test(sequence)) return undefined;
    if (shard !== (records[0]?.shard ?? shard)) return undefined;
    const data = Buffer.from(kinesis.data, 'base64');
    const arrivedAt = Math.round(seconds * 1000);
    records.push({ shard, sequence, key: kinesis.partitionKey ?? '', data, arrivedAt });
  }
  return records;
}
