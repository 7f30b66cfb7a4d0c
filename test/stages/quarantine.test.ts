import { listQuarantined } from '../../lib/ledger/quarantine';
import { replay } from '../../lib/stages/replay';
import { mergeAll, readRows, type TestLake, take, testLake } from '../support/lake';

const config = (format: object) => ({
  name: 'q',
  tables: {
    t: {
      key: ['id'],
      columns: { id: 'bigint', amount: 'decimal(10,2)' },
      onBadRow: 'quarantineRow' as const,
      format,
    },
  },
});
const FILE = 'id,amount\n1,1.50\n3,"3,50"\n';
const with_ = (lake: TestLake, format: object): TestLake => ({
  ...lake,
  lake: testLake(config(format)).lake,
});

test('quarantine.rows: a replay under a wrong mend keeps the rows waiting for the right one', async () => {
  const lake = testLake(config({}));
  expect(await take(lake, 't-2021-01-01.csv', FILE)).toMatchObject({ outcome: 'rows-quarantined', rows: 1 });
  const wrong = with_(lake, { delimiter: ';' });
  expect(await replay(wrong.ports, wrong.lake, 't-2021-01-01.csv')).toMatchObject([
    { outcome: 'quarantined' },
  ]);
  expect(await listQuarantined(lake.ports.items)).toMatchObject([{ scope: 'rows', badRows: 1 }]);
  const right = with_(lake, { decimalComma: true });
  expect(await replay(right.ports, right.lake, 't-2021-01-01.csv')).toMatchObject([
    { outcome: 'taken-in', rows: 1 },
  ]);
  await mergeAll(right, 't');
  expect((await readRows(lake.ports, 't')).map(r => [r.id, r.amount])).toEqual([
    [1n, 150n],
    [3n, 350n],
  ]);
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
});

test('quarantine.many: with more bad rows than a record holds the file waits whole', async () => {
  const lake = testLake(config({}));
  const bad = Array.from({ length: 6000 }, (_, i) => `${i},x`).join('\n');
  expect(await take(lake, 't.csv', `id,amount\n${bad}\n`)).toMatchObject({
    outcome: 'quarantined',
    badRows: 6000,
  });
});

test('quarantine.names: a file is not guessed into a table whose name only begins its own', async () => {
  const lake = testLake(config({}));
  for (const name of ['t_items.csv', 't-2021-01-02-fix.csv', 't-archive.csv']) {
    expect(await take(lake, name, FILE)).toMatchObject({
      outcome: 'quarantined',
      error: { code: 'TM_2302' },
    });
  }
  expect(await take(lake, 't-changes.csv', 'id,amount\n1,1\n')).toMatchObject({ outcome: 'taken-in' });
});

test('quarantine.columns: a file without the key, or without the column of deletedWhen, waits', async () => {
  const lake = testLake(config({}));
  expect(await take(lake, 't.csv', 'nr,amount\n1,1\n')).toMatchObject({ error: { code: 'TM_2204' } });
  const t = { key: ['id'], deletedWhen: { column: 'delted', equals: true } };
  const misspelt = testLake({ name: 'd', tables: { t } });
  expect(await take(misspelt, 't.csv', 'id,deleted\n1,true\n')).toMatchObject({ error: { code: 'TM_2307' } });
});
