import { randomUUID } from 'node:crypto';
import { link, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { isAbsent, systemCode } from './file-errors';

/** Where files are written before they have a name; on the root's own file system, as a link cannot cross two. */
export const ASIDE_FOLDER = '.tmp';

/** Writes below one root that are whole and on the disk once they are answered. */
export interface DurableWriter {
  /** False: the name was taken. What stands there then is on the disk too. */
  linkNew(path: string, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<boolean>;
  replace(path: string, body: Uint8Array): Promise<void>;
  /** Removes files of any folders. Answers with those that stand still and why; one that is not there is no failure. */
  remove(paths: readonly string[]): Promise<Map<string, unknown>>;
}

/** A crash at any point leaves at most a file in `.tmp`, which no name points to. */
export function durableWriter(root: string): DurableWriter {
  const aside = join(root, ASIDE_FOLDER);
  const ready = durableFolders(root);

  /** Writes `body` to a file without a name, hands that to `publish`, and removes what is left of it. */
  const writeAside = async <T>(
    body: Uint8Array | AsyncIterable<Uint8Array>,
    publish: (file: string) => Promise<T>,
  ): Promise<T> => {
    await ready(aside);
    const file = join(aside, randomUUID());
    try {
      const handle = await open(file, 'wx');
      try {
        await handle.writeFile(body);
        // Before the name, or a power cut could leave the name with an empty file behind it.
        await handle.sync();
      } finally {
        await handle.close();
      }
      return await publish(file);
    } finally {
      // It may be renamed away, or never made; and what was published stands whether this succeeds or not.
      await unlink(file).catch(() => undefined);
    }
  };

  return {
    async linkNew(path, body) {
      const folder = dirname(path);
      return writeAside(body, async file => {
        await ready(folder);
        const linked = await link(file, path).then(() => true, taken);
        // Also when the name was taken: its writer may have died before this, and the caller will build on it.
        await syncFolder(folder);
        return linked;
      });
    },
    async replace(path, body) {
      const folder = dirname(path);
      await writeAside(body, async file => {
        await ready(folder);
        await rename(file, path);
        await syncFolder(folder);
      });
    },
    async remove(paths) {
      const failed = new Map<string, unknown>();
      // The folders stay, even empty: removing one could take it from under a writer about to link into it.
      const folders = new Set<string>();
      for (const path of paths) {
        await unlink(path).then(
          () => folders.add(dirname(path)),
          error => isAbsent(error) || failed.set(path, error),
        );
      }
      for (const folder of folders) await syncFolder(folder);
      return failed;
    },
  };
}

function taken(error: unknown): false {
  if (systemCode(error) === 'EEXIST') return false;
  throw error;
}

/**
 * Makes folders below `root` and syncs every folder on the way, so that a synced file cannot be lost with its
 * folder. A folder that is there already is synced once too: another process may have made it a moment ago.
 */
function durableFolders(root: string): (folder: string) => Promise<void> {
  const durable = new Set<string>();
  return async folder => {
    const made = await mkdir(folder, { recursive: true });
    if (made === undefined && durable.has(folder)) return;
    for (const holder of holders(made === undefined ? root : shorter(dirname(made), root), folder)) {
      await syncFolder(holder);
    }
    durable.add(folder);
  };
}

/** `top` and the folders from it down to the one that holds `folder`. */
function holders(top: string, folder: string): string[] {
  const parts = relative(top, folder).split(sep);
  return parts.map((_, depth) => join(top, ...parts.slice(0, depth)));
}

function shorter(a: string, b: string): string {
  return a.length < b.length ? a : b;
}

/** Puts a folder's names on the disk. Opening a folder to read is all it needs (Linux, macOS). */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
