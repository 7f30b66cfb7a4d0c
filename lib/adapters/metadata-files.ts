import { pathOutside } from '../ports/errors';
import type { ObjectStore } from '../ports/object-store';
import { checkKey } from './keys';

/** One file of a table's `metadata` folder that is, or was, a version of the table. */
export interface VersionFile {
  readonly version: number;
  readonly key: string;
  readonly name: string;
  /** Nothing is in it: vacuum emptied it, or its writer died between making and filling it. */
  readonly empty: boolean;
  /** Which of several files of one version counts: the smallest. */
  readonly rank: number;
}

// vN.metadata.json is ours and Iceberg's Hadoop tables'; Spark writes vN.gz.metadata.json for gzip (older ones
// vN.metadata.json.gz); PyIceberg and Java catalogs write NNNNN-<uuid>.metadata.json. Spark's unfinished
// files, <uuid>.metadata.json, are none of these.
const NUMBERED = /^v(\d+)(\.gz)?\.metadata\.json(\.gz)?$/;
const NAMED = /^(\d{5,})-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.gz)?\.metadata\.json(?:\.gz)?$/;

/** The folder of a table's metadata; throws PATH_OUTSIDE unless the table's name is one part of a key. */
export function metadataFolder(table: string): string {
  const folder = `${table}/metadata`;
  checkKey(folder, folder);
  if (table.includes('/')) throw pathOutside(table, folder, 'is no table name: it has a "/"');
  return `${folder}/`;
}

/** All versions of a table, newest first; of one version, the file that counts first. */
export async function listVersions(store: ObjectStore, table: string): Promise<VersionFile[]> {
  const folder = metadataFolder(table);
  const files: VersionFile[] = [];
  for await (const { key, size } of store.list(folder)) {
    const file = versionFile(key, key.slice(folder.length), size);
    if (file) files.push(file);
  }
  return files.sort((a, b) => b.version - a.version || a.rank - b.rank || (a.name < b.name ? 1 : -1));
}

function versionFile(key: string, name: string, size: number): VersionFile | undefined {
  const empty = size === 0;
  const numbered = NUMBERED.exec(name);
  if (numbered) {
    // Iceberg's Java reader looks for the plain name first: both engines have to settle on one file.
    const rank = numbered[2] || numbered[3] ? 1 : 0;
    return { version: Number(numbered[1]), key, name, empty, rank };
  }
  const named = NAMED.exec(name);
  return named ? { version: Number(named[1]), key, name, empty, rank: 2 } : undefined;
}
