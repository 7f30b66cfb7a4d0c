import { compareKeys, encodeKeys } from '../change/key-order';
import { concatBatches, gatherBatch, selectFields, sliceBatch } from '../columnar/batch';
import type { Batch } from '../columnar/column';
import type { Field } from '../columnar/types';
import type { ObjectStore } from '../ports/object-store';
import { openFile } from './data-file';
import { type FileDeletes, liveMask } from './deletes';
import type { FileAction, Upserts } from './plan';

/**
 * The rows of a file that is written anew: what stands, without the dropped positions and foreign deletes, with
 * the inserts in their place. Reads one row group at a time; a file sorted by key gives rows sorted by key.
 */
export async function* rewrittenRows(
  store: ObjectStore,
  action: FileAction & { kind: 'rewrite' },
  upserts: Upserts,
  deletes: FileDeletes,
  fields: readonly Field[],
  key: readonly Field[],
): AsyncGenerator<Batch> {
  const file = await openFile(store, action.live.file);
  const dropped = new Set(action.drop);
  let first = 0;
  let inserted = 0;
  for (let g = 0; g < file.footer.rowGroups.length; g++) {
    const batch = await file.read(g, fields);
    const mask = liveMask(deletes, batch, first);
    const kept: number[] = [];
    for (let row = 0; row < batch.length; row++) {
      if ((!mask || mask[row]) && !dropped.has(first + row)) kept.push(row);
    }
    first += batch.length;
    const last = g === file.footer.rowGroups.length - 1;
    const until = last ? action.insert.length : insertsUpTo(batch, action.insert, inserted, upserts, key);
    const inserts = gatherBatch(upserts.rows, action.insert.subarray(inserted, until));
    inserted = until;
    const standing = kept.length === batch.length ? batch : gatherBatch(batch, Uint32Array.from(kept));
    yield merged(standing, inserts, key);
  }
}

/** The inserts whose key is not beyond the row group's last row go into it. */
function insertsUpTo(
  batch: Batch,
  insert: Uint32Array,
  from: number,
  upserts: Upserts,
  key: readonly Field[],
): number {
  const last = sliceBatch(batch, batch.length - 1, batch.length);
  const keys = encodeKeys(selectFields(last, [...key]).columns, 1);
  let until = from;
  while (until < insert.length && compareKeys(upserts.keys, insert[until]!, keys, 0) <= 0) until++;
  return until;
}

function merged(standing: Batch, inserts: Batch, key: readonly Field[]): Batch {
  if (inserts.length === 0) return standing;
  const all = concatBatches([standing, inserts]);
  const keys = encodeKeys(selectFields(all, [...key]).columns, all.length);
  const order = Uint32Array.from({ length: all.length }, (_, i) => i);
  return gatherBatch(
    all,
    order.sort((a, b) => compareKeys(keys, a, keys, b) || a - b),
  );
}
