import { later, type StreamCursor } from '../../ledger/streams';
import type { StreamRecord } from '../../ports/change-stream';

/** Where a record stands if its source says nothing of it; kept with a record that is put aside. */
export interface Place {
  readonly major: bigint;
  readonly minor: bigint;
}

export type Placed<R> = R & { readonly place: Place };

/** Below all counts of records: where those stand that no table has counted. */
const UNCOUNTED = -(1n << 63n);

/** UTC micros. */
export function arrivalOf({ arrivedAt }: Pick<StreamRecord, 'arrivedAt'>): bigint {
  // Lambda gives seconds with a fraction, of which a thousandfold is no whole number.
  return BigInt(Math.round(arrivedAt)) * 1000n;
}

/**
 * The records behind the cursor, in their shard's order, each with its place: its arrival, raised to the last one's
 * where the stream's clock stepped back, and a running count (PROTOCOL.md, P). Bad ones use up a count too, so that
 * the place of none depends on the config.
 * @param counted whether a table counts them
 */
export function placeAfter<R extends Pick<StreamRecord, 'sequence' | 'arrivedAt'>>(
  cursor: StreamCursor,
  records: readonly R[],
  counted = true,
): { placed: Placed<R>[]; next: StreamCursor } {
  let { sequence, arrival, count } = cursor;
  const base = counted ? 0n : UNCOUNTED;
  const placed = records.map(record => {
    arrival = later(arrival, arrivalOf(record));
    sequence = record.sequence;
    return { ...record, place: { major: arrival, minor: base + BigInt(count++) } };
  });
  return { placed, next: { sequence, arrival, count } };
}
