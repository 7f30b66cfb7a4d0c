import { forgetUnnamed, readUnnamed, type Unnamed } from '../../ledger/unnamed';
import type { LakePorts } from '../../ports/lake-ports';
import type { NotDeleted } from '../../ports/object-store';
import { unnamedAmong } from './named';
import { ownFolders, raiseFences } from './own';
import { type Run, slices } from './run';

/** Of removed objects, so many are told by name. */
const TOLD_MAX = 10_000;

export interface Removed {
  objects: number;
  bytes: number;
  /** The first of them. */
  readonly keys: string[];
  /** Those that the store refused to remove, and the first of them. They stay noted. */
  refused: number;
  firstRefused?: NotDeleted;
  /** Noted objects that are not due yet. */
  waiting: number;
}

const isVersion = (key: string) => /\/metadata\/v\d+\.metadata\.json$/.test(key);

/** The name of an emptied metadata file, which stays: taken twice it would be two commits. */
export function isHusk({ key, size }: { key: string; size: number }): boolean {
  return size === 0 && isVersion(key);
}

/**
 * Judges what earlier runs noted: forgets what is named again or no longer ours, removes what is unnamed still and
 * due. Owners' fences are raised before names are read, so that what is unnamed then stays so. An object goes before
 * its note: a crash in between leaves a note of nothing, which the next run removes as if something stood there.
 * @returns false when time ran out
 */
export async function removeDue(run: Run, tally: Removed): Promise<boolean> {
  const { ports } = run;
  const folders = ownFolders(run.own);
  const fenced = new Set<string>();
  for (let after: string | undefined; ; ) {
    const notes = await readUnnamed(ports.items, run.atOnce, after);
    if (notes.length === 0) return true;
    // A table that left the catalog since may come back to it: its files are nobody's to remove.
    const ours = notes.filter(({ key }) => folders.some(folder => key.startsWith(folder)));
    const due = ours.filter(note => run.now - note.since >= run.marginMs);
    if (!(await raiseFences(run, keysOf(due), fenced))) return false;
    const unnamed = await unnamedAmong(run, keysOf(ours));
    if (!unnamed) return false;
    tally.waiting += unnamed.size;
    for (const some of slices(notes.filter(note => !unnamed.has(note.key)))) {
      if (run.over()) return false;
      await forgetUnnamed(ports.items, keysOf(some));
    }
    for (const some of slices(due.filter(note => unnamed.has(note.key)))) {
      if (run.over()) return false;
      await removeSome(ports, some, tally);
    }
    after = notes.at(-1)?.key;
  }
}

async function removeSome(ports: LakePorts, notes: readonly Unnamed[], tally: Removed): Promise<void> {
  const keys = keysOf(notes);
  for (const key of keys.filter(isVersion)) await ports.store.put(key, new Uint8Array());
  const refused = await ports.store.deleteMany(keys.filter(key => !isVersion(key)));
  const standing = new Set(refused.map(({ key }) => key));
  const gone = notes.filter(note => !standing.has(note.key));
  await forgetUnnamed(ports.items, keysOf(gone));
  tally.objects += gone.length;
  tally.bytes += gone.reduce((sum, note) => sum + note.bytes, 0);
  tally.keys.push(...keysOf(gone).slice(0, TOLD_MAX - tally.keys.length));
  tally.waiting -= gone.length;
  tally.refused += refused.length;
  tally.firstRefused ??= refused[0];
}

const keysOf = (notes: readonly Unnamed[]) => notes.map(note => note.key);
