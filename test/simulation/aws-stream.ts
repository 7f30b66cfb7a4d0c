import type { KinesisStreamEvent, KinesisStreamRecord } from 'aws-lambda';
import type { StreamRecord } from '../../lib/ports/change-stream';
import type { NaiveChange } from '../support/naive-fold';
import type { Scheduler } from './scheduler';
import { SHARDS } from './stream-world';

/** A record of a stream, and what it means: good ones have a sequence of their own, so their position is theirs. */
export interface SentRecord {
  readonly record: StreamRecord;
  readonly is: 'good' | 'bad' | 'stray';
  readonly changes: readonly NaiveChange[];
  /** Whatever reads it is killed, until the function is mended. */
  readonly deadly: boolean;
}

const MICROS = BigInt(Date.UTC(2025, 0, 2, 3, 4, 5, 60)) * 1000n;
const SEQUENCE_HEAD = '2025010203040506';

export interface RecordsOptions {
  readonly first: number;
  readonly count: number;
  /** The shard by its place. */
  readonly shard: number;
  readonly now: number;
  /** Its ordinal among these; -1 for none. */
  readonly deadly: number;
}

/** Records of the table `three`: late ones, key changes, deletes, some that are no rows and some that are nothing. */
export function randomRecords(scheduler: Scheduler, options: RecordsOptions): SentRecord[] {
  const { first, count, shard, now, deadly } = options;
  return Array.from({ length: count }, (_, i) => {
    const n = first + i;
    const is = scheduler.pick(['good', 'good', 'good', 'good', 'good', 'good', 'bad', 'stray'] as const);
    // No two are alike, and many come late.
    const counter = scheduler.pick([...Array(1000).keys()]) * 1000 + n;
    const op = scheduler.pick(['insert', 'insert', 'update', 'update', 'delete'] as const);
    const [id, was] = [scheduler.pick([1, 2, 3, 4]), scheduler.pick([1, 2, 3, 4])];
    const values = { a: scheduler.pick([null, 1, 2, 3]), b: scheduler.pick([null, 'x', 'y']) };
    const moved = op === 'update' && scheduler.chance(0.3) && was !== id;
    const data = {
      ...(op === 'delete' ? { id } : { id, ...values }),
      ...(is === 'bad' ? { id: 'none' } : {}),
      AR_H_CHANGE_SEQ: `${SEQUENCE_HEAD}${String(counter).padStart(19, '0')}`,
    };
    const metadata = { 'record-type': 'data', operation: op, 'schema-name': 's', 'table-name': 'three' };
    const text = JSON.stringify({ data, ...(moved ? { 'before-image': { id: was } } : {}), metadata });
    const record: StreamRecord = {
      shard: SHARDS[shard]!.id,
      // Within a shard the numbers get a digit more.
      sequence: String(10n ** 55n - 5n + BigInt(n)),
      key: 'k',
      data: Buffer.from(is === 'stray' ? text.slice(1) : text),
      arrivedAt: now + scheduler.pick([0, 1, 50, -40]),
    };
    const at = { entry: 0, row: 0, major: MICROS, minor: BigInt(counter) };
    const now_ = { ...at, key: String(id), values };
    const gone = { ...at, op: 'D' as const, values: {} };
    const changes: NaiveChange[] =
      op === 'delete'
        ? [{ ...gone, key: String(id) }]
        : moved
          ? [
              { ...gone, key: String(was) },
              { ...now_, op: 'I' },
            ]
          : [{ ...now_, op: op === 'insert' ? 'I' : 'U' }];
    return { record, is, changes: is === 'good' ? changes : [], deadly: i === deadly };
  });
}

/** As Lambda hands records over. */
export function eventOf(records: readonly StreamRecord[]): KinesisStreamEvent {
  return {
    Records: records.map(
      ({ shard, sequence, key, data, arrivedAt }) =>
        ({
          eventID: `${shard}:${sequence}`,
          eventSourceARN: 'arn:aws:kinesis:eu-west-1:123456789012:stream/changes',
          kinesis: {
            sequenceNumber: sequence,
            partitionKey: key,
            data: Buffer.from(data).toString('base64'),
            approximateArrivalTimestamp: arrivedAt / 1000,
          },
        }) as KinesisStreamRecord,
    ),
  };
}

/** A batch that goes to the function; `settle` is told what became of it. */
export interface Batch {
  readonly records: readonly SentRecord[];
  settle(outcome: { readonly ok: boolean; readonly answer?: unknown }): void;
}

export interface StreamSourceOptions {
  readonly scheduler: Scheduler;
  /** Keeps what was given up, as the failure destination does. */
  readonly giveUp: (event: KinesisStreamEvent) => void;
  /** Whether a batch that failed has done so for so long that its records are too old to be tried again. */
  readonly isTooOld: () => boolean;
}

/**
 * The event source of a stream: one batch of a shard at a time, parents before children, cut anywhere. What fails is
 * halved until one record stands alone, and comes until it is too old; now and then a batch comes once more.
 */
export class StreamSource {
  private readonly records: SentRecord[] = [];
  private next = 0;
  private sizeMax = Number.POSITIVE_INFINITY;
  private busy = false;

  constructor(private readonly options: StreamSourceOptions) {}

  put(records: readonly SentRecord[]): void {
    this.records.push(...records);
  }

  get idle(): boolean {
    return !this.busy && this.next >= this.records.length;
  }

  /** The next batch, if none is under way. */
  take(): Batch | undefined {
    if (this.busy || this.next >= this.records.length) return undefined;
    const { scheduler } = this.options;
    const from = this.records[this.next]!.record.shard;
    const of = this.records.slice(this.next).filter(({ record }) => record.shard === from);
    const records = of.slice(0, Math.min(this.sizeMax, scheduler.pick([1, 2, 3, 6])));
    this.busy = true;
    return {
      records,
      settle: outcome => {
        this.busy = false;
        this.settle(records, outcome);
      },
    };
  }

  private settle(records: readonly SentRecord[], { ok, answer }: { ok: boolean; answer?: unknown }): void {
    const { batchItemFailures: failures } = (answer ?? { batchItemFailures: [] }) as {
      batchItemFailures: readonly { itemIdentifier: string }[];
    };
    const failed = failures[0]?.itemIdentifier;
    const at = ok ? records.findIndex(({ record }) => record.sequence === failed) : 0;
    const done = at < 0 ? records.length : at;
    // The event source itself forgets how far it was.
    if (done > 0 && this.options.scheduler.chance(0.1)) return;
    this.next += done;
    if (done < records.length) {
      this.sizeMax = Math.max(1, Math.floor((records.length - done) / 2));
      if (!this.options.isTooOld()) return;
      this.options.giveUp(eventOf(records.slice(done).map(one => one.record)));
      this.next += records.length - done;
    }
    this.sizeMax = Number.POSITIVE_INFINITY;
  }
}
