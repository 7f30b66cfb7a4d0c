import type { DescribedColumn } from '../../../ports/copy-engine';
import type { ObjectStore } from '../../../ports/object-store';
import { brokenFiles } from '../errors';
import type { CopyFile, CopyFormat, TableCopy } from './copy';
import { byUri, fingerprintOf } from './fingerprint';
import { readFooters, type StoredColumn } from './footers';
import { oneLayout } from './layout';

/** What is to be made a copy of. */
export interface CopiedFiles {
  /** As the source says it; stands in errors. */
  readonly table: string;
  readonly format: CopyFormat;
  readonly files: readonly CopyFile[];
  /** What the stored columns mean, where the source describes them. */
  readonly describe?: (stored: readonly StoredColumn[]) => readonly DescribedColumn[];
}

/**
 * The files as a table's copy: sorted, and of Parquet with the rows and columns of the footers.
 * @throws TM_2711 for files that cannot be read, TM_2712 for files of different columns
 */
export async function tableCopy(store: ObjectStore, copied: CopiedFiles): Promise<TableCopy> {
  const { table, format, describe } = copied;
  const files = [...copied.files].sort(byUri);
  const whole = {
    format,
    fingerprint: fingerprintOf(files),
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
  if (format === 'parquet') {
    const footers = await readFooters(store, table, files);
    const stored = oneLayout(table, footers.layouts);
    return {
      ...whole,
      files: footers.files,
      columns: describe?.(stored) ?? stored,
      ...rowsOf(footers.files),
    };
  }
  // An upload that broke off; a file that is meant to hold nothing says so more clearly by not being there.
  const empty = files.filter(({ bytes }) => bytes === 0);
  if (empty.length > 0)
    throw brokenFiles(
      table,
      empty.map(({ uri }) => ({ uri, reason: 'it has 0 bytes' })),
    );
  return { ...whole, files, ...rowsOf(files) };
}

function rowsOf(files: readonly CopyFile[]): Pick<TableCopy, 'rows'> {
  if (!files.every(file => file.rows !== undefined)) return {};
  return { rows: files.reduce((sum, file) => sum + file.rows!, 0) };
}
