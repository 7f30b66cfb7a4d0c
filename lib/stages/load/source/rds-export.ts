import { compareValues } from '../../../iceberg/single-value';
import type { DescribedColumn } from '../../../ports/copy-engine';
import type { ObjectInfo, ObjectStore } from '../../../ports/object-store';
import { columnsMissing, formatUnknown, noSuchTable, tableIncomplete, tableNotExported } from '../errors';
import type { CopySource, TableCopy } from './copy';
import type { StoredColumn } from './footers';
import { copyFile, folderOf, folderUri, isBeside } from './listing';
import { type ExportedTable, readDescription } from './rds-description';
import { exportedColumn } from './rds-types';
import { tableCopy } from './table-copy';

const SUCCESS = '_SUCCESS';

/**
 * An export of an RDS or Aurora snapshot to S3.
 * @param prefix the export's folder, `<prefix>/<exportId>`, in which its `export_info_*.json` stands
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.FileNames.html
 */
export function rdsExportSource(store: ObjectStore, prefix: string): CopySource {
  const folder = folderOf(prefix);
  let read: Promise<ReadonlyMap<string, ExportedTable>> | undefined;
  const described = async () => {
    read ??= readDescription(store, folder);
    try {
      return await read;
    } catch (error) {
      // The export may be complete the next time.
      read = undefined;
      throw error;
    }
  };
  const names = (tables: ReadonlyMap<string, ExportedTable>) =>
    [...tables.keys()].sort((a, b) => compareValues('string', a, b));
  return {
    tables: async () => names(await described()),
    copyOf: async target => {
      const tables = await described();
      const table = tables.get(target);
      if (!table) throw noSuchTable(target, names(tables), folderUri(store, folder));
      return copyOfTable(store, folder, table);
    },
  };
}

async function copyOfTable(store: ObjectStore, folder: string, table: ExportedTable): Promise<TableCopy> {
  const { target, status, warning } = table;
  if (status !== 'COMPLETE') throw tableNotExported(status, warning, target);
  const files = await filesOf(store, folder, target);
  const unknown = files.filter(file => !file.key.endsWith('.parquet')).map(file => store.uri(file.key));
  if (unknown.length > 0) throw formatUnknown(target, unknown);
  return tableCopy(store, {
    table: target,
    format: 'parquet',
    files: files.map(file => copyFile(store, file)),
    describe: stored => columnsOf(table, files.length > 0 ? stored : undefined),
  });
}

/**
 * The table's Parquet files, in part folders (`1/`, `2/`) or, of older exports, without; an empty table has none.
 * @throws TM_2707 when a folder lacks its `_SUCCESS`
 */
async function filesOf(store: ObjectStore, folder: string, target: string): Promise<ObjectInfo[]> {
  const addressOf = (place: string) => folderUri(store, place);
  const places = foldersOf(target).map(place => folder + place);
  for (const place of places) {
    const files: ObjectInfo[] = [];
    const done = new Set<string>();
    for await (const object of store.list(place)) {
      if (object.key.endsWith(`/${SUCCESS}`)) done.add(parentOf(object.key));
      else if (!isBeside(object.key.slice(place.length))) files.push(object);
    }
    if (files.length === 0 && done.size === 0) continue;
    const open = new Set(files.map(file => parentOf(file.key)).filter(parent => !done.has(parent)));
    if (open.size > 0) throw tableIncomplete([...open].map(addressOf), target);
    return files;
  }
  throw tableIncomplete(places.map(addressOf), target);
}

const parentOf = (key: string) => key.slice(0, key.lastIndexOf('/') + 1);

/** Characters of a name that the export writes as `_` in keys. */
const REPLACED = /[\\`" ]/g;

/**
 * Where the table may stand: MySQL's `db.table` in `db/db.table/`, PostgreSQL's `db.schema.table` in `db/schema.table/`. A
 * MySQL table whose own name has a dot looks like PostgreSQL's.
 */
function foldersOf(target: string): string[] {
  const dot = target.indexOf('.');
  const [db, rest] = [target.slice(0, dot), target.slice(dot + 1)];
  const own = `${db}/${db}.${rest}/`;
  const found = rest.includes('.') ? [`${db}/${rest}/`, own] : [own];
  return found.map(place => place.replace(REPLACED, '_'));
}

/** The columns of the files as the export explains them; without files (`stored` undefined) those that it describes. */
function columnsOf(
  { target, columns }: ExportedTable,
  stored: readonly StoredColumn[] | undefined,
): DescribedColumn[] {
  if (!stored) return columns.map(column => exportedColumn(column, undefined));
  const described = new Map(columns.map(column => [column.name, column]));
  const lacking = columns.filter(({ name }) => !stored.some(s => s.name === name));
  if (lacking.length > 0)
    throw columnsMissing(
      lacking.map(({ name }) => name),
      target,
    );
  return stored.map(({ name, type }) => {
    const column = described.get(name);
    return column ? exportedColumn(column, type) : { name, type };
  });
}
