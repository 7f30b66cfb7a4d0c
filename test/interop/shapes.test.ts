import { currentSchema } from '../../lib/iceberg/metadata';
import { applySchema } from '../../lib/stages/schema/apply';
import { userFields } from '../../lib/table/columns';
import { openTable } from '../../lib/table/open';
import type { Normal } from './normal';
import { foreignReaders } from './readers';
import {
  expectAgreement,
  ownRows,
  type Row,
  sorted,
  TABLE,
  type ToldLake,
  told,
  toldLakes,
} from './told-lake';

const readers = foreignReaders();
const lakes = toldLakes();

type Columns = Readonly<Record<string, string>>;

const COLUMNS: Columns = {
  was: 'text',
  n: 'int',
  digits: 'text',
  gone: 'text',
  x: 'text',
  y: 'decimal(9,2)',
};
const ALIASES = { is: ['was'] };

interface Change {
  readonly columns: (columns: Columns) => Columns;
  /** What becomes of a row that stands. */
  readonly row?: (row: Row) => Row;
  readonly apply?: true;
}

const without = (columns: Columns, name: string) => {
  const { [name]: _, ...others } = columns;
  return others;
};

/** Each is of columns of its own, so that they may come in any order. */
const CHANGES: Readonly<Record<string, Change>> = {
  added: { columns: all => ({ ...all, more: 'double' }) },
  widened: { columns: all => ({ ...all, n: 'bigint', y: 'decimal(20,2)' }) },
  dropped: { columns: all => without(all, 'gone') },
  reordered: { columns: all => Object.fromEntries(Object.entries(all).reverse()) },
  renamed: {
    columns: all => ({ ...without(all, 'was'), is: 'text' }),
    row: ({ was, ...row }) => ({ ...row, is: was ?? null }),
  },
  retyped: {
    columns: all => ({ ...all, digits: 'int' }),
    row: row => ({ ...row, digits: row.digits === undefined ? null : Number(row.digits) }),
    apply: true,
  },
};

const VALUES: Readonly<Record<string, (of: number) => Row[string]>> = {
  text: of => String(of),
  int: of => of,
  bigint: of => 2n ** 40n + BigInt(of),
  double: of => of / 3,
  'decimal(9,2)': of => BigInt(of) * 100n,
  'decimal(20,2)': of => 10n ** 18n + BigInt(of),
};

/** What a snapshot holds, as it was told: it stays so whatever comes later. */
interface Stage {
  readonly snapshot: string;
  readonly columns: readonly string[];
  readonly rows: string[];
}

/** New rows, some that stand where the table has a key, and some without half of the columns. */
async function put(lake: ToldLake, columns: Columns, round: number): Promise<Stage> {
  const key = lake.lake.tables[0]!.key.length > 0;
  const first = round * 10 - (key && round > 0 ? 3 : 0);
  const rows = Array.from({ length: (round + 1) * 10 - first }, (_, i): Row => {
    const id = first + i;
    const names = Object.keys(columns).filter((_, at) => id % 4 > 0 || at % 2 === 0);
    const values = names.map(name => [name, VALUES[columns[name]!]!(id * 7 + round)]);
    return { id: BigInt(id), ...Object.fromEntries(values) };
  });
  await lake.put(rows);
  expect(await expectAgreement(readers, lake)).toBe((round + 1) * 10);
  const { metadata } = await lake.open();
  const names = userFields(currentSchema(metadata).fields).map(f => f.name);
  return {
    snapshot: String(metadata['current-snapshot-id']),
    columns: names,
    rows: told(lake, names),
  };
}

const ids = (rows: readonly (readonly Normal[])[]) => sorted(rows.map(([id]) => [id!]));

const NAMES = Object.keys(CHANGES);
// In one order or the other each change comes before each, and behind it.
const ORDERS = [NAMES, NAMES.toReversed()];
const CASES = ([undefined, 'append'] as const).flatMap(mode =>
  ORDERS.map(order => ({ mode, order, is: `${mode ?? 'merge'} table, ${order.join(', ')}` })),
);

test.each(CASES)('shapes.$is: today, the log, and every snapshot from before', async ({ mode, order }) => {
  const lake = lakes({ columns: COLUMNS, partitionBy: ['truncate(10, id)'], ...(mode ? { mode } : {}) });
  let columns = COLUMNS;
  const stages = [await put(lake, columns, 0)];
  for (const [i, name] of order.entries()) {
    const { columns: changed, row, apply } = CHANGES[name]!;
    columns = changed(columns);
    lake.redeclare(columns, 'is' in columns ? ALIASES : {});
    if (apply) {
      const { stopped } = await applySchema(lake.ports, lake.lake, lake.lake.tables[0]!);
      expect(stopped).toBeUndefined();
    }
    for (const [id, standing] of lake.rows) if (row) lake.rows.set(id, row(standing));
    stages.push(await put(lake, columns, i + 1));
  }
  const metadata = await lake.metadata();
  for (const { snapshot, columns: names, rows } of stages) {
    const found = await readers.pyiceberg(metadata, { columns: names, snapshot });
    expect({ snapshot, rows: sorted(found.rows) }).toEqual({ snapshot, rows });
    // DuckDB knows the columns of today alone.
    const seen = await readers.duckdb(metadata, { columns: ['id'], snapshot });
    expect({ snapshot, ids: ids(seen.rows) }).toEqual({
      snapshot,
      ids: ids(rows.map(row => JSON.parse(row) as Normal[])),
    });
  }
  const log = (await openTable(lake.ports, `${TABLE}_deltas`))!;
  const names = currentSchema(log.metadata).fields.map(f => f.name);
  const own = await ownRows(lake, log, names);
  expect(own.length).toBeGreaterThanOrEqual(lake.rows.size);
  for (const read of [readers.pyiceberg, readers.duckdb])
    expect(sorted((await read(log.pointer.uri, { columns: names })).rows)).toEqual(own);
});
