import { fixedClock } from '../../lib/adapters/memory/clock';
import { listQuarantined } from '../../lib/ledger/quarantine';
import { replay } from '../../lib/stages/replay';
import { traceFile } from '../../lib/stages/trace';
import { mergeAll, readRows, type TestLake, take, testLake } from '../support/lake';

const CONFIG = { name: 'r', tables: { t: { key: ['id'], columns: { id: 'bigint', v: 'string' } } } };
const DAY = 86_400_000;
const MONDAY = Date.UTC(2026, 2, 2);

/** The same lake, so many days later. */
const later = (test: TestLake, days: number): TestLake => ({
  ...test,
  ports: { ...test.ports, clock: fixedClock(MONDAY + days * DAY) },
});
const file = (v: string) => `id,v\n1,${v}\n`;
const value = async (test: TestLake) => {
  await mergeAll(test, 't');
  return (await readRows(test.ports, 't'))[0]?.v;
};

test('replay.date: a file without a date in its name keeps the day on which it came first', async () => {
  const lake = later(testLake(CONFIG), 0);
  await take(lake, 't (1).csv', file('old'));
  await take(later(lake, 1), 't-2026-03-03.csv', file('new'));
  const friday = later(lake, 4);
  const [taken] = await replay(friday.ports, friday.lake, 't (1).csv', { table: 't' });
  expect(taken).toMatchObject({ outcome: 'taken-in', dateReceived: '2026-03-02' });
  expect(await value(friday)).toBe('new');
});

test('replay.date: a date with something behind it in the name counts once the table is named', async () => {
  const lake = later(testLake(CONFIG), 0);
  await take(lake, 't-2024-03-06.csv', file('new'));
  const stray = await take(lake, 't-2024-03-05-v2.csv', file('old'));
  expect(stray.error?.message).toContain('it counts for 2024-03-05');
  const [taken] = await replay(lake.ports, lake.lake, 't-2024-03-05-v2.csv', { table: 't' });
  expect(taken).toMatchObject({ dateReceived: '2024-03-05' });
  expect(await value(lake)).toBe('new');
});

test('replay.date: asked for, it is the one that counts, from then on', async () => {
  const lake = later(testLake(CONFIG), 0);
  const stray = await take(lake, 't-05-03-2024.csv', 'id,v\n,x\n');
  expect(stray.error?.message).toContain('--date');
  await take(lake, 't-2024-03-06.csv', file('new'));
  const asked = { table: 't', date: '2024-03-05' };
  expect(await replay(lake.ports, lake.lake, 't-05-03-2024.csv', asked)).toMatchObject([
    { outcome: 'quarantined' },
  ]);
  const [waiting, ...others] = await listQuarantined(lake.ports.items);
  expect([waiting, others]).toMatchObject([{ askedTable: 't', date: '2024-03-05', code: 'TM_2203' }, []]);
  const ways = await traceFile(lake.ports, lake.lake, 't-05-03-2024.csv');
  expect(ways.map(way => way.waits?.code)).toEqual([undefined, 'TM_2203']);
});

test('replay.date: rows whose file is in keep its date', async () => {
  const rows = { ...CONFIG, onBadRow: 'quarantineRow' as const };
  const lake = later(testLake(rows), 0);
  await take(lake, 't-2026-03-01.csv', 'id,v\n1,a\n2\n');
  await expect(
    replay(lake.ports, lake.lake, 't-2026-03-01.csv', { date: '2026-03-09' }),
  ).rejects.toMatchObject({ code: 'TM_2308' });
});
