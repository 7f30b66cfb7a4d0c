import type { PrimitiveType } from '../../../columnar/types';
import { TidemarkError } from '../../../errors';
import { lakeTypeOf } from '../../../parquet/column';
import type { ParquetFooter } from '../../../parquet/footer';
import { OBJECT_MISSING } from '../../../ports/errors';
import type { ObjectStore } from '../../../ports/object-store';
import { mapAtOnce } from '../../../table/at-once';
import { openFile } from '../../../table/data-file';
import { brokenFiles } from '../errors';
import type { CopyFile } from './copy';

/** Footers that are read at a time: each is 64 KiB in memory, or a file of up to 1 MiB. */
const FOOTERS_AT_ONCE = 16;

/** A column of a file and the lake's type of what is stored. */
export interface StoredColumn {
  readonly name: string;
  readonly type: PrimitiveType;
}

/** Files that have the same columns. */
export interface Layout {
  readonly columns: readonly StoredColumn[];
  readonly uris: readonly string[];
}

/** What the footers of Parquet files say. */
export interface Footers {
  /** With the rows of each. */
  readonly files: readonly CopyFile[];
  /** In the order of their first files. */
  readonly layouts: readonly Layout[];
}

/** A file that cannot be read, and why. */
export interface BrokenFile {
  readonly uri: string;
  readonly reason: string;
}

/** @throws TM_2711 that names every file that is empty, breaks off, is no Parquet or has other rows than it should */
export async function readFooters(
  store: ObjectStore,
  table: string,
  files: readonly CopyFile[],
): Promise<Footers> {
  const broken: BrokenFile[] = [];
  const read: CopyFile[] = [];
  const layouts = new Map<string, { columns: readonly StoredColumn[]; uris: string[] }>();
  const found = await mapAtOnce(files, FOOTERS_AT_ONCE, file => lookAt(store, file));
  files.forEach((file, i) => {
    const { reason, rows, columns } = found[i]!;
    if (reason !== undefined) broken.push({ uri: file.uri, reason });
    else {
      read.push({ ...file, rows });
      const form = JSON.stringify(columns);
      const same = layouts.get(form);
      if (same) same.uris.push(file.uri);
      else layouts.set(form, { columns, uris: [file.uri] });
    }
  });
  if (broken.length > 0) throw brokenFiles(table, broken);
  return { files: read, layouts: [...layouts.values()] };
}

/** What one footer says. The footer itself is let go: of ten thousand files they would fill the memory. */
type Looked =
  | { readonly reason: string; readonly rows?: undefined; readonly columns?: undefined }
  | { readonly reason?: undefined; readonly rows: number; readonly columns: readonly StoredColumn[] };

async function lookAt(store: ObjectStore, { uri, bytes, rows }: CopyFile): Promise<Looked> {
  if (bytes === 0) return { reason: 'it has 0 bytes' };
  try {
    const { footer } = await openFile(store, { path: uri, size: bytes });
    const end = footer.rowGroups.reduce((last, group) => Math.max(last, group.end), 0);
    if (end > bytes) return { reason: `its rows end at byte ${end} of ${bytes}` };
    if (rows !== undefined && rows !== footer.rows)
      return { reason: `it has ${footer.rows} rows, its manifest says ${rows}` };
    return { rows: footer.rows, columns: storedColumns(footer) };
  } catch (error) {
    if (!(error instanceof TidemarkError && isOfFile(error))) throw error;
    return { reason: `${error.what}, ${error.where}` };
  }
}

/** Faults of the file; what else goes wrong (the network, a permission) says nothing of it. */
function isOfFile({ code }: TidemarkError): boolean {
  return code.startsWith('TM_42') || code === OBJECT_MISSING || code === 'TM_3005';
}

/** A type that the lake has not (UUID, TIME) is read as text, which has a spelling for every value. */
function storedColumns({ columns }: ParquetFooter): StoredColumn[] {
  return columns.map(column => ({ name: column.name, type: lakeTypeOf(column) ?? 'string' }));
}
