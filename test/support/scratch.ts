import { accessSync, constants } from 'node:fs';
import { tmpdir } from 'node:os';

/**
 * Where lakes of a few rows stand. In memory, where the system has such a folder: no test here is about what a disk keeps of
 * what was synced, and waiting for one takes most of their time.
 */
export const SCRATCH = writable('/dev/shm') ? '/dev/shm' : tmpdir();

function writable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
