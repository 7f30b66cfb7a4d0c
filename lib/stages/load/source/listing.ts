import type { ObjectInfo, ObjectStore } from '../../../ports/object-store';
import { formatUnknown, mixedFormats } from '../errors';
import type { CopyFile, CopyFormat } from './copy';

const EXTENSIONS: Record<string, CopyFormat> = {
  parquet: 'parquet',
  csv: 'csv',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
};

/** What the file's extension says, `.gz` after it or not. */
function formatOf(key: string): CopyFormat | undefined {
  const extension = /\.([a-z]+)(?:\.gz)?$/i.exec(key)?.[1];
  return extension === undefined ? undefined : EXTENSIONS[extension.toLowerCase()];
}

/**
 * True for what engines leave beside their data: `_SUCCESS`, `_temporary/...`, `.part-0.parquet.crc`, and the objects
 * that stand for folders. @param key below the folder that is read
 */
export function isBeside(key: string): boolean {
  return key.endsWith('/') || key.split('/').some(part => part.startsWith('_') || part.startsWith('.'));
}

/** The key with the `/` that keeps siblings apart: `shop.orders` is not the folder of `shop.orders_old`. */
export const folderOf = (key: string) => (key === '' || key.endsWith('/') ? key : `${key}/`);

/** A folder's address, as a person knows it. @param folder ends with `/` */
export const folderUri = (store: ObjectStore, folder: string) => store.uri(`${folder}_`).slice(0, -1);

/** All data files below a folder, in key order. */
export async function dataFiles(store: ObjectStore, folder: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const object of store.list(folder))
    if (!isBeside(object.key.slice(folder.length))) found.push(object);
  return found;
}

export function copyFile(store: ObjectStore, { key, size, etag }: ObjectInfo): CopyFile {
  return { key, uri: store.uri(key), bytes: size, etag };
}

/**
 * The one format of all files by their names.
 * @throws TM_2709 for a name that says none, TM_2710 when they say several
 */
export function formatOfAll(table: string, files: readonly CopyFile[]): CopyFormat {
  const byFormat = new Map<CopyFormat, string[]>();
  const unknown: string[] = [];
  for (const { key, uri } of files) {
    const format = formatOf(key);
    if (!format) unknown.push(uri);
    else {
      const same = byFormat.get(format);
      if (same) same.push(uri);
      else byFormat.set(format, [uri]);
    }
  }
  if (unknown.length > 0) throw formatUnknown(table, unknown);
  if (byFormat.size > 1)
    throw mixedFormats(
      table,
      [...byFormat].map(([format, uris]) => `${uris.length} ${format} (${uris[0]})`),
    );
  return [...byFormat.keys()][0] ?? 'parquet';
}
