import type { ItemAction, Items, ItemValue } from '../ports/items';
import { firstRunKey } from './keys';
import { readSteppedAttempt } from './stepped-attempts';

/**
 * Which attempt may make a report's table. Until the table exists one attempt per report is open (PROTOCOL.md, R), and
 * only one of all is a CREATE TABLE AS: what a failed one left at the location would have the engine refuse a second.
 */
export interface FirstRun {
  readonly id: string;
  readonly date: string;
  /** Whether a CREATE TABLE AS was noted, whatever became of it. */
  readonly created: boolean;
}

export interface StandingFirstRun extends FirstRun {
  readonly version: number;
}

export async function readFirstRun(items: Items, report: string): Promise<StandingFirstRun | undefined> {
  const item = await items.get(firstRunKey(report));
  return item && { ...(item.value as unknown as FirstRun), version: item.version };
}

/** Whether its attempt is open still: then every other date waits. */
export async function isRunning(items: Items, report: string, first: FirstRun): Promise<boolean> {
  const standing = await readSteppedAttempt(items, report, first.date);
  return standing?.attempt.state === 'open' && standing.attempt.id === first.id;
}

/** Part of the transaction that opens, or moves, the attempt of that id. */
export function firstRunAction(
  report: string,
  read: StandingFirstRun | undefined,
  { id, date, created }: FirstRun,
): ItemAction {
  const value: ItemValue = { id, date, created };
  return { put: firstRunKey(report), value, if: read?.version ?? 'absent' };
}
