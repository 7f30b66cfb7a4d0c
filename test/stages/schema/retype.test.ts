import { currentSchema } from '../../../lib/iceberg/metadata';
import { isRetyping } from '../../../lib/ledger/paused';
import type { ObjectStore } from '../../../lib/ports/object-store';
import { applySchema } from '../../../lib/stages/schema/apply';
import { planSchema } from '../../../lib/stages/schema/plan';
import { FOOTERS_AT_ONCE } from '../../../lib/table/at-once';
import { openTable } from '../../../lib/table/open';
import { mergeAll, readRows, type TestLake, take, testLake } from '../../support/lake';
import { under } from '../../support/under';

const columns = (x: string, more: Record<string, string> = {}) => ({
  name: 'shop',
  tables: { t: { key: ['id'], columns: { id: 'bigint', x, ...more } } },
});

const tableOf = (lake: TestLake) => lake.lake.tables[0]!;

async function received(): Promise<TestLake> {
  const lake = testLake(columns('text'));
  await take(lake, 't-2021-01-01.csv', 'id,x\n1,10\n2,20\n3,\n');
  await mergeAll(lake, 't');
  await take(lake, 't-2021-01-02.csv', 'id,x\n2,22\n4,40\n');
  await mergeAll(lake, 't');
  await take(lake, 't-2021-01-03.csv', 'id,x\n5, 50\n');
  return lake;
}

const rowsOf = async (lake: TestLake) =>
  (await readRows(lake.ports, 't'))
    .map(({ id, x }) => [Number(id), x])
    .sort((a, b) => Number(a[0]) - Number(b[0]));

test('retype.strings: cast from the log, in both tables, the text kept', async () => {
  const before = await received();
  const lake = under(before, columns('int'));
  expect(await planSchema(lake.ports, tableOf(lake))).toEqual([
    { table: 't', column: 'x', kind: 'retype', from: 'string', to: 'int' },
  ]);
  const done = await applySchema(lake.ports, lake.lake, tableOf(lake));
  expect(done.uncastable.count).toBe(0);
  expect(await rowsOf(lake)).toEqual([
    [1, 10],
    [2, 22],
    [3, null],
    [4, 40],
  ]);
  expect(await isRetyping(lake.ports.items, 't')).toBe(false);
  await take(lake, 't-2021-01-04.csv', 'id,x\n1,11\n');
  await mergeAll(lake, 't');
  expect(await rowsOf(lake)).toEqual([
    [1, 11],
    [2, 22],
    [3, null],
    [4, 40],
    [5, 50],
  ]);
  const log = await readRows(lake.ports, 't_deltas');
  expect(log.map(r => [Number(r.id), r.x, r.x_as_received])).toEqual(
    expect.arrayContaining([
      [1, 10, '10'],
      [2, 22, '22'],
      [5, 50, ' 50'],
      [1, 11, null],
    ]),
  );
  const { metadata } = (await openTable(lake.ports, 't'))!;
  expect(currentSchema(metadata).fields.map(f => f.name)).toEqual([
    'id',
    'x',
    '_pos_major',
    '_pos_minor',
    '_changed_at',
  ]);
  expect(await planSchema(lake.ports, tableOf(lake))).toEqual([]);
});

test('retype.doesNotCast: refused with the rows, NULL only if asked', async () => {
  const before = await received();
  await take(before, 't-2021-01-05.csv', 'id,x\n6,sixty\n');
  const lake = under(before, columns('int'));
  const found = await applySchema(lake.ports, lake.lake, tableOf(lake), { dryRun: true });
  const { stopped } = await applySchema(lake.ports, lake.lake, tableOf(lake));
  expect(stopped?.code).toBe('TM_3097');
  expect(stopped?.message).toContain('"sixty"');
  expect(await isRetyping(lake.ports.items, 't')).toBe(false);
  expect(found.uncastable.count).toBe(1);
  const done = await applySchema(lake.ports, lake.lake, tableOf(lake), { nullWhatDoesNotCast: true });
  expect(done.uncastable.first).toEqual([
    expect.objectContaining({ column: 'x', entry: 4, source: 't-2021-01-05.csv', key: ['6'], text: 'sixty' }),
  ]);
  await mergeAll(lake, 't');
  expect((await rowsOf(lake)).at(-1)).toEqual([6, null]);
  const log = await readRows(lake.ports, 't_deltas');
  expect(log.find(r => r.id === 6n)?.x_as_received).toBe('sixty');
});

test('retype.manyFiles: they are tried and written many at once, and those that have values are not asked again', async () => {
  const before = testLake(columns('text'));
  for (let day = 10; day <= 39; day++) await take(before, `t-20${day}-01-01.csv`, `id,x\n${day},${day}\n`);
  await mergeAll(before, 't');
  const lake = under(before, columns('int'));
  const most = { get: 0, put: 0 };
  const asked: string[] = [];
  const store = busyStore(lake.ports.store, most, asked);
  await applySchema({ ...lake.ports, store }, lake.lake, tableOf(lake), { dryRun: true });
  expect(most.get).toBe(FOOTERS_AT_ONCE);
  asked.length = 0;
  await applySchema({ ...lake.ports, store }, lake.lake, tableOf(lake));
  expect(most.put).toBe(FOOTERS_AT_ONCE);
  expect(most.get).toBe(FOOTERS_AT_ONCE);
  // Each file that was cast: whose rows it has, after either cast, and the fold.
  const cast = asked.filter(key => key.startsWith('deltas/t/joined/'));
  expect(cast).toHaveLength(3 * 30);
  expect(new Set(cast).size).toBe(30);
  expect(await rowsOf(lake)).toHaveLength(30);
});

/** Answers a moment later; tells how many calls were under way at once, and what was read. */
function busyStore(store: ObjectStore, most: { get: number; put: number }, asked: string[]): ObjectStore {
  const now = { get: 0, put: 0 };
  const counted = async <R>(what: 'get' | 'put', work: () => Promise<R>): Promise<R> => {
    most[what] = Math.max(most[what], ++now[what]);
    await new Promise(done => setTimeout(done, 1));
    return work().finally(() => now[what]--);
  };
  return {
    ...store,
    get: key => {
      asked.push(key);
      return counted('get', () => store.get(key));
    },
    putIfAbsent: (key, body) => counted('put', () => store.putIfAbsent(key, body)),
  };
}

test('retype.key: a key column of strings', async () => {
  const config = (id: string) => ({
    name: 'shop',
    tables: { t: { key: ['id'], columns: { id, x: 'text' } } },
  });
  const before = testLake(config('text'));
  await take(before, 't-2021-01-01.csv', 'id,x\n9,a\n10,b\n');
  await mergeAll(before, 't');
  const lake = under(before, config('bigint'));
  await applySchema(lake.ports, lake.lake, tableOf(lake));
  await take(lake, 't-2021-01-02.csv', 'id,x\n9,c\n11,d\n');
  await mergeAll(lake, 't');
  expect(await rowsOf(lake)).toEqual([
    [9, 'c'],
    [10, 'b'],
    [11, 'd'],
  ]);
  const bad = under(before, config('bigint'));
  expect(await planSchema(bad.ports, tableOf(bad))).toEqual([]);
});

test('retype.append: of a table without a key, whose every row stays', async () => {
  const config = (columns: Record<string, string>) => ({
    name: 'shop',
    tables: { t: { mode: 'append' as const, columns } },
  });
  const before = testLake(config({}));
  await take(before, 't-2021-01-01.csv', 'id,x\n1,10\n1,10\n');
  await mergeAll(before, 't');
  await take(before, 't-2021-01-02.csv', 'id,x\n2,20\n');
  const lake = under(before, config({ id: 'bigint', x: 'int' }));
  expect((await applySchema(lake.ports, lake.lake, tableOf(lake))).stopped).toBeUndefined();
  await mergeAll(lake, 't');
  expect(await rowsOf(lake)).toEqual([
    [1, 10],
    [1, 10],
    [2, 20],
  ]);
});

test('retype.refused: a column that the table is partitioned by, and one whose name for its texts is taken', async () => {
  const config = (x: string, partitionBy: string[] = []) => ({
    name: 'shop',
    tables: { t: { key: ['id'], columns: { id: 'bigint', x }, partitionBy } },
  });
  const parted = testLake(config('text', ['truncate(2, x)']));
  await take(parted, 't-2021-01-01.csv', 'id,x\n1,10\n');
  await mergeAll(parted, 't');
  const taken = testLake(config('text'));
  await take(taken, 't-2021-01-01.csv', 'id,x,X_as_received\n1,10,11\n');
  for (const before of [parted, taken]) {
    const lake = under(before, config('int'));
    const [change] = await planSchema(lake.ports, tableOf(lake));
    expect(change).toMatchObject({ kind: 'refused', why: { code: 'TM_3098' } });
    const { changes } = await applySchema(lake.ports, lake.lake, tableOf(lake));
    expect(changes).toMatchObject([{ kind: 'refused' }]);
  }
});
