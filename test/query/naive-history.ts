import type { NaiveChange } from '../support/naive-fold';

export interface NaivePeriod {
  readonly key: string;
  readonly op: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly from: string;
  readonly to: string | null;
}

/** A change, and when it happened: the date its file was received. */
export type DatedChange = NaiveChange & { readonly date: string };

const RANK = { T: 0, D: 1, I: 2, U: 2 };

interface Event {
  readonly key: string;
  readonly op: string;
  readonly at: string;
  readonly date: string;
  readonly values: Record<string, unknown>;
}

/** Every state of every key, found the long way; each lasts until the next event of its key, or a TRUNCATE. */
export function naiveHistory(
  changes: readonly DatedChange[],
  columns: readonly string[],
  deletedWhen?: string,
): NaivePeriod[] {
  const events = eventsOf(changes, columns, deletedWhen);
  const shown = events.filter(
    ({ op, key, at }, i) => op === 'T' || !events.slice(i + 1).some(e => e.key === key && e.at === at),
  );
  return shown.flatMap(({ op, key, date, values }, i) => {
    const next = shown.slice(i + 1).find(e => e.op === 'T' || e.key === key);
    return op === 'T' ? [] : { key, op, values, from: date, to: next?.date ?? null };
  });
}

function eventsOf(
  changes: readonly DatedChange[],
  columns: readonly string[],
  deletedWhen?: string,
): Event[] {
  const events: Event[] = [];
  const live = new Map<string, Record<string, unknown>>();
  const last = new Map<string, Record<string, unknown>>();
  const deleted = new Set<string>();
  for (const { op, key, values, major, minor, date } of inOrder(changes)) {
    if (op === 'T') live.clear();
    else if (op === 'D') {
      live.delete(key);
      deleted.add(key);
    } else {
      if (!live.has(key) && deleted.has(key) && deletedWhen && !(deletedWhen in values)) continue;
      const before = live.get(key) ?? Object.fromEntries(columns.map(c => [c, null]));
      live.set(key, { ...before, ...values });
      last.set(key, live.get(key)!);
    }
    const known = last.get(key) ?? {};
    const image = Object.fromEntries(columns.map(c => [c, values[c] ?? known[c] ?? null]));
    events.push({ key, op, at: `${major}:${minor}`, date, values: live.get(key) ?? image });
  }
  return events;
}

function inOrder(changes: readonly DatedChange[]): DatedChange[] {
  const compare = (a: bigint | number, b: bigint | number) => (a < b ? -1 : a > b ? 1 : 0);
  return [...changes].sort(
    (a, b) =>
      compare(a.major, b.major) ||
      compare(a.minor, b.minor) ||
      compare(a.entry, b.entry) ||
      compare(RANK[a.op], RANK[b.op]) ||
      compare(a.row, b.row),
  );
}
