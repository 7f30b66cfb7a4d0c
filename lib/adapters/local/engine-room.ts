import { rowsTooWide } from '../../query/load/errors';
import { storeFull } from '../errors';
import { coded } from './file-errors';

const DISK_FULL = /No space left on device|Disk quota exceeded|max_temp_directory_size/;
const MEMORY_FULL = /Out of Memory Error/;

/** The engine lacks room, or whoever writes beside it does: no row and no file of a copy is to blame. */
export function lacksRoom(error: unknown): boolean {
  const text = String(error);
  return DISK_FULL.test(text) || MEMORY_FULL.test(text);
}

/** The coded error for it; other errors stay as they are. @param folder where the engine writes @param what it works on */
export function inRoom(error: unknown, folder: string, what: string): unknown {
  const text = String(error);
  if (DISK_FULL.test(text)) return storeFull(folder, error);
  return MEMORY_FULL.test(text) ? rowsTooWide(what, error) : coded(folder, error);
}
