import type { TableConfig } from '../../../lib/config/define';
import { abandonLoad, openLoad } from '../../../lib/ledger/loads';
import { filesSource } from '../../../lib/stages/load/source/files';
import { rebuild } from '../../../lib/stages/rebuild';
import { LOG_COLUMNS } from '../../../lib/table/columns';
import { mergeAll, readRows, type TestLake, take, testLake } from '../../support/lake';
import { projectOf } from '../../support/load-project';

const T = 't';

const lakeOf = (table: TableConfig) =>
  testLake({ name: 'decoded', tables: { [T]: { key: ['id'], ...table } } });

async function load(lake: TestLake, files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) await lake.landing.put(`copy/${name}`, Buffer.from(text));
  return projectOf(lake, filesSource(lake.landing, { table: T, from: ['copy/'] }), T, { workers: 1 }).run();
}

/** Rows without what the lake says of them. */
async function valuesOf({ ports }: TestLake): Promise<Record<string, unknown>[]> {
  const own = new Set(LOG_COLUMNS.map(({ name }) => name));
  const rows = await readRows(ports, T);
  const values = rows.map(row => Object.fromEntries(Object.entries(row).filter(([name]) => !own.has(name))));
  return values.sort((a, b) => String(a.id).localeCompare(String(b.id)));
}

const ALIKE: readonly (readonly [string, TableConfig, string, string])[] = [
  ['columns that nobody declared', {}, 'a.csv', 'id,note,amount\n1,x,1.10\n2,,2\n'],
  ['names that differ in case', { columns: { id: 'int', n: 'int' } }, 'a.csv', 'ID,N\n1,2\n'],
  [
    'a dialect of its own',
    {
      columns: { id: 'int', n: 'double', text: 'string' },
      format: { delimiter: ';', decimalComma: true, nullLiteral: '\\N', quotedEmptyIsNull: true },
    },
    'a.csv',
    'id;n;text\n1;1,5;\\N\n2;\\N;""\n3;2,25;"a;b"\n',
  ],
  [
    'no header',
    { columns: { id: 'int', text: 'string' }, format: { header: false } },
    'a.csv',
    '1,a\n2,"b\nc"\n',
  ],
  [
    'numbers of more digits than a double has',
    { columns: { id: 'int', exact: 'decimal(20,2)' } },
    'a.jsonl',
    '{"id":1,"exact":90071992547409.93,"text":100000000000000000000000.5}\n{"id":2,"text":1.10}\n',
  ],
  [
    'members that only some rows have',
    {},
    'a.jsonl',
    '{"id":"1","a":{"n": 2.50}}\n{"id":"2","b":[1,2]}\n{"id":"3","a":null}\n',
  ],
];

test.each(ALIKE)('load.decoded: %s mean to a load what they mean to ingest', async (_, table, name, text) => {
  const [loaded, taken] = [lakeOf(table), lakeOf(table)];
  await load(loaded, { [name]: text });
  expect(await take(taken, name.replace('a.', `${T}-2021-01-01.`), text)).toMatchObject({
    outcome: 'taken-in',
  });
  await mergeAll(taken, T);
  expect(await valuesOf(loaded)).toEqual(await valuesOf(taken));
  expect((await valuesOf(loaded)).length).toBeGreaterThan(0);
});

test.each([
  ['two dumps in one file', 'id,v\n1,a\n2,b\nid,v,w\n3,c,d\n', /2\.csv row 3/],
  ['a line before the header', '# dump of t\nid,v\n1,a\n', /TM_2772.*# dump of t/],
  ['a quote that is not closed', 'id,v\n1,"a\n', /2\.csv/],
  ['a change', 'id,v,op\n1,a,D\n', /it is a change, not a row of a copy.*2\.csv row 1/],
])('load.refused: %s names the file and the row, and nothing is loaded', async (_, text, words) => {
  const lake = lakeOf({ columns: { id: 'string', v: 'string' }, format: { opColumn: 'op' } });
  await expect(load(lake, { '2.csv': text })).rejects.toThrow(words);
  expect(await readRows(lake.ports, T)).toEqual([]);
});

test('load.empty: files of nothing but a header make an empty table', async () => {
  const lake = lakeOf({ columns: { id: 'string', v: 'string' } });
  expect(await load(lake, { '1.csv': 'id,v\n', '2.csv': 'id,v\n' })).toMatchObject({
    validation: { all: { after: { rows: 0 } }, differences: [] },
  });
  expect(await readRows(lake.ports, T)).toEqual([]);
});

test('load.abandoned: what a load that was given up would have given its table does not bind the next one', async () => {
  const lake = lakeOf({ columns: { id: 'string', amount: 'string' } });
  await expect(load(lake, { '1.csv': 'id,amount,old\n,1,x\n' })).rejects.toThrow(/TM_2756/);
  await abandonLoad(lake.ports.items, T, (await openLoad(lake.ports.items, T))!);
  await mergeAll(lake, T);
  const columns = { id: 'bigint', amount: 'decimal(5,2)' };
  const [table] = testLake({ name: 'decoded', tables: { [T]: { key: ['id'], columns } } }).lake.tables;
  const after: TestLake = { ...lake, lake: { ...lake.lake, tables: [table!] } };
  await load(after, { '1.csv': 'id,amount\n1,1.50\n' });
  expect(await valuesOf(after)).toEqual([{ id: 1n, amount: 150n }]);
});

test('load.lacking: a plain load of fewer columns leaves the others as they are, a replace does not', async () => {
  const lake = lakeOf({ columns: { id: 'int', a: 'int', b: 'string' } });
  await load(lake, { '1.csv': 'id,a,b\n1,1,x\n2,2,y\n' });
  await lake.landing.delete('copy/1.csv');
  await load(lake, { '2.csv': 'id,a\n2,20\n3,30\n' });
  const after = [
    { id: 1, a: 1, b: 'x' },
    { id: 2, a: 20, b: 'y' },
    { id: 3, a: 30, b: null },
  ];
  expect(await valuesOf(lake)).toEqual(after);
  await rebuild(lake.ports, lake.lake.tables[0]!, lake.lake.limits);
  expect(await valuesOf(lake)).toEqual(after);
  const source = filesSource(lake.landing, { table: T, from: ['copy/'] });
  const copy = { kind: 'files' as const, at: ['copy/'], table: T };
  await projectOf(lake, source, T, { request: { replaces: true, dateReceived: '2021-12-31', copy } }).run();
  expect(await valuesOf(lake)).toEqual([
    { id: 2, a: 20, b: null },
    { id: 3, a: 30, b: null },
  ]);
});
