import type { TableConfig } from '../../../lib/config/define';
import { listQuarantined } from '../../../lib/ledger/quarantine';
import { anyLake, deliver, rowsOf, shown } from '../../support/any-source';
import { take } from '../../support/lake';

const CLICKS: TableConfig = { mode: 'append', from: 'events', columns: { n: 'bigint' } };

test('append.files: every row of every file stands once; the name is part of what a file is (P3)', async () => {
  const lake = anyLake({ clicks: CLICKS });
  const inTable = { table: 'clicks' };
  expect(await take(lake, 'a.csv', 'n\n1\n1\n', inTable)).toMatchObject({ outcome: 'taken-in', rows: 2 });
  expect(await take(lake, 'a.csv', 'n\n1\n1\n', inTable)).toMatchObject({ outcome: 'seen' });
  expect(await take(lake, 'b.csv', 'n\n1\n1\n', inTable)).toMatchObject({ outcome: 'taken-in', rows: 2 });
  expect(await take(lake, 'c.jsonl', '{"n":2}\n{"m":"x"}\n', inTable)).toMatchObject({ rows: 2 });
  const { log, current } = await rowsOf(lake, 'clicks');
  const wanted = ['1|null', '1|null', '1|null', '1|null', '2|null', 'null|x'];
  expect(shown(current, ['n', 'm'])).toEqual(wanted);
  // What an appended row lacks is NULL: none of them is a part of another.
  for (const row of log) expect([row._op, row._absent]).toEqual(['I', null]);
});

test('append.key: no column has to be there, nor be anything but NULL', async () => {
  const lake = anyLake({ clicks: CLICKS });
  await deliver(lake, ['{}', '{"n":null}', '{"n":1}']);
  expect(shown((await rowsOf(lake, 'clicks')).current, ['n'])).toEqual(['1', 'null', 'null']);
});

test('append.ops: a change of a row that stands waits by itself, in files and in streams', async () => {
  const ofChanges = { ...CLICKS, format: { opColumn: 'op' }, onBadRow: 'quarantineRow' as const };
  const lake = anyLake({ clicks: ofChanges });
  const rows = ['I', 'U', 'D', 'T'].map((op, n) => ({ op, n }));
  const taken = await deliver(
    lake,
    rows.map(row => JSON.stringify(row)),
  );
  expect(taken.tables).toMatchObject([{ outcome: 'rows-quarantined', rows: 1, badRows: 3 }]);
  const file = await take(lake, 'f.csv', `op,n\n${rows.map(r => `${r.op},${r.n}\n`).join('')}`, {
    table: 'clicks',
  });
  expect(file).toMatchObject({ outcome: 'rows-quarantined', rows: 1, badRows: 3 });
  const waiting = await listQuarantined(lake.ports.items);
  expect(waiting.flatMap(w => w.rows.map(r => r.code))).toEqual(Array(6).fill('TM_2385'));
  expect(waiting[0]!.reason).toContain('a row with op U in an append table, which keeps every row');
  expect(shown((await rowsOf(lake, 'clicks')).current, ['n'])).toEqual(['0', '0']);
});

test('append.type: a column whose type changes from row to row: what does not fit waits, the others go on', async () => {
  const lake = anyLake({ clicks: CLICKS });
  const values = ['1', '"2"', '"two"', '2.5', '{"n":2}', 'true', 'null', '1e3', '3'];
  const taken = await deliver(
    lake,
    values.map(v => `{"n":${v}}`),
  );
  expect(taken.tables).toMatchObject([{ outcome: 'rows-quarantined', rows: 5, badRows: 4 }]);
  expect(shown((await rowsOf(lake, 'clicks')).current, ['n'])).toEqual(['1', '1000', '2', '3', 'null']);
  const [waiting] = await listQuarantined(lake.ports.items);
  expect(waiting!.rows.map(r => [r.code, r.column])).toEqual(Array(4).fill(['TM_2103', 'n']));
  // Declared as what holds them all, they come in.
  const mended = anyLake({ clicks: { ...CLICKS, columns: {} } });
  await deliver(
    mended,
    values.map(v => `{"n":${v}}`),
  );
  expect(shown((await rowsOf(mended, 'clicks')).current, ['n'])).toHaveLength(9);
});
