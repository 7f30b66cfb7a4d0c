import { createHash } from 'node:crypto';
import { type Detected, detect } from '../../formats/detect';
import type { ObjectStore } from '../../ports/object-store';
import { noSuchFile } from '../ingest/errors';
import { type Asked, foldersOf } from './asked';

/** A file to be put into the landing. */
export interface Upload {
  readonly from: ObjectStore;
  /** Its key there: the path as it was given. */
  readonly key: string;
  readonly asked: Asked;
}

/** Where the file stands in the landing. fresh: it was not there before, and its event comes by itself. */
export interface Uploaded {
  readonly key: string;
  readonly fresh: boolean;
}

/**
 * Puts a file into the landing, under the folders that say its schema, table and date. Nothing there is replaced: two
 * files of one name may not be taken in yet, and of the first nobody could tell any more. One with other bytes gets a
 * folder of its own. @throws TM_2301 without the file
 */
export async function upload(landing: ObjectStore, { from, key, asked }: Upload): Promise<Uploaded> {
  const info = await from.head(key);
  if (!info) throw noSuchFile(key);
  const place = foldersOf(asked) + layoutOf(key);
  if (await landing.putIfAbsent(place, from.stream(key, info.etag))) return { key: place, fresh: true };
  const own = await sha256(from, key);
  if (own === (await sha256(landing, place))) return { key: place, fresh: false };
  const beside = `${own.slice(0, 16)}/${place}`;
  return { key: beside, fresh: await landing.putIfAbsent(beside, from.stream(key, info.etag)) };
}

/** The end of a path that says all that the path says: of `/home/me/shop/orders/LOAD00000001.csv` the last two folders. */
export function layoutOf(path: string): string {
  const parts = path.split('/').filter(Boolean);
  const whole = detect(path);
  for (let kept = 1; kept < parts.length; kept++) {
    const end = parts.slice(-kept).join('/');
    if (same(detect(end), whole)) return end;
  }
  return parts.join('/');
}

function same(a: Detected | undefined, b: Detected | undefined): boolean {
  const text = (d: Detected | undefined) => `${d?.schema}/${d?.table}/${d?.date}/${d?.fileTime}`;
  return text(a) === text(b);
}

async function sha256(store: ObjectStore, key: string): Promise<string> {
  const info = await store.head(key);
  if (!info) throw noSuchFile(key);
  const hash = createHash('sha256');
  for await (const piece of store.stream(key, info.etag)) hash.update(piece);
  return hash.digest('hex');
}
