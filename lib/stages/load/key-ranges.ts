import { encodeKeys } from '../../change/key-order';
import { columnFromScalars } from '../../columnar/kernels';
import type { Field, Scalar } from '../../columnar/types';
import type { KeySpan } from '../../ports/copy-engine';

/** Bounds of the key's first column as hex of order-preserving bytes: compared as texts they stand as the values do. */
export interface KeyRange {
  readonly min: string;
  readonly max: string;
}

/** Before and beyond every hex. */
const EVERYTHING: KeyRange = { min: '', max: 'g' };

export function keyRange({ type }: Field, span: KeySpan | undefined): KeyRange | null {
  if (!span) return null;
  const hex = (value: Scalar) =>
    Buffer.from(encodeKeys([columnFromScalars(type, [value])], 1).bytes).toString('hex');
  return { min: hex(span.min), max: hex(span.max) };
}

/** A part as it is known before its keys are read. */
export interface Ranged {
  readonly group: number;
  /** Null: it may hold any key. */
  readonly keys: KeyRange | null;
  /** Whether rows of its group share a key among themselves. */
  readonly repeats: boolean;
}

/**
 * Places of the parts that may share a key with another: their ranges meet, and nobody has compared them. Parts of one
 * group were compared when it was split.
 */
export function meeting(parts: readonly Ranged[]): number[] {
  const ranges = parts.map(({ keys }) => keys ?? EVERYTHING);
  const order = [...parts.keys()].sort((a, b) => compare(ranges[a]!.min, ranges[b]!.min));
  const found = new Set(order.filter(i => parts[i]!.repeats));
  // Of those that begin before: how far they reach, and how far those of other groups than that one do.
  let far = { group: -1, max: '' };
  let next = { group: -1, max: '' };
  for (const i of order) {
    const { group } = parts[i]!;
    const { min, max } = ranges[i]!;
    const other = far.group === group ? next : far;
    if (other.group !== -1 && other.max >= min) found.add(i);
    if (max >= far.max) [next, far] = [far.group === group ? next : far, { group, max }];
    else if (far.group !== group && max >= next.max) next = { group, max };
  }
  // Of those that begin after: where the first of another group does.
  let after: number | undefined;
  let beyond: number | undefined;
  for (const i of order.reverse()) {
    const { group } = parts[i]!;
    const other = after !== undefined && parts[after]!.group === group ? beyond : after;
    if (other !== undefined && ranges[other]!.min <= ranges[i]!.max) found.add(i);
    if (after === undefined || parts[after]!.group !== group) beyond = after;
    after = i;
  }
  return [...found].sort((a, b) => a - b);
}

/** A row group of a part: what reading its keys costs, and where they stand. */
export interface KeyGroup {
  readonly part: number;
  readonly rowGroup: number;
  /** The place in the part of its first row. */
  readonly firstRow: number;
  readonly bytes: number;
  readonly range: KeyRange | null;
  /** The value that `range.min` stands for. */
  readonly least?: KeySpan['min'] | undefined;
}

/** Keys that are compared at once: all rows that have one of them stand in `groups`. */
export interface Comparison {
  /** At least `from`, below `to`; undefined: no bound. */
  readonly from?: KeySpan['min'] | undefined;
  readonly to?: KeySpan['min'] | undefined;
  /** By part, then by place. */
  readonly groups: readonly KeyGroup[];
}

/**
 * All keys, cut into ranges of at most so many bytes each where that can be: a row group stands in every range that it
 * reaches into, and what reaches over a cut is never more than half of what stands before it.
 */
export function comparisons(groups: readonly KeyGroup[], bytesMax: number): Comparison[] {
  const min = ({ range }: KeyGroup) => (range ?? EVERYTHING).min;
  const max = ({ range }: KeyGroup) => (range ?? EVERYTHING).max;
  const found: Comparison[] = [];
  let from: KeyGroup | undefined;
  let held: KeyGroup[] = [];
  let bytes = 0;
  const close = (to?: KeyGroup) =>
    found.push({ from: from?.least, to: to?.least, groups: held.toSorted(byPlace) });
  for (const group of groups.toSorted((a, b) => compare(min(a), min(b)))) {
    if (bytes + group.bytes > bytesMax && held.length > 0 && min(group) > (from ? min(from) : '')) {
      const over = held.filter(g => max(g) >= min(group));
      const carried = bytesOf(over);
      if (2 * carried <= bytes) {
        close(group);
        from = group;
        held = over;
        bytes = carried;
      }
    }
    held.push(group);
    bytes += group.bytes;
  }
  if (held.length > 0) close();
  return found;
}

const bytesOf = (groups: readonly KeyGroup[]) => groups.reduce((sum, { bytes }) => sum + bytes, 0);
const byPlace = (a: KeyGroup, b: KeyGroup) => a.part - b.part || a.rowGroup - b.rowGroup;
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
