import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Below the folder that no listing of the lake sees, on its file system. */
const folderOf = (lake: string) => join(lake, '.tmp', 'loads');

/** A folder that nothing was made in for so long is nobody's: each task makes one, and takes minutes. Milliseconds. */
const STALE_MS = 86_400_000;

/**
 * Works in a folder of this process, which is gone afterwards. A crash leaves it; the next load removes it.
 * @param name one that no other process has
 */
export async function withScratch<T>(
  lake: string,
  name: string,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(folderOf(lake), `${process.pid}@${hostname()}@${name}`);
  await mkdir(folder, { recursive: true });
  try {
    await removeStale(folderOf(lake));
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    // Another process may be at the same.
    const stats = await stat(path).catch(() => undefined);
    if (!stats) continue;
    const [pid, host] = name.split('@');
    const dead = host === hostname() && !isAlive(Number(pid));
    if (dead || Date.now() - stats.mtimeMs > STALE_MS) await rm(path, { recursive: true, force: true });
  }
}

/** Whether a process of this machine has the number. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal, but there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
