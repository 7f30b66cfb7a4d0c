import { compareKeys, encodeKeys } from '../change/key-order';
import { columnFromScalars } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import { partitionKey } from '../iceberg/partition-key';
import { decodeValue } from '../iceberg/single-value';
import type { LiveFile } from './live-files';

/** What makes files of a table worth a compaction, and how much one takes on. */
export interface CompactRule {
  isSmall(file: LiveFile): boolean;
  /** So many of its rows are deleted that it is written anew alone. */
  isWorn(file: LiveFile): boolean;
  /** Small files of a partition from which on they are joined. */
  readonly smallFilesMin: number;
  /** Bytes of what is joined when large files between the small ones are written anew too. */
  readonly bytesMax: number;
}

/** Small files that are joined at once: each may be open, with a row group in memory. */
export const FILES_JOINED_MAX = 8;

/**
 * Which files of one partition to write anew as fewer ones; none when nothing is worth it. A worn file alone; else,
 * where a partition has enough small files, neighbours in key order, those that are least to write. Large files whose
 * key range reaches into theirs are written anew with them, up to `bytesMax`, so that the new files are disjoint from
 * all others; beyond it the small ones are joined among themselves.
 *
 * Every commit leaves fewer small or worn files, so compaction comes to an end.
 * @param first the first column of the key; files that state no bounds of it stay as they are
 */
export function planCompaction(
  files: readonly LiveFile[],
  first: Field,
  rule: CompactRule,
): readonly LiveFile[] {
  const worn = files.find(file => rule.isWorn(file));
  if (worn) return [worn];
  for (const partition of partitions(files)) {
    const ordered = inKeyOrder(partition, first);
    const small = ordered.filter(({ live }) => rule.isSmall(live));
    if (small.length < Math.max(2, rule.smallFilesMin)) continue;
    const chosen = leastRun(small);
    const wide = widened(ordered, chosen);
    return (bytesOf(wide) <= rule.bytesMax ? wide : chosen).map(({ live }) => live);
  }
  return [];
}

function partitions(files: readonly LiveFile[]): LiveFile[][] {
  const groups = new Map<string, LiveFile[]>();
  for (const live of files) {
    const name = partitionKey(live.file);
    groups.set(name, [...(groups.get(name) ?? []), live]);
  }
  return [...groups.values()];
}

/** A file and the places of its bounds in the order of all bounds of its partition: equal bounds have one place. */
interface Ranged {
  readonly live: LiveFile;
  readonly from: number;
  readonly to: number;
}

function inKeyOrder(files: readonly LiveFile[], first: Field): Ranged[] {
  const bounded = files.flatMap(live => {
    const lower = live.file.metrics.lower.get(first.id);
    const upper = live.file.metrics.upper.get(first.id);
    return lower && upper ? [{ live, lower, upper }] : [];
  });
  const bounds = bounded.flatMap(b => [decodeValue(first.type, b.lower), decodeValue(first.type, b.upper)]);
  const keys = encodeKeys([columnFromScalars(first.type, bounds)], bounds.length);
  const order = Uint32Array.from(bounds.keys()).sort((a, b) => compareKeys(keys, a, keys, b));
  const place = new Uint32Array(bounds.length);
  for (let i = 1; i < order.length; i++) {
    const same = compareKeys(keys, order[i - 1]!, keys, order[i]!) === 0;
    place[order[i]!] = place[order[i - 1]!]! + (same ? 0 : 1);
  }
  return bounded
    .map(({ live }, i) => ({ live, from: place[2 * i]!, to: place[2 * i + 1]! }))
    .sort((a, b) => a.from - b.from || a.to - b.to);
}

/** The neighbours with the fewest bytes. */
function leastRun(small: readonly Ranged[]): readonly Ranged[] {
  let least = small.slice(0, FILES_JOINED_MAX);
  for (let i = 1; i + FILES_JOINED_MAX <= small.length; i++) {
    const run = small.slice(i, i + FILES_JOINED_MAX);
    if (bytesOf(run) < bytesOf(least)) least = run;
  }
  return least;
}

/** With every file whose range reaches into that of the chosen, and so on. Files that only touch stay. */
function widened(ordered: readonly Ranged[], chosen: readonly Ranged[]): readonly Ranged[] {
  let all = chosen;
  for (;;) {
    const from = Math.min(...all.map(r => r.from));
    const to = Math.max(...all.map(r => r.to));
    const within = ordered.filter(r => all.includes(r) || (r.from < to && r.to > from));
    if (within.length === all.length) return all;
    all = within;
  }
}

function bytesOf(files: readonly Ranged[]): number {
  return files.reduce((sum, { live }) => sum + live.file.size, 0);
}
