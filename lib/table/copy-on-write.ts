import { compareKeys, encodeKeys } from '../change/key-order';
import { selectFields, sliceBatch } from '../columnar/batch';
import type { Batch } from '../columnar/column';
import { nullColumn } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import { sameSchema } from '../parquet/assemble';
import { footerOfFile, type ParquetFooter } from '../parquet/footer';
import { encodeRowGroup } from '../parquet/wasm';
import type { ObjectStore } from '../ports/object-store';
import { type OpenFile, openFile } from './data-file';
import { type FileDeletes, liveMask } from './deletes';
import type { FileAction } from './plan';
import { inKeyOrder, mergeSorted, type Picked, whole } from './sorted-rows';
import type { Upserts } from './upserts';
import type { CopiedRowGroup, WriteLimits } from './write-files';

/** What every file of a table is written anew with. */
export interface Rewrite {
  readonly fields: readonly Field[];
  readonly key: readonly Field[];
  readonly upserts: Upserts;
  readonly limits: WriteLimits;
}

/**
 * The rows of a file that is written anew: what stands, without the dropped positions and foreign deletes, with
 * the inserts in their place. A row group that nothing touches is copied as it is; the others are read a piece
 * at a time. A file sorted by key gives rows sorted by key.
 */
export async function* rewrittenRows(
  store: ObjectStore,
  action: FileAction & { kind: 'rewrite' },
  deletes: FileDeletes,
  rewrite: Rewrite,
): AsyncGenerator<Batch | CopiedRowGroup> {
  const { fields, key, upserts, limits } = rewrite;
  const file = await openFile(store, action.live.file);
  const dropped = new Set(action.drop);
  const gone = Float64Array.from([...action.drop, ...deletes.positions]).sort();
  let passed = 0;
  const form = formOf(file.footer, fields);
  const copyable = deletes.equalities.length === 0 && form !== undefined;
  const written = form ?? fields;
  let first = 0;
  let inserted = 0;
  for (let g = 0; g < file.footer.rowGroups.length; g++) {
    const end = first + file.footer.rowGroups[g]!.rows;
    const last = g === file.footer.rowGroups.length - 1;
    const until =
      last || inserted === action.insert.length
        ? action.insert.length
        : insertsUpTo(await file.read(g, key), action.insert, inserted, rewrite);
    const before = passed;
    while (passed < gone.length && gone[passed]! < end) passed++;
    const touched = until > inserted || passed > before;
    if (!touched && copyable && worthCopying(file, g, limits)) {
      yield { key: store.keyOf(file.path), footer: file.footer, rowGroup: g };
    } else if (passed - before === file.footer.rowGroups[g]!.rows) {
      // Nothing of it stands: the inserts alone take its place, and nobody reads it.
      yield* inForm(upserts.pieces(action.insert.subarray(inserted, until)), written);
      inserted = until;
    } else {
      for await (const batch of file.pieces(g, fields)) {
        const from = first;
        first += batch.length;
        const mask = liveMask(deletes, batch, from);
        const kept = Uint32Array.from({ length: batch.length }, (_, row) => row).filter(
          row => (!mask || mask[row]) && !dropped.has(from + row),
        );
        const to =
          first === end ? until : insertsUpTo(batch, action.insert.subarray(0, until), inserted, rewrite);
        const inserts = upserts.pieces(action.insert.subarray(inserted, to));
        if (to === inserted && kept.length === batch.length) yield { ...batch, fields: written };
        else yield* inForm(withInserts({ batch, rows: kept }, inserts, key), written);
        inserted = to;
      }
    }
    first = end;
  }
}

/** Kept rows and inserts in one order; where the inserts are many, they come a piece at a time. */
async function* withInserts(
  kept: Picked,
  inserts: AsyncGenerator<Batch>,
  key: readonly Field[],
): AsyncGenerator<Batch> {
  const first = await inserts.next();
  if (first.done) {
    yield inKeyOrder([kept], key);
    return;
  }
  const second = await inserts.next();
  if (second.done) yield inKeyOrder([kept, whole(first.value)], key);
  else {
    const many = async function* () {
      yield first.value;
      yield second.value;
      yield* inserts;
    };
    const standing = async function* () {
      yield inKeyOrder([kept], key);
    };
    yield* mergeSorted([standing(), many()], key);
  }
}

/** A row group far below the limits is read, so that it joins its neighbours instead of staying small for ever. */
function worthCopying({ footer }: OpenFile, rowGroup: number, limits: WriteLimits): boolean {
  const { rows, columns } = footer.rowGroups[rowGroup]!;
  const bytes = columns.reduce((sum, c) => sum + c.uncompressed, 0);
  return rows * 4 >= limits.rowGroupRowsMax || bytes * 4 >= limits.rowGroupBytesMax;
}

/**
 * The fields as the file has them, if row groups that our encoder writes by them can stand beside its own: a load's pack
 * holds the key in columns that could hold NULL. Undefined for a file of another writer or an older schema.
 */
function formOf(footer: ParquetFooter, fields: readonly Field[]): readonly Field[] | undefined {
  const optional = fields.map(f => ({ ...f, required: false }));
  return [fields, optional].find(form => sameSchema(footer, schemaOf(form)));
}

/** The schema that our encoder gives these fields. */
function schemaOf(fields: readonly Field[]): ParquetFooter {
  const columns = fields.map(f => nullColumn(f.type, 0));
  return footerOfFile(encodeRowGroup({ length: 0, fields, columns }));
}

async function* inForm(batches: AsyncGenerator<Batch>, fields: readonly Field[]): AsyncGenerator<Batch> {
  for await (const batch of batches) yield { ...batch, fields };
}

/** The inserts whose key is not beyond the batch's last row go into it. */
function insertsUpTo(batch: Batch, insert: Uint32Array, from: number, { upserts, key }: Rewrite): number {
  if (batch.length === 0) return from;
  const last = sliceBatch(batch, batch.length - 1, batch.length);
  const keys = encodeKeys(selectFields(last, [...key]).columns, 1);
  let until = from;
  while (until < insert.length && compareKeys(upserts.keys, insert[until]!, keys, 0) <= 0) until++;
  return until;
}
