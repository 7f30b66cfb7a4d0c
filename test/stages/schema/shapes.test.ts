import type { Field, Scalar } from '../../../lib/columnar/types';
import type { TableConfig } from '../../../lib/config/define';
import { currentSchema, schemaById } from '../../../lib/iceberg/metadata';
import { listQuarantined } from '../../../lib/ledger/quarantine';
import { replay } from '../../../lib/stages/replay';
import { liveFiles } from '../../../lib/table/live-files';
import { openTable } from '../../../lib/table/open';
import { parquetOf } from '../../support/copies';
import { mergeAll, readFiles, readRows, type TestLake, take, testLake } from '../../support/lake';
import { under } from '../../support/under';

type Cells = Readonly<Record<string, number | string | null>>;

/** The rows as a file of a format; all of them have the columns of the first, in its order. */
interface Writer {
  readonly kind: 'csv' | 'dms-csv' | 'dms-parquet' | 'json-lines';
  readonly name: (n: number) => string;
  readonly bytes: (rows: readonly Cells[]) => string | Uint8Array;
}

const csv = (rows: readonly (readonly unknown[])[]) =>
  rows.map(row => row.map(v => v ?? '').join(',')).join('\n');

const WRITERS: readonly Writer[] = [
  {
    kind: 'csv',
    name: n => `2021-01-0${n}/t.csv`,
    bytes: rows => csv([Object.keys(rows[0]!), ...rows.map(row => Object.values(row))]),
  },
  {
    kind: 'dms-csv',
    name: n => `s/t/2021010${n}-000000000.csv`,
    bytes: rows => csv([['Op', ...Object.keys(rows[0]!)], ...rows.map(row => ['U', ...Object.values(row)])]),
  },
  {
    kind: 'json-lines',
    name: n => `2021-01-0${n}/t.jsonl`,
    bytes: rows => rows.map(row => JSON.stringify(row)).join('\n'),
  },
  {
    kind: 'dms-parquet',
    name: n => `s/t/2021010${n}-000000000.parquet`,
    bytes: rows => {
      const names = ['Op', ...Object.keys(rows[0]!)];
      const fields = names.map((name, i): Field => {
        const type = name === 'id' ? 'long' : name === 'n' ? 'int' : 'string';
        return { id: i + 1, name, type, required: false };
      });
      const value = (field: Field, cell: Cells[string]): Scalar =>
        field.type === 'long'
          ? BigInt(cell ?? 0)
          : field.type === 'string' && cell !== null
            ? String(cell)
            : cell;
      return parquetOf(
        fields,
        rows.map(row => fields.map(f => value(f, f.name === 'Op' ? 'U' : (row[f.name] ?? null)))),
      );
    },
  },
];

const TABLE: TableConfig = { key: ['id'], columns: { id: 'bigint', a: 'text', n: 'int' } };

const configOf = (kind: Writer['kind'], table: TableConfig = TABLE) => {
  const format = kind === 'dms-csv' ? { kind, header: true } : kind === 'csv' ? {} : { kind };
  return { name: 'shapes', tables: { t: { ...table, format } } };
};

/** A change of shape between two files: what the second brings, under which config, and the table then. */
const CHANGES: readonly {
  readonly what: string;
  readonly second: readonly Cells[];
  readonly table?: TableConfig;
  readonly rows: readonly Cells[];
}[] = [
  {
    what: 'a new column that nobody declared, in the middle',
    second: [{ id: 2, z: 'new', a: 'y', n: 20 }],
    rows: [
      { id: 1, a: 'x', n: 1, z: null },
      { id: 2, a: 'y', n: 20, z: 'new' },
    ],
  },
  {
    what: 'a new column that is declared',
    second: [{ id: 2, a: 'y', n: 20, m: '7' }],
    table: { ...TABLE, columns: { ...TABLE.columns, m: 'text' } },
    rows: [
      { id: 1, a: 'x', n: 1, m: null },
      { id: 2, a: 'y', n: 20, m: '7' },
    ],
  },
  {
    what: 'a dropped column: rows keep what they had',
    second: [
      { id: 2, n: 20 },
      { id: 3, n: 30 },
    ],
    rows: [
      { id: 1, a: 'x', n: 1 },
      { id: 2, a: 'w', n: 20 },
      { id: 3, a: null, n: 30 },
    ],
  },
  {
    what: 'columns in another order',
    second: [{ n: 20, a: 'y', id: 2 }],
    rows: [
      { id: 1, a: 'x', n: 1 },
      { id: 2, a: 'y', n: 20 },
    ],
  },
  {
    what: 'a renamed column that is declared',
    second: [{ id: 2, b: 'y', n: 20 }],
    table: { key: ['id'], columns: { id: 'bigint', b: 'text', n: 'int' }, aliases: { b: ['a'] } },
    rows: [
      { id: 1, b: 'x', n: 1 },
      { id: 2, b: 'y', n: 20 },
    ],
  },
  {
    what: 'a renamed column under its old name',
    second: [{ id: 2, a: 'y', n: 20 }],
    table: { key: ['id'], columns: { id: 'bigint', b: 'text', n: 'int' }, aliases: { b: ['a'] } },
    rows: [
      { id: 1, b: 'x', n: 1 },
      { id: 2, b: 'y', n: 20 },
    ],
  },
  {
    what: 'a wider type',
    second: [{ id: 2, a: 'y', n: 20 }],
    table: { key: ['id'], columns: { id: 'bigint', a: 'text', n: 'bigint' } },
    rows: [
      { id: 1, a: 'x', n: 1 },
      { id: 2, a: 'y', n: 20 },
    ],
  },
];

const FIRST = [
  { id: 1, a: 'x', n: 1 },
  { id: 2, a: 'w', n: 2 },
];

const plain = (rows: readonly Record<string, Scalar>[]) =>
  rows
    .map(row =>
      Object.fromEntries(
        Object.entries(row)
          .filter(([name]) => !name.startsWith('_'))
          .map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
      ),
    )
    .sort((a, b) => Number(a.id) - Number(b.id));

async function taken(lake: TestLake, writer: Writer, n: number, rows: readonly Cells[]) {
  const { outcome } = await take(lake, writer.name(n), writer.bytes(rows), { table: 't' });
  expect(outcome).toBe('taken-in');
}

describe.each(WRITERS)('shapes.$kind', writer => {
  test.each(CHANGES)('$what', async ({ second, table, rows }) => {
    for (const mergedBetween of [true, false]) {
      const before = testLake(configOf(writer.kind));
      await taken(before, writer, 1, FIRST);
      if (mergedBetween) await mergeAll(before, 't');
      const lake = under(before, configOf(writer.kind, table));
      await taken(lake, writer, 2, second);
      await mergeAll(lake, 't');
      expect(plain(await readRows(lake.ports, 't'))).toEqual(rows);
      if (!mergedBetween) continue;
      const { metadata } = (await openTable(lake.ports, 't'))!;
      const [then] = metadata.snapshots.filter(s => s.summary['total-records'] === '2');
      for (const fields of [
        schemaById(metadata, then!['schema-id']!).fields,
        currentSchema(metadata).fields,
      ]) {
        const old = await readFiles(lake.ports, await liveFiles(lake.ports.store, metadata, then), fields);
        expect(plain(old).map(row => Object.values(row).filter(v => v !== null))).toEqual(
          FIRST.map(row => Object.values(row)),
        );
      }
    }
  });
});

describe('shapes.width: a headerless file of DMS with a new trailing column', () => {
  const config = (more: object = {}, table: Partial<TableConfig> = {}) => ({
    name: 'shapes',
    tables: {
      t: {
        ...TABLE,
        columns: { ...TABLE.columns, ...more } as Record<string, string>,
        format: { kind: 'dms-csv' as const },
        ...table,
      },
    },
  });
  const file = (n: number) => `s/t/2021010${n}-000000000.csv`;

  test('width.between files: the wider one waits, and says what to declare', async () => {
    const lake = testLake(config());
    await take(lake, file(1), 'U,1,x,1\n');
    const { outcome } = await take(lake, file(2), 'U,2,y,2,new\n');
    expect(outcome).toBe('quarantined');
    const [waiting] = await listQuarantined(lake.ports.items);
    expect(waiting).toMatchObject({ code: 'TM_2101' });
    expect(waiting?.reason).toContain('rows of 5 fields where at most 4 are declared');
    const declared = under(lake, config({ z: 'text' }));
    await replay(declared.ports, declared.lake, waiting!.id);
    await take(declared, file(3), 'U,3,w,3\n');
    await mergeAll(declared, 't');
    expect(plain(await readRows(declared.ports, 't'))).toEqual([
      { id: 1, a: 'x', n: 1, z: null },
      { id: 2, a: 'y', n: 2, z: 'new' },
      { id: 3, a: 'w', n: 3, z: null },
    ]);
    expect(await listQuarantined(lake.ports.items)).toEqual([]);
  });

  test('width.within a file: rows of the old width come in, the wider ones once the column is declared', async () => {
    const lake = testLake(config({}, { onBadRow: 'quarantineRow' }));
    const { outcome } = await take(lake, file(1), 'U,1,x,1\nU,2,y,2,new\n');
    expect(outcome).toBe('rows-quarantined');
    const [waiting] = await listQuarantined(lake.ports.items);
    expect(waiting?.rows).toMatchObject([{ code: 'TM_2101', reason: '5 fields where 4 are expected' }]);
    const declared = under(lake, config({ z: 'text' }, { onBadRow: 'quarantineRow' }));
    await replay(declared.ports, declared.lake, waiting!.id);
    await mergeAll(declared, 't');
    expect(plain(await readRows(declared.ports, 't'))).toEqual([
      { id: 1, a: 'x', n: 1, z: null },
      { id: 2, a: 'y', n: 2, z: 'new' },
    ]);
  });
});
