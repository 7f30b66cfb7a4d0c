import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Below a lake's folder where no listing of the lake sees it, on its file system. */
export const scratchIn = (lake: string) => join(lake, '.tmp', 'loads');

/** A folder that nothing was made in for so long is nobody's: each task makes one, and takes minutes. Milliseconds. */
const STALE_MS = 86_400_000;

/** When this process began: numbers of processes come again, on a machine that has few of them soon. */
const BEGAN = Math.round(performance.timeOrigin);

/**
 * Works in a folder of this process, which is gone afterwards. A crash leaves it; the next load removes it.
 * @param name one that nothing else of this process has
 */
export async function withScratch<T>(
  scratch: string,
  name: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = ownScratch(scratch, name);
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A folder of this process, to its end; those of processes that ended are removed. */
export function ownScratch(scratch: string, name: string): string {
  const folder = join(scratch, `${process.pid}@${hostname()}@${BEGAN}@${name}`);
  mkdirSync(folder, { recursive: true });
  removeStale(scratch);
  return folder;
}

/** Removes what processes that ended have left there. */
export function removeStale(scratch: string): void {
  if (!existsSync(scratch)) return;
  for (const name of readdirSync(scratch)) {
    const path = join(scratch, name);
    // Another process may be at the same.
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) continue;
    const [pid, host, began] = name.split('@');
    const dead = host === hostname() && !isAlive(Number(pid), Number(began));
    if (dead || Date.now() - stats.mtimeMs > STALE_MS) rmSync(path, { recursive: true, force: true });
  }
}

/** Whether the process is there, as far as its number tells. */
function isAlive(pid: number, began: number): boolean {
  if (pid === process.pid) return began === BEGAN;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal, but there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
