import type { Column } from '../columnar/column';
import type { Field } from '../columnar/types';
import { OP_TRUNCATE, opRank } from './op';
import type { Position } from './position';

/**
 * Changes of one table in columns. `fields` are the user's columns; `absent[i]` picks the set of field ids that
 * row i says nothing about (0: it has them all). Rows of one entry stand in the order of their file.
 */
export interface Changes {
  readonly length: number;
  readonly fields: readonly Field[];
  readonly columns: readonly Column[];
  readonly ops: Uint8Array;
  readonly major: BigInt64Array;
  readonly minor: BigInt64Array;
  readonly entry: Uint32Array;
  readonly changedAt: Column;
  readonly absent: Uint32Array;
  readonly absentSets: readonly ReadonlySet<number>[];
}

/** A TRUNCATE: every row of the table that stands before it is gone. */
export interface Truncate extends Position {
  readonly entry: number;
}

export function positionAt(changes: Changes, row: number): Position {
  return { major: changes.major[row]!, minor: changes.minor[row]! };
}

/** The TRUNCATEs among the changes, oldest first. */
export function truncatesOf(changes: Changes): Truncate[] {
  const found: Truncate[] = [];
  for (let row = 0; row < changes.length; row++) {
    if (changes.ops[row] === OP_TRUNCATE)
      found.push({ ...positionAt(changes, row), entry: changes.entry[row]! });
  }
  return found.sort(
    (a, b) => compare64(a.major, b.major) || compare64(a.minor, b.minor) || a.entry - b.entry,
  );
}

/**
 * The total order of changes (PROTOCOL.md, P1): position, then entry, then TRUNCATE before D before I and U,
 * then the order within the file. Compares the halves of the int64s: BigInt comparisons cost ten times as much.
 */
export function changeOrder(changes: Changes): (a: number, b: number) => number {
  const majorHigh = halves(changes.major);
  const minorHigh = halves(changes.minor);
  const { entry, ops } = changes;
  return (a, b) =>
    majorHigh.high[2 * a + 1]! - majorHigh.high[2 * b + 1]! ||
    majorHigh.low[2 * a]! - majorHigh.low[2 * b]! ||
    minorHigh.high[2 * a + 1]! - minorHigh.high[2 * b + 1]! ||
    minorHigh.low[2 * a]! - minorHigh.low[2 * b]! ||
    entry[a]! - entry[b]! ||
    opRank(ops[a]!) - opRank(ops[b]!) ||
    a - b;
}

/** Signed view for the high words, unsigned for the low ones (little-endian, as every platform of ours is). */
function halves(words: BigInt64Array): { high: Int32Array; low: Uint32Array } {
  return {
    high: new Int32Array(words.buffer, words.byteOffset, words.length * 2),
    low: new Uint32Array(words.buffer, words.byteOffset, words.length * 2),
  };
}

export function compare64(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
