import type { ChangeStream, StreamPut, StreamRecord } from '../ports/change-stream';
import type { Clock } from '../ports/clock';
import { RecordsRefused } from '../ports/errors';
import { streamFull } from './listen-errors';

/** A stream whose put answers when its records are taken into the lake. */
export interface TakingStream extends Pick<ChangeStream, 'put'> {
  /** Answers when nothing is in hand. */
  idle(): Promise<void>;
}

export interface TakingStreamProps {
  /** Never used before: sequence numbers begin anew with it. */
  readonly shard: string;
  readonly clock: Clock;
  /** Takes in a run of the shard; a repeat of it after an error changes nothing twice. */
  readonly takeIn: (records: readonly StreamRecord[]) => Promise<void>;
}

/** One batch's. */
const RECORDS_MAX = 10_000;
const BYTES_MAX = 16 << 20;
/** What waits while a batch is taken in; beyond it a put is refused. */
const WAITING_BYTES_MAX = 64 << 20;

interface Waiting {
  readonly records: readonly StreamPut[];
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What arrives while a batch is taken in is the next batch: one transaction, and one wait for the disk, serves all who
 * wait. A crash leaves puts that were not answered, of which the lake has all or none.
 */
export function takingStream({ shard, clock, takeIn }: TakingStreamProps): TakingStream {
  const queue: Waiting[] = [];
  let waitingBytes = 0;
  let sequence = 0;
  let working: Promise<void> | undefined;

  const work = async () => {
    // Requests that are read in one turn of the event loop come together.
    await new Promise(resolve => setImmediate(resolve));
    while (queue.length > 0) {
      const batch = queue.splice(0, fitting(queue));
      waitingBytes -= batch.reduce((sum, { bytes }) => sum + bytes, 0);
      const arrivedAt = clock.now();
      const records = batch
        .flatMap(put => put.records)
        .map(put => ({ ...put, shard, sequence: String(++sequence), arrivedAt }));
      await takeIn(records).then(
        () => batch.forEach(put => void put.resolve()),
        error => batch.forEach(put => void put.reject(error)),
      );
    }
    working = undefined;
  };

  return {
    put(records) {
      const bytes = records.reduce((sum, { data }) => sum + data.length, 0);
      if (waitingBytes + bytes > WAITING_BYTES_MAX)
        throw new RecordsRefused(
          streamFull(),
          records.map(({ key }) => key),
        );
      return new Promise((resolve, reject) => {
        queue.push({ records, bytes, resolve, reject });
        waitingBytes += bytes;
        working ??= work();
      });
    },
    async idle() {
      await working;
    },
  };
}

/** How many puts of a queue make a batch; one at least. */
function fitting(queue: readonly Waiting[]): number {
  let records = 0;
  let bytes = 0;
  const over = queue.findIndex(put => {
    records += put.records.length;
    bytes += put.bytes;
    return records > RECORDS_MAX || bytes > BYTES_MAX;
  });
  return over < 0 ? queue.length : Math.max(1, over);
}
