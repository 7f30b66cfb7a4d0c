import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder, json, tidemark } from './terminal';

const config = (columns: string, more = '') =>
  `export default { name: 'shop', tables: { t: { key: ['id'], columns: { ${columns} }${more} } } };`;
const DECLARED = "id: 'bigint', status: 'string', amt: 'decimal(10,2)'";

/** A lake whose table t has the first of three files. */
async function lake(columns = DECLARED): Promise<string> {
  const cwd = folder();
  put(cwd, 'tidemark.config.mjs', config(columns));
  put(cwd, 't-2024-01-01.csv', 'id,status,amt\n1,open,5\n');
  expect((await tidemark(cwd, ['ingest', 't-2024-01-01.csv'])).code).toBe(0);
  return cwd;
}

const put = (cwd: string, name: string, text: string) => writeFileSync(join(cwd, name), text);
const rows = async (cwd: string) =>
  json(await tidemark(cwd, ['query', 'select * from t', '--output', 'json']));

test('columns.blanks: around a name in the header are none of it', async () => {
  const cwd = await lake();
  put(cwd, 't-2024-01-02.csv', 'id, status,\tamt \n1,paid,7\n');
  const ran = await tidemark(cwd, ['ingest', 't-2024-01-02.csv']);
  expect(ran.out).not.toContain('column');
  const [row] = await rows(cwd);
  expect(row).toMatchObject({ status: 'paid' });
  expect(Object.keys(row!).filter(name => /stat/.test(name))).toEqual(['status']);
});

test.each([
  ['declared', DECLARED],
  ['known from the first file', ''],
])(
  'columns.slip: a file that misspells a column that is %s waits whole, until it is declared',
  async (_, columns) => {
    const cwd = await lake(columns);
    put(cwd, 't-2024-01-03.csv', 'id,stauts,amt\n1,shipped,8\n');
    const ran = await tidemark(cwd, ['ingest', 't-2024-01-03.csv']);
    expect(ran.code).toBe(3);
    expect(ran.out).toMatch(/\[TM_2116\] the file has no column status, but stauts/);
    expect(ran.out).toMatch(/mend: .*declare stauts .*omit.*, then tidemark replay t-2024-01-03\.csv/);
    expect(await rows(cwd)).toEqual([expect.objectContaining({ status: 'open' })]);
    expect(Object.keys((await rows(cwd))[0]!)).not.toContain('stauts');
    put(cwd, 'accepted.config.mjs', config([columns, "stauts: 'string'"].filter(Boolean).join()));
    const replayed = await tidemark(cwd, ['--config', 'accepted.config.mjs', 'replay', 't-2024-01-03.csv']);
    expect(replayed.code).toBe(0);
    expect(replayed.out).toMatch(/rows? \(.*\) +lacks status(, amt)?: kept as/);
  },
);

test('columns.slip.omitted: is taken in without it', async () => {
  const cwd = await lake();
  put(cwd, 'tidemark.config.mjs', config(DECLARED, ", omit: ['stauts']"));
  put(cwd, 't-2024-01-03.csv', 'id,stauts,amt\n1,shipped,8\n');
  const ran = await tidemark(cwd, ['ingest', 't-2024-01-03.csv']);
  expect(ran.code).toBe(0);
  expect(ran.out).toContain('lacks status: kept as it was');
});

test('columns.news: the line, its JSON and the trace say which columns are new and which are lacking', async () => {
  const cwd = await lake();
  put(cwd, 't-2024-01-02.csv', 'id,colour\n2,red\n');
  put(cwd, 't-2024-01-03.csv', 'id,status,amt,colour\n3,open,1,red\n');
  const dry = await tidemark(cwd, ['ingest', 't-2024-01-02.csv', '--dry-run']);
  expect(dry.out).toContain('new column colour; lacks status, amt: kept as they were');
  const ran = await tidemark(cwd, ['ingest', 't-2024-01-02.csv', 't-2024-01-03.csv', '--output', 'json']);
  expect(json(ran)).toEqual([
    expect.objectContaining({ new_columns: 'colour', lacking_columns: 'status, amt' }),
    expect.objectContaining({ new_columns: null, lacking_columns: null }),
  ]);
  const traced = await tidemark(cwd, ['trace', 't-2024-01-02.csv']);
  expect(traced.out).toContain('delta 2 (new column colour; lacks status, amt: kept as they were)');
  const steps = json(await tidemark(cwd, ['trace', 't-2024-01-02.csv', '--output', 'json']));
  expect(steps.find(s => s.step === 'taken-in')).toMatchObject({
    new_columns: 'colour',
    lacking_columns: 'status, amt',
  });
});
