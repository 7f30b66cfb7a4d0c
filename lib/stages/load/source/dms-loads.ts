import type { ObjectStore } from '../../../ports/object-store';
import { filesMissing, noSuchTable } from '../errors';
import type { CopyFile, CopySource, TableCopy } from './copy';
import { byUri, fingerprintOf } from './fingerprint';
import { copyFile, dataFiles, folderOf } from './listing';

/** Folders in which a full load of DMS left a table's LOAD objects. */
export interface DmsLoads {
  /** What the table is called. */
  readonly table: string;
  readonly folders: readonly string[];
}

const LOAD_OBJECT = /(^|\/)LOAD[0-9A-F]{8}\.[^/]+$/i;

/**
 * What a full load of DMS left: all LOAD objects that stand in the folders now, taken in before or not.
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.S3.html
 */
export function dmsLoadsSource(store: ObjectStore, loads: DmsLoads): CopySource {
  const name = loads.table;
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
  if (files.size === 0) throw filesMissing(table, folders);
  const sorted = [...files.values()].sort(byUri);
  return {
    files: sorted,
    format: 'dms',
    fingerprint: fingerprintOf(sorted),
    bytes: sorted.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
