import { comparePositions, formatPosition, type Position, parsePosition } from '../change/position';
import type { LakePorts } from '../ports/lake-ports';
import { type Counter, counterValue, readCounter } from './counter';
import { counterKey } from './keys';

/** Positions that changes of one writer have, from the least to the greatest. */
export interface Range {
  readonly least: Position;
  readonly greatest: Position;
}

export function overlap(a: Range, b: Range): boolean {
  return comparePositions(a.least, b.greatest) <= 0 && comparePositions(b.least, a.greatest) <= 0;
}

/** The right to be the only one to number deltas with positions in a range, for a while. Positions are texts. */
export interface Turn {
  /** Who has it: a name never used before. */
  readonly by: string;
  /** When it ends whatever became of its holder, milliseconds since 1970. */
  readonly until: number;
  readonly least: string;
  readonly greatest: string;
}

/** Whether a turn of another writer stands against numbering deltas of these positions. */
export function isOthers(turn: Turn | undefined, ranges: readonly Range[], who: Who): boolean {
  if (!turn || turn.by === who.turn || turn.until <= who.now) return false;
  const taken = { least: parsePosition(turn.least), greatest: parsePosition(turn.greatest) };
  return ranges.some(range => overlap(range, taken));
}

/** Who numbers, and when: milliseconds since 1970. */
export interface Who {
  readonly now: number;
  /** The turn that it has taken. */
  readonly turn?: string;
}

/** Between two looks at a turn that another writer has. */
const LOOK_MS = 500;

/**
 * Waits until no other writer has the table's turn, and takes it. A table has one; it ends by itself, so that a holder
 * that died keeps the others no longer. It stands in the counter: whoever is about to number finds it there, or is
 * blocked and looks again.
 * @param leaseMs how long it holds. One that proves too short costs its holder a try, and nobody a row.
 */
export async function takeTurn(
  { items, clock }: Pick<LakePorts, 'items' | 'clock'>,
  table: string,
  { by, range, leaseMs }: { readonly by: string; readonly range: Range; readonly leaseMs: number },
): Promise<void> {
  for (;;) {
    const counter = await readCounter(items, table);
    const now = clock.now();
    const left = counter.turn && counter.turn.by !== by ? counter.turn.until - now : 0;
    if (left > 0) {
      await clock.pause(Math.min(LOOK_MS, left));
      continue;
    }
    const [least, greatest] = [formatPosition(range.least), formatPosition(range.greatest)];
    if (await moved(items, table, counter, { by, until: now + leaseMs, least, greatest })) return;
  }
}

/** Gives the turn back. A crash before it leaves the turn to its end. */
export async function endTurn({ items }: Pick<LakePorts, 'items'>, table: string, by: string): Promise<void> {
  for (;;) {
    const counter = await readCounter(items, table);
    if (counter.turn?.by !== by || (await moved(items, table, counter, undefined))) return;
  }
}

async function moved(
  items: LakePorts['items'],
  table: string,
  { turn: _, ...counter }: Counter,
  turn: Turn | undefined,
): Promise<boolean> {
  const value = counterValue(turn ? { ...counter, turn } : counter);
  const { done } = await items.transact([{ put: counterKey(table), value, if: counter.version }]);
  return done;
}
