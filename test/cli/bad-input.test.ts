import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { folder, json, tidemark } from './terminal';

const CONFIG = `export default { name: 'shop', tables: {
  orders: { key: ['id'], columns: { id: 'bigint', amount: 'decimal(10,2)' } },
  lines: { key: ['id'], columns: { id: 'bigint', amount: 'decimal(10,2)' }, onBadRow: 'quarantineRow' },
  changes: { key: ['id'], columns: { id: 'bigint', name: 'string' }, from: 'shop.changes' },
} };`;

/** A bad file by its name, its bytes, and the code it waits under. */
const BAD: Record<string, [bytes: Uint8Array, code: string]> = {
  'orders-2021-01-01.csv': [Buffer.from('id,amount\n1,1.00\n2\n'), 'TM_2101'],
  'orders-2021-01-02.csv': [Buffer.from('id,amount\n1,"12,50"\n'), 'TM_2103'],
  'shop/changes/20210101-000000000.csv': [Buffer.from('X,1,a\n'), 'TM_2104'],
  'orders-2021-01-04.csv': [Buffer.from('id,amount\n,1.00\n'), 'TM_2'],
  'orders-2021-01-05.csv.gz': [gzipSync('id,amount\n1,1.00\n').subarray(0, 20), 'TM_2106'],
  'orders-2021-01-06.parquet': [Buffer.from('PAR1 cut off'), 'TM_2107'],
  'orders-2021-01-07.csv': [Buffer.from([...Buffer.from('id,amount\n1,'), 0xff, 10]), 'TM_2105'],
  'orders-2021-01-08.csv': [new Uint8Array(0), 'TM_2108'],
  'orders-2021-01-09.csv': [Buffer.from(`id,amount\n1,${'9'.repeat(10_000_000)}\n`), 'TM_2109'],
  'unheard-of.csv': [Buffer.from('a,b\n1,2\n'), 'TM_2302'],
};

let cwd: string;
beforeAll(() => {
  cwd = folder();
  writeFileSync(join(cwd, 'tidemark.config.mjs'), CONFIG);
  mkdirSync(join(cwd, 'in/shop/changes'), { recursive: true });
  for (const [name, [bytes]] of Object.entries(BAD)) writeFileSync(join(cwd, 'in', name), bytes);
  writeFileSync(join(cwd, 'in/orders.csv'), 'id,amount\n7,7.00\n');
});

test('ingest.bad files wait, good ones go on', async () => {
  const ran = await tidemark(cwd, ['ingest', 'in', '--output', 'json']);
  expect(ran.code).toBe(3);
  const rows = json(ran);
  for (const [name, [, code]] of Object.entries(BAD)) {
    const row = rows.find(r => r.file === `in/${name}`);
    expect([name, row?.outcome, String(row?.code).slice(0, code.length)]).toEqual([
      name,
      'quarantined',
      code,
    ]);
  }
  expect(rows.find(r => r.file === 'in/orders.csv')).toMatchObject({ outcome: 'taken-in', new: 1 });
  const listed = json(await tidemark(cwd, ['quarantine', 'list', '--output', 'json']));
  expect(listed).toHaveLength(Object.keys(BAD).length);
  expect((await tidemark(cwd, ['status', '--check'])).code).toBe(4);
});

test('quarantine.bytes are kept', async () => {
  const shown = await tidemark(cwd, ['quarantine', 'show', 'orders-2021-01-02.csv']);
  const copy = /its bytes: (.*)/.exec(shown.err)?.[1];
  expect(readFileSync(copy!)).toEqual(BAD['orders-2021-01-02.csv']![0]);
  expect(shown.out).toContain('TM_2103');
  expect((await tidemark(cwd, ['quarantine', 'show', 'none'])).err).toMatch(/^\[TM_2306\]/);
});

test('replay.after the fix', async () => {
  const mend = await tidemark(cwd, ['ingest', 'in/orders-2021-01-02.csv']);
  expect(mend.out).toContain(
    'mend: set format: { decimalComma: true } in tidemark.config.ts, then tidemark replay',
  );
  const mended = CONFIG.replace(
    "amount: 'decimal(10,2)' } }",
    "amount: 'decimal(10,2)' }, format: { decimalComma: true } }",
  );
  writeFileSync(join(cwd, 'tidemark.config.mjs'), mended);
  const replayed = await tidemark(cwd, ['replay', 'orders-2021-01-02.csv']);
  expect(replayed).toMatchObject({ code: 0, out: expect.stringContaining('1 new') });
  const trace = await tidemark(cwd, ['trace', 'orders-2021-01-02.csv']);
  expect(trace.out).toMatch(
    /received \S+ > quarantined TM_2103 .*> replayed \S+ > (received \S+ > )?delta 2 > snapshot/,
  );
  expect((await tidemark(cwd, ['replay', 'orders-2021-01-08.csv'])).code).toBe(3);
  writeFileSync(join(cwd, 'tidemark.config.mjs'), CONFIG);
});

test('ingest.bad rows wait, good ones go on', async () => {
  writeFileSync(join(cwd, 'lines.csv'), 'id,amount\n1,1.00\nx,2.00\n3,3.00\n');
  const ran = await tidemark(cwd, ['ingest', 'lines.csv']);
  expect(ran.code).toBe(3);
  expect(ran.out).toContain('2 new');
  expect(ran.out).toContain('\n  1 row in quarantine\n  mend: see tidemark quarantine show lines.csv');
});

test('ingest.links and missing files', async () => {
  writeFileSync(join(cwd, 'secret.csv'), 'id,amount\n666,1.00\n');
  mkdirSync(join(cwd, 'linked'));
  symlinkSync(join(cwd, 'secret.csv'), join(cwd, 'linked/orders-2022-01-01.csv'));
  writeFileSync(join(cwd, 'linked/orders-2022-01-02.csv'), 'id,amount\n8,8.00\n');
  const ran = await tidemark(cwd, ['ingest', 'linked']);
  expect(ran).toMatchObject({ code: 1, err: expect.stringMatching(/^\[TM_5108\]/) });
  expect(ran.out).toContain('1 new');
  expect(
    (await tidemark(cwd, ['query', 'select 1 from orders where id = 666', '--output', 'json'])).out,
  ).toBe('[]\n');
  expect((await tidemark(cwd, ['ingest', '../none.csv'])).err).toMatch(/^\[TM_7004\]/);
});
