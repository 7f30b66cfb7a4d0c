import type { Items, ItemValue } from '../ports/items';
import { attemptKey } from './keys';

/**
 * A run of a report for a date. Written before its query starts: what it may leave is known by it (PROTOCOL.md, R). Here
 * one process does it from its start to its end; what several do step by step is a SteppedAttempt (stepped-attempts.ts).
 */
export interface Attempt {
  readonly id: string;
  readonly report: string;
  /** `YYYY-MM-DD` */
  readonly date: string;
  readonly sql: string;
  /** The report table's sequence number when the run began; 0 before the table. */
  readonly sequenceNumber: number;
  readonly state: 'open' | 'succeeded' | 'failed';
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly snapshotId?: string;
  readonly error?: string;
}

export async function readAttempt(items: Items, report: string, date: string): Promise<Attempt | undefined> {
  const item = await items.get(attemptKey(report, date));
  return item && (item.value as unknown as Attempt);
}

/**
 * Makes this attempt the open one for its report and date. It takes over from one that is open still: its process may
 * have died, and if it has not it finds out before its next commit.
 */
export async function openAttempt(items: Items, attempt: Omit<Attempt, 'state'>): Promise<void> {
  const value = { ...attempt, state: 'open' } as unknown as ItemValue;
  await items.transact([{ put: attemptKey(attempt.report, attempt.date), value }]);
}

/** Whether it is still the open one: asked after reading the metadata that a commit is made on. */
export async function isOpen(items: Items, { id, report, date }: Omit<Attempt, 'state'>): Promise<boolean> {
  const now = await readAttempt(items, report, date);
  return now?.id === id && now.state === 'open';
}

/** Writes down how it ended, unless another attempt has taken over. */
export async function closeAttempt(
  items: Items,
  attempt: Omit<Attempt, 'state'>,
  end: Pick<Attempt, 'state' | 'snapshotId' | 'error'>,
): Promise<void> {
  const key = attemptKey(attempt.report, attempt.date);
  const item = await items.get(key);
  if (!item || (item.value as unknown as Attempt).id !== attempt.id) return;
  const value = { ...attempt, ...end } as unknown as ItemValue;
  await items.transact([{ put: key, value, if: item.version }]);
}

/** Whether a report of this name was ever run. */
export async function hasAttempts(items: Items, report: string): Promise<boolean> {
  return (await items.query(`report#${report}`, 'attempt#', { limit: 1 })).length > 0;
}

export async function listAttempts(items: Items, report: string): Promise<Attempt[]> {
  const found = await items.query(`report#${report}`, 'attempt#');
  return found.map(item => item.value as unknown as Attempt);
}
