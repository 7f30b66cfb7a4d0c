/** A change as the naive fold takes it: `absent` columns say nothing, `entry` and `row` are its order of arrival. */
export interface NaiveChange {
  readonly entry: number;
  readonly row: number;
  readonly op: 'I' | 'U' | 'D' | 'T';
  readonly key: string;
  readonly major: bigint;
  readonly minor: bigint;
  readonly values: Readonly<Record<string, unknown>>;
}

export type NaiveTable = Map<string, Record<string, unknown>>;

const RANK = { T: 0, D: 1, I: 2, U: 2 };

/** The table that the changes make: everything else is held against these twenty lines. */
export function naiveFold(
  changes: readonly NaiveChange[],
  columns: readonly string[],
  deletedWhen?: string,
): NaiveTable {
  const table: NaiveTable = new Map();
  const deleted = new Set<string>();
  const compare = (a: bigint | number, b: bigint | number) => (a < b ? -1 : a > b ? 1 : 0);
  const ordered = [...changes].sort(
    (a, b) =>
      compare(a.major, b.major) ||
      compare(a.minor, b.minor) ||
      compare(a.entry, b.entry) ||
      compare(RANK[a.op], RANK[b.op]) ||
      compare(a.row, b.row),
  );
  for (const { op, key, values } of ordered) {
    if (op === 'T') table.clear();
    else if (op === 'D') {
      table.delete(key);
      deleted.add(key);
    } else if (table.has(key) || !deleted.has(key) || !deletedWhen || deletedWhen in values) {
      const before = table.get(key) ?? Object.fromEntries(columns.map(c => [c, null]));
      table.set(key, { ...before, ...values });
    }
  }
  return table;
}
