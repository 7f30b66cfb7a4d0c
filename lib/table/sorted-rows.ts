import { compareKeys, encodeKeys, type Keys, keysAreSorted, upperBoundOf } from '../change/key-order';
import { gatherBatch, selectFields } from '../columnar/batch';
import type { Batch } from '../columnar/column';
import { gatherFrom } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import { allPieces, type OpenFile } from './data-file';
import { type FileDeletes, liveMask } from './deletes';

/** Whether a file's rows stand in key order. Asked of the rows: what other engines say of a file may not hold. */
export async function isSorted(file: OpenFile, key: readonly Field[]): Promise<boolean> {
  let last: Keys | undefined;
  for await (const batch of allPieces(file, key)) {
    const keys = keysOf(batch, key);
    if (keys.length === 0) continue;
    if (!keysAreSorted(keys) || (last && compareKeys(last, last.length - 1, keys, 0) > 0)) return false;
    last = keys;
  }
  return true;
}

/** A file's live rows, a piece at a time. */
export async function* liveRows(
  file: OpenFile,
  deletes: FileDeletes,
  fields: readonly Field[],
): AsyncGenerator<Batch> {
  let first = 0;
  for await (const batch of allPieces(file, fields)) {
    const mask = liveMask(deletes, batch, first);
    first += batch.length;
    yield mask
      ? gatherBatch(
          batch,
          Uint32Array.from(mask.keys()).filter(row => mask[row]),
        )
      : batch;
  }
}

/** All of a file's live rows as one batch in key order: for a file whose rows have no order. */
export async function* sortedWhole(rows: AsyncIterable<Batch>, key: readonly Field[]): AsyncGenerator<Batch> {
  const parts: Batch[] = [];
  for await (const batch of rows) parts.push(batch);
  if (parts.length > 0) yield inKeyOrder(parts.map(whole), key);
}

interface Source {
  readonly rows: AsyncIterator<Batch>;
  batch: Batch;
  keys: Keys;
  /** Rows of the batch that are given already. */
  given: number;
}

/**
 * Rows of several sorted sources in one order; a key that stands in several comes in no order that means anything.
 * Memory holds a batch of each source and what is given at once: never more than those batches.
 */
export async function* mergeSorted(
  sources: readonly AsyncIterable<Batch>[],
  key: readonly Field[],
): AsyncGenerator<Batch> {
  const open: Source[] = [];
  for (const source of sources) {
    const next = await filled(source[Symbol.asyncIterator](), key);
    if (next) open.push(next);
  }
  while (open.length > 0) {
    // What is not read yet stands at or beyond the last row of its source's batch: through the least of those rows
    // nothing is missing.
    const least = open.reduce((a, b) =>
      compareKeys(b.keys, b.keys.length - 1, a.keys, a.keys.length - 1) < 0 ? b : a,
    );
    const { keys } = least;
    const parts = open.map(source => {
      const from = source.given;
      source.given = upperBoundOf(source.keys, keys, keys.length - 1, from);
      return { batch: source.batch, rows: span(from, source.given) };
    });
    yield inKeyOrder(
      parts.filter(part => part.rows.length > 0),
      key,
    );
    for (const source of [...open]) {
      if (source.given < source.batch.length) continue;
      const next = await filled(source.rows, key);
      open.splice(open.indexOf(source), 1, ...(next ? [next] : []));
    }
  }
}

/** The source with its next batch that has rows. */
async function filled(rows: AsyncIterator<Batch>, key: readonly Field[]): Promise<Source | undefined> {
  for (;;) {
    const next = await rows.next();
    if (next.done) return undefined;
    const batch = next.value;
    if (batch.length > 0) return { rows, batch, keys: keysOf(batch, key), given: 0 };
  }
}

/** Some rows of a batch, by their place. */
export interface Picked {
  readonly batch: Batch;
  readonly rows: Uint32Array;
}

/** Picked rows of one or more batches of the same fields as one in key order: every value is copied once. */
export function inKeyOrder(parts: readonly Picked[], key: readonly Field[]): Batch {
  const length = parts.reduce((sum, part) => sum + part.rows.length, 0);
  const source = new Uint16Array(length);
  const row = new Uint32Array(length);
  let at = 0;
  for (const [i, { rows }] of parts.entries()) {
    source.fill(i, at, at + rows.length);
    row.set(rows, at);
    at += rows.length;
  }
  const { fields } = parts[0]!.batch;
  const column = (i: number, source: Uint16Array, row: Uint32Array) =>
    gatherFrom(
      parts.map(part => part.batch.columns[i]!),
      source,
      row,
    );
  const keyColumns = key.map(k =>
    column(
      fields.findIndex(f => f.id === k.id),
      source,
      row,
    ),
  );
  const keys = encodeKeys(keyColumns, length);
  const order = span(0, length);
  if (!keysAreSorted(keys)) order.sort((a, b) => compareKeys(keys, a, keys, b) || a - b);
  const [sources, rows] = [Uint16Array.from(order, i => source[i]!), order.map(i => row[i]!)];
  return { length, fields, columns: fields.map((_, i) => column(i, sources, rows)) };
}

export function whole(batch: Batch): Picked {
  return { batch, rows: span(0, batch.length) };
}

function span(from: number, to: number): Uint32Array {
  return Uint32Array.from({ length: to - from }, (_, i) => from + i);
}

function keysOf(batch: Batch, key: readonly Field[]): Keys {
  return encodeKeys(selectFields(batch, [...key]).columns, batch.length);
}
