import { type Changes, changeOrder, positionAt, type Truncate } from './changes';
import type { KeyGroups } from './group';
import { OP_DELETE } from './op';
import { comparePositions, type Position } from './position';

/** Where a value of a folded row comes from: a row of the changes (>= 0), the row that stands now, or nowhere. */
export const FROM_CURRENT = -1;
export const FROM_NULL = -2;

/** keep: the table's row stands. put: the folded row replaces or joins. remove: no row. refold: only the log knows. */
export const KEEP = 0;
export const PUT = 1;
export const REMOVE = 2;
export const REFOLD = 3;

/** What a partial change leaves as it was: its absent columns keep the origin they had before it. */
export interface Fill {
  readonly absent: ReadonlySet<number>;
  /** Origin of the row before the change, and what that row itself was filled with. */
  readonly from: number;
  readonly before: Fill | undefined;
}

/**
 * What the changes make of each key. `from[g]` says which row gives group g's columns, position and time;
 * `fills[g]` overrides single columns where changes were partial (`originOf`).
 */
export interface Folded {
  readonly action: Uint8Array;
  readonly from: Int32Array;
  readonly fills: readonly (Fill | undefined)[];
  /** Ids of the columns that some change lacks. */
  readonly lacking: ReadonlySet<number>;
}

/** Where group g's value of a column comes from. */
export function originOf({ from, fills }: Folded, g: number, column: number): number {
  let origin = from[g]!;
  for (let fill = fills[g]; fill?.absent.has(column); fill = fill.before) origin = fill.from;
  return origin;
}

/** The table's rows for the groups' keys: position of group g's row, or undefined where it has none. */
export type CurrentRow = (group: number) => Position | undefined;

export interface FoldContext {
  readonly truncates: readonly Truncate[];
  readonly current: CurrentRow;
  /** The greatest position merged into the table before these changes. */
  readonly merged: Position;
  /** Whether the table ever received a partial change, these included. */
  readonly partial: boolean;
  /** The column of `deletedWhen`: a partial change that lacks it never revives a deleted row (PROTOCOL.md, P6). */
  readonly deletedWhen?: number;
}

/**
 * Folds the groups onto the table's rows (PROTOCOL.md, M3). A change counts as late when it stands before the
 * greatest position merged: its key may have been deleted since, or hold values filled from older changes, and
 * the answer is REFOLD. Everything else is decided here.
 */
export function foldOnto(changes: Changes, groups: KeyGroups, context: FoldContext): Folded {
  const folded = emptyFold(groups.length);
  const folding: Folding = { ...context, changes, groups, folded };
  for (let g = 0; g < groups.length; g++) {
    const row = context.current(g);
    const first = groups.order[groups.starts[g]!]!;
    const late = comparePositions(positionAt(changes, first), context.merged) < 0;
    const mayHaveBeenDeleted = !row && lacks(changes, first, context.deletedWhen);
    if ((late && (context.partial || !row)) || mayHaveBeenDeleted) folded.action[g] = REFOLD;
    else foldGroup(folding, g, row);
  }
  return folded;
}

/** Folds complete histories: what each key's row is, by all its changes in the log. */
export function foldWhole(
  changes: Changes,
  groups: KeyGroups,
  truncates: readonly Truncate[],
  deletedWhen: number | undefined,
): Folded {
  const folded = emptyFold(groups.length);
  const folding: Folding = { changes, groups, folded, truncates, deletedWhen };
  for (let g = 0; g < groups.length; g++) foldGroup(folding, g, undefined);
  return folded;
}

/** Each change as a row of its own, in the order of changes (PROTOCOL.md, P1): what they make without a key. */
export function putEach(changes: Changes): Folded {
  const from = Int32Array.from({ length: changes.length }, (_, row) => row).sort(changeOrder(changes));
  return { action: new Uint8Array(changes.length).fill(PUT), from, fills: [], lacking: new Set() };
}

/** Some groups decided anew, by these changes alone: of their keys there are no others. */
export function foldAlone(
  changes: Changes,
  groups: KeyGroups,
  folded: Folded,
  {
    groups: decided,
    ...context
  }: Pick<FoldContext, 'truncates' | 'deletedWhen'> & { readonly groups: Uint32Array },
): Folded {
  const { action, from, fills, lacking } = folded;
  const anew = { action: action.slice(), from: from.slice(), fills: [...fills], lacking: new Set(lacking) };
  const folding: Folding = { ...context, changes, groups, folded: anew };
  for (const g of decided) foldGroup(folding, g, undefined);
  return anew;
}

/** What each group is folded by, and into. */
interface Folding extends Pick<FoldContext, 'truncates' | 'deletedWhen'> {
  readonly changes: Changes;
  readonly groups: KeyGroups;
  readonly folded: MutableFold;
}

interface MutableFold extends Folded {
  readonly fills: (Fill | undefined)[];
  readonly lacking: Set<number>;
}

function emptyFold(groups: number): MutableFold {
  return {
    action: new Uint8Array(groups),
    from: new Int32Array(groups).fill(FROM_NULL),
    fills: new Array(groups),
    lacking: new Set(),
  };
}

/** Folds a group onto the row that its key has, if any. */
function foldGroup(folding: Folding, g: number, row: Position | undefined): void {
  const { changes, groups, folded, truncates, deletedWhen } = folding;
  let live = row !== undefined;
  let deleted = false;
  let from = live ? FROM_CURRENT : FROM_NULL;
  let fill: Fill | undefined;
  let nextTruncate = 0;
  const clear = () => {
    live = false;
    from = FROM_NULL;
    fill = undefined;
  };
  for (let i = groups.starts[g]!; i < groups.starts[g + 1]!; i++) {
    const change = groups.order[i]!;
    while (nextTruncate < truncates.length && precedes(truncates[nextTruncate]!, changes, change)) {
      if (!row || comparePositions(truncates[nextTruncate]!, row) >= 0) clear();
      nextTruncate++;
    }
    if (row && comparePositions(positionAt(changes, change), row) < 0) continue;
    if (changes.ops[change] === OP_DELETE) {
      clear();
      deleted = true;
      continue;
    }
    const absent = changes.absentSets[changes.absent[change]!]!;
    if (absent.size === 0) fill = undefined;
    else if (!live && deleted && deletedWhen !== undefined && absent.has(deletedWhen)) continue;
    else fill = { absent, from, before: fill };
    from = change;
    live = true;
  }
  for (; nextTruncate < truncates.length; nextTruncate++) {
    if (!row || comparePositions(truncates[nextTruncate]!, row) >= 0) clear();
  }
  folded.from[g] = from;
  folded.action[g] = !live ? REMOVE : from === FROM_CURRENT ? KEEP : PUT;
  if (!live || !fill) return;
  folded.fills[g] = fill;
  for (const id of fill.absent) folded.lacking.add(id);
}

function lacks(changes: Changes, row: number, id: number | undefined): boolean {
  return id !== undefined && changes.absentSets[changes.absent[row]!]!.has(id);
}

function precedes(truncate: Truncate, changes: Changes, row: number): boolean {
  const byPosition = comparePositions(truncate, positionAt(changes, row));
  return byPosition !== 0 ? byPosition < 0 : truncate.entry <= changes.entry[row]!;
}
