import type { Field } from '../columnar/types';
import type { ItemAction, Items, ItemValue, Json } from '../ports/items';
import type { SqlParameter } from '../ports/query-engine';
import type { Attempt } from './attempts';
import { attemptKey, REPORTING_PARTITION, reportingKey } from './keys';

/**
 * A run of a report for a date by an engine that goes on by itself (PROTOCOL.md, R). Each step is noted before its
 * statement starts, with the SQL as it is sent; `<id>-<step>` is the statement's token, so whoever finds a step without
 * its job starts the same job again.
 *
 * `fields`, `kind` and `sequenceNumber` are those of the write: what its columns become, how, and after which sequence
 * number of the report's table its files stand.
 */
export interface SteppedAttempt extends Attempt {
  readonly step: 'describe' | 'write';
  /** When the step was noted, milliseconds since 1970. */
  readonly stepAt: number;
  readonly params: readonly SqlParameter[];
  /** The engine's id of the step's statement; undefined until it is noted. */
  readonly job?: string;
  /** create and insert write into the report itself, restage into an empty table whose files are adopted. */
  readonly kind?: 'create' | 'insert' | 'restage';
  readonly fields?: readonly Field[];
  /** Runs of this date in a row, with this one, since one succeeded. */
  readonly tries: number;
  /** After a failure: when the date is tried again; undefined when it was tried often enough. */
  readonly againAt?: number;
  /** Until when a write that was given up may still land (milliseconds since 1970). */
  readonly lateUntil?: number;
  /** The sequence number of the date's files as the last run left them that succeeded; undefined when it left none. */
  readonly filesOf?: number;
  readonly rows?: number;
}

/** An attempt as it stands in the ledger; `version` is the condition of whoever moves it. */
export interface StandingAttempt {
  readonly attempt: SteppedAttempt;
  readonly version: number;
}

export async function readSteppedAttempt(
  items: Items,
  report: string,
  date: string,
): Promise<StandingAttempt | undefined> {
  const item = await items.get(attemptKey(report, date));
  return item && { attempt: item.value as unknown as SteppedAttempt, version: item.version };
}

/**
 * Writes an attempt over the one that was read, and whether anything is still to be done for its date. Undefined when
 * another process was first: nothing was written.
 */
export async function moveAttempt(
  items: Items,
  read: StandingAttempt | undefined,
  attempt: SteppedAttempt,
  also: readonly ItemAction[] = [],
): Promise<StandingAttempt | undefined> {
  const { report, date } = attempt;
  const place = reportingKey(report, date);
  const value = withoutUndefined(attempt);
  const result = await items.transact([
    { put: attemptKey(report, date), value, if: read?.version ?? 'absent' },
    isSettled(attempt) ? { delete: place } : { put: place, value: { report, date } },
    ...also,
  ]);
  return result.done ? { attempt, version: (read?.version ?? 0) + 1 } : undefined;
}

function isSettled({ state, againAt, lateUntil }: SteppedAttempt): boolean {
  return state !== 'open' && againAt === undefined && lateUntil === undefined;
}

function withoutUndefined(attempt: SteppedAttempt): ItemValue {
  return Object.fromEntries(Object.entries(attempt).filter(([, v]) => v !== undefined)) as {
    [name: string]: Json;
  };
}

const PAGE = 500;

/** Dates with an attempt that is open, to be tried again, or looked at once more. */
export async function listReporting(items: Items): Promise<{ report: string; date: string }[]> {
  const found: { report: string; date: string }[] = [];
  for (let after: string | undefined; ; ) {
    const page = await items.query(REPORTING_PARTITION, '', { after, limit: PAGE });
    found.push(...page.map(item => item.value as { report: string; date: string }));
    if (page.length < PAGE) return found;
    after = page.at(-1)!.sort;
  }
}

/** The date whose open attempt waits for a job of the engine; undefined for any other job. */
export async function reportOfJob(
  items: Items,
  job: string,
): Promise<{ report: string; date: string } | undefined> {
  for (const { report, date } of await listReporting(items)) {
    const standing = await readSteppedAttempt(items, report, date);
    if (standing?.attempt.state === 'open' && standing.attempt.job === job) return { report, date };
  }
  return undefined;
}
