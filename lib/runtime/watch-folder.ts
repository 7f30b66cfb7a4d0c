import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { watch } from 'chokidar';

export interface WatchOptions {
  /** Whether a path is a file to take in; folders are looked into unless `except` names them. */
  readonly wanted: (path: string) => boolean;
  readonly except: readonly string[];
  readonly stop: AbortSignal;
}

/** A file counts when its size and time of writing stood still this long. */
const STILL_MS = 2000;
/** Within this the system has told of a file that appeared whether it is being written. */
const TOLD_MS = 100;

/**
 * Every file of a folder and those below it that is whole: first those that are there, by name, then each that
 * comes or changes. A file that was renamed in counts at once: it was written elsewhere. Ends when `stop` is aborted.
 */
export async function* wholeFiles(
  folder: string,
  { wanted, except, stop }: WatchOptions,
): AsyncGenerator<string> {
  const queue = new Queue();
  const written = new Written();
  const watcher = watch(folder, {
    ignored: path => except.includes(path) || /(^|\/)(\.[^/]+|node_modules)$/.test(path.slice(folder.length)),
    followSymlinks: false,
  });
  const seen = (path: string) => {
    if (wanted(path)) void whole(path, written, stop).then(is => is && queue.add(path));
  };
  watcher.on('raw', (event, name, details) => {
    if (typeof name === 'string')
      written.told(event, join((details as { watchedPath?: string }).watchedPath ?? folder, name));
  });
  watcher.on('add', seen).on('change', seen);
  const failed = new Promise<never>((_, reject) => watcher.on('error', reject));
  failed.catch(() => undefined);
  const stopped = new Promise<void>(resolve =>
    stop.addEventListener('abort', () => resolve(), { once: true }),
  );
  try {
    while (!stop.aborted) {
      const next = queue.take();
      if (next !== undefined) yield next;
      else await Promise.race([queue.filled(), stopped, failed]);
    }
  } finally {
    await watcher.close();
  }
}

/** Waits until the file is whole. False: it went away, or `stop` was aborted, or a later event waits for it. */
async function whole(path: string, written: Written, stop: AbortSignal): Promise<boolean> {
  const turn = written.turn(path);
  if (await written.renamedIn(path)) return true;
  for (let before = ''; !stop.aborted && written.isTurn(path, turn); ) {
    const stats = await lstat(path).catch(() => undefined);
    if (!stats) return false;
    const now = `${stats.size}-${stats.mtimeMs}`;
    const still = Date.now() - stats.mtimeMs;
    if (still >= STILL_MS || (now === before && still < 0)) return true;
    before = now;
    await sleep(STILL_MS - Math.max(0, still));
  }
  return false;
}

/** What the system said of each file. */
class Written {
  private readonly appeared = new Map<string, 'appeared' | 'written'>();
  private readonly turns = new Map<string, number>();

  /** A file made in place is first named, then written; a file renamed in is only named. */
  told(event: string, path: string): void {
    if (event === 'rename') this.appeared.set(path, 'appeared');
    else if (this.appeared.has(path)) this.appeared.set(path, 'written');
  }

  async renamedIn(path: string): Promise<boolean> {
    // Other systems than Linux tell of writes late or not at all.
    if (process.platform !== 'linux' || !this.appeared.has(path)) return false;
    await sleep(TOLD_MS);
    const stats = await lstat(path).catch(() => undefined);
    const renamed = this.appeared.get(path) === 'appeared' && stats !== undefined && stats.size > 0;
    this.appeared.delete(path);
    return renamed;
  }

  /** Of several events of one file only the last waits. */
  turn(path: string): number {
    const turn = (this.turns.get(path) ?? 0) + 1;
    this.turns.set(path, turn);
    return turn;
  }

  isTurn(path: string, turn: number): boolean {
    return this.turns.get(path) === turn;
  }
}

class Queue {
  private readonly paths = new Set<string>();
  private wake: () => void = () => undefined;

  add(path: string): void {
    this.paths.add(path);
    this.wake();
  }

  take(): string | undefined {
    const first = [...this.paths].sort()[0];
    if (first !== undefined) this.paths.delete(first);
    return first;
  }

  filled(): Promise<void> {
    return new Promise(resolve => {
      this.wake = resolve;
      if (this.paths.size > 0) resolve();
    });
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
