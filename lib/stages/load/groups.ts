import type { CopyFile } from './source/copy';
import { byUri, fingerprintOf } from './source/fingerprint';

/** Source files that are taken on together. */
export interface Group {
  /** From 1, in the order of the files. */
  readonly number: number;
  /** The number, then the fingerprint: orders groups, and names what is made of them. */
  readonly id: string;
  /** Of its files, as of a whole copy. */
  readonly fingerprint: string;
  /** By uri. */
  readonly files: readonly CopyFile[];
  readonly bytes: number;
}

/** Digits of a number in a name, so that names sort as numbers do: a load may have ten thousand groups and more. */
const NUMBER_DIGITS = 6;

/** Bytes at which a group closes, where the table's config says no other. */
export const GROUP_BYTES = 100_000_000;

/** The files in the order of a manifest, cut where a group's size reaches the target; the last may be smaller. */
export function planGroups(files: readonly CopyFile[], targetBytes: number = GROUP_BYTES): Group[] {
  return closedAt([...files].sort(byUri), targetBytes).map((group, i) => {
    const fingerprint = fingerprintOf(group);
    const number = i + 1;
    return {
      number,
      id: `${numbered(number)}-${fingerprint}`,
      fingerprint,
      files: group,
      bytes: bytesOf(group),
    };
  });
}

/** In runs, each closed once its size reaches the target. */
export function closedAt<T extends { readonly bytes: number }>(
  items: readonly T[],
  targetBytes: number,
): T[][] {
  const runs: T[][] = [];
  let size = targetBytes;
  for (const item of items) {
    if (size >= targetBytes) {
      runs.push([]);
      size = 0;
    }
    runs.at(-1)!.push(item);
    size += item.bytes;
  }
  return runs;
}

export const numbered = (n: number) => String(n).padStart(NUMBER_DIGITS, '0');

export const bytesOf = (items: readonly { readonly bytes: number }[]) =>
  items.reduce((sum, { bytes }) => sum + bytes, 0);
