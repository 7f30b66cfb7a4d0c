import type { ResolvedTable } from '../../../config/resolved';
import { detect } from '../../../formats/detect';
import type { DeclaredColumn, OpenedFile, SourceFile } from '../../../formats/format';
import { formatOf } from '../../../formats/formats';
import type { ObjectStore } from '../../../ports/object-store';
import { mapAtOnce } from '../../../table/at-once';
import { filesMissing, formatUnknown, mixedSchemas, noSuchTable } from '../errors';
import type { CopyFile, CopySource, TableCopy } from './copy';
import { byUri, fingerprintOf } from './fingerprint';
import { copyFile, dataFiles, folderOf } from './listing';

/** Folders in which a full load of DMS left a table's LOAD objects. */
export interface DmsLoads {
  readonly table: ResolvedTable;
  readonly folders: readonly string[];
}

const LOAD_OBJECT = /(^|\/)LOAD[0-9A-F]{8}\.[^/]+$/i;

/**
 * What a full load of DMS left: all LOAD objects that stand in the folders now, taken in before or not. Their rows are
 * read as ingest reads them, by the table's own declarations.
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html
 */
export function dmsLoadsSource(store: ObjectStore, loads: DmsLoads): CopySource {
  const { name } = loads.table;
  return {
    tables: async () => [name],
    copyOf: async table => {
      if (table !== name) throw noSuchTable(table, [name], loads.folders.join(', '));
      return copyOfLoads(store, loads);
    },
  };
}

async function copyOfLoads(store: ObjectStore, { table, folders }: DmsLoads): Promise<TableCopy> {
  const files = new Map<string, CopyFile>();
  for (const folder of folders) {
    for (const object of await dataFiles(store, folderOf(folder)))
      if (LOAD_OBJECT.test(object.key)) files.set(object.key, copyFile(store, object));
  }
  if (files.size === 0) throw filesMissing(table.name, folders);
  const sorted = [...files.values()].sort(byUri);
  return {
    files: sorted,
    format: 'dms',
    columns: await columnsOf(store, table, sorted),
    fingerprint: fingerprintOf(sorted),
    bytes: sorted.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** @throws TM_2712 where files have different columns */
async function columnsOf(
  store: ObjectStore,
  table: ResolvedTable,
  files: readonly CopyFile[],
): Promise<readonly DeclaredColumn[]> {
  const found = await mapAtOnce(
    files,
    AT_ONCE,
    async file => (await openLoadObject(store, table, file)).columns,
  );
  const known = textOf(found[0]!);
  const different = files.flatMap(({ uri }, i) => {
    const columns = textOf(found[i]!);
    return columns === known ? [] : [`${uri}: ${columns}, not ${known}`];
  });
  if (different.length > 0) throw mixedSchemas(table.name, different);
  return found[0]!;
}

const textOf = (columns: readonly DeclaredColumn[]) =>
  columns.map(({ name, type }) => `${name} ${type}`).join(', ');

/** Files that are opened at once. */
const AT_ONCE = 16;

const BATCH_ROWS = 65_536;
const BATCH_BYTES = 8 << 20;

/** A LOAD object, its rows inserts. @throws TM_2709, and TM_21xx to TM_22xx for a file that cannot be read */
export function openLoadObject(
  store: ObjectStore,
  table: ResolvedTable,
  file: CopyFile,
): Promise<OpenedFile> {
  const { key, bytes, etag, uri } = file;
  const kind = table.format?.kind ?? detect(key)?.format;
  if (!kind) throw formatUnknown(table.name, [uri]);
  const source: SourceFile = {
    name: key.slice(key.lastIndexOf('/') + 1),
    size: bytes,
    stream: () => store.stream(key, etag),
    range: (start, end) => store.range(key, start, end),
  };
  const options = { ...table.format, load: true };
  const limits = { batchRows: BATCH_ROWS, batchBytes: BATCH_BYTES };
  return formatOf(kind).open({ file: source, columns: table.columns, options, ...limits });
}
