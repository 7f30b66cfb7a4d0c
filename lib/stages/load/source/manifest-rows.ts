import { columnFromScalars, valueAt } from '../../../columnar/kernels';
import type { Field, Scalar } from '../../../columnar/types';
import { TidemarkError } from '../../../errors';
import { lakeTypeOf, readableAs } from '../../../parquet/column';
import type { ParquetFooter } from '../../../parquet/footer';
import { encodeRowGroup } from '../../../parquet/wasm';
import { PATH_OUTSIDE } from '../../../ports/errors';
import type { ObjectStore } from '../../../ports/object-store';
import { allPieces, openFile } from '../../../table/data-file';
import { manifestUnreadable } from '../errors';

/** A row of a manifest: a file that a copy consists of. */
export interface ManifestRow {
  readonly uri: string;
  readonly size: number;
  /** null where whoever wrote the manifest did not count. */
  readonly n_record: number | null;
  readonly etag: string;
}

const FIELDS: readonly Field[] = [
  { id: 1, name: 'uri', type: 'string', required: true },
  { id: 2, name: 'size', type: 'long', required: true },
  { id: 3, name: 'n_record', type: 'long', required: false },
  { id: 4, name: 'etag', type: 'string', required: true },
];

/** The rows as one Parquet file. */
export function encodeManifest(rows: readonly ManifestRow[]): Uint8Array {
  const long = (value: number | null): Scalar => (value === null ? null : BigInt(value));
  const values = rows.map(row => [row.uri, long(row.size), long(row.n_record), row.etag]);
  const columns = FIELDS.map((field, i) =>
    columnFromScalars(
      field.type,
      values.map(row => row[i]!),
    ),
  );
  return encodeRowGroup({ length: rows.length, fields: FIELDS, columns });
}

/**
 * The rows of a manifest, in its order. Columns are found by name: other writers give them no ids.
 * @throws TM_2713 without one of the columns, or where a value is missing
 */
export async function readManifest(store: ObjectStore, uri: string): Promise<ManifestRow[]> {
  const key = keyIn(store, uri);
  const info = key === undefined ? undefined : await store.head(key);
  if (!info) throw manifestUnreadable('the manifest is missing', uri);
  const file = await openFile(store, { path: uri, size: info.size });
  const fields = FIELDS.flatMap(field => fieldIn(file.footer, field));
  const lacking = FIELDS.find(f => f.required && !fields.some(({ name }) => name === f.name));
  if (lacking) throw manifestUnreadable(`the manifest has no column ${lacking.name}`, uri);
  const rows: ManifestRow[] = [];
  for await (const batch of allPieces(file, fields)) {
    for (let i = 0; i < batch.length; i++) {
      const row = Object.fromEntries(fields.map(({ name }, c) => [name, valueAt(batch.columns[c]!, i)]));
      if (typeof row.uri !== 'string' || typeof row.size !== 'bigint' || typeof row.etag !== 'string')
        throw manifestUnreadable(`row ${rows.length} of the manifest lacks a uri, a size or an etag`, uri);
      const n_record = typeof row.n_record === 'bigint' ? Number(row.n_record) : null;
      rows.push({ uri: row.uri, size: Number(row.size), n_record, etag: row.etag });
    }
  }
  return rows;
}

/** The field as this file has it; none where the file has not, or has NULLs without a type. */
function fieldIn({ columns }: ParquetFooter, field: Field): Field[] {
  const column = columns.find(c => c.name === field.name);
  const stored = column && lakeTypeOf(column);
  if (!column || !stored || !readableAs(stored, field.type)) return [];
  return [{ ...field, id: column.fieldId ?? field.id }];
}

/** The uri's key; undefined when it names an object of another store. */
export function keyIn(store: ObjectStore, uri: string): string | undefined {
  try {
    return store.keyOf(uri);
  } catch (error) {
    if (error instanceof TidemarkError && error.code === PATH_OUTSIDE) return undefined;
    throw error;
  }
}
