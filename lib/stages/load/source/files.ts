import type { ObjectStore } from '../../../ports/object-store';
import { filesMissing, noSuchTable } from '../errors';
import type { CopyFile, CopyFormat, CopySource, TableCopy } from './copy';
import { copyFile, dataFiles, folderOf, formatOfAll } from './listing';
import { tableCopy } from './table-copy';

/** Files that are one table's copy. */
export interface FileSet {
  /** What the table is called. */
  readonly table: string;
  /** Keys of files and of folders, which are taken with all that stands below them. */
  readonly from: readonly string[];
  /** Where names do not say it. */
  readonly format?: CopyFormat;
}

/** A set of Parquet, CSV or JSON-lines files as the copy of one table. */
export function filesSource(store: ObjectStore, set: FileSet): CopySource {
  return {
    tables: async () => [set.table],
    copyOf: async table => {
      if (table !== set.table) throw noSuchTable(table, [set.table], set.from.join(', '));
      return copyOfSet(store, set);
    },
  };
}

async function copyOfSet(store: ObjectStore, { table, from, format }: FileSet): Promise<TableCopy> {
  const files = new Map<string, CopyFile>();
  const missing: string[] = [];
  for (const name of from) {
    const found = await filesAt(store, name);
    if (found.length === 0) missing.push(name);
    // A file that is named beside its folder is still one file.
    for (const file of found) files.set(file.key, file);
  }
  if (missing.length > 0 || files.size === 0) throw filesMissing(table, missing);
  const all = [...files.values()];
  return tableCopy(store, { table, format: format ?? formatOfAll(table, all), files: all });
}

/** The file of that key, or else all data files of that folder. */
async function filesAt(store: ObjectStore, name: string): Promise<CopyFile[]> {
  const info = name === '' || name.endsWith('/') ? undefined : await store.head(name);
  const found = info ? [info] : await dataFiles(store, folderOf(name));
  return found.map(object => copyFile(store, object));
}
