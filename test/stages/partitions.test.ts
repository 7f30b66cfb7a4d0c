import { currentSnapshot } from '../../lib/iceberg/metadata';
import { liveFiles } from '../../lib/table/live-files';
import { openTable } from '../../lib/table/open';
import { mergeAll, readRows, type TestLake, take, testLake } from '../support/lake';

const lakeBy = (partitionBy: string[]) =>
  testLake({
    name: 'p',
    tables: { t: { key: ['id'], columns: { id: 'bigint', created_at: 'timestamp', v: 'int' }, partitionBy } },
  });

async function partitions(lake: TestLake): Promise<unknown[]> {
  const { metadata } = (await openTable(lake.ports, 't'))!;
  const { data } = await liveFiles(lake.ports.store, metadata, currentSnapshot(metadata));
  return data.map(f => f.file.partition[0]).sort();
}

const file = (rows: [number, string, number][]) =>
  `id,created_at,v\n${rows.map(([id, at, v]) => `${id},${at} 12:00:00,${v}`).join('\n')}\n`;

test('partition.month: a row whose month changes leaves its old partition', async () => {
  const lake = lakeBy(['month(created_at)']);
  await take(
    lake,
    't.csv',
    file([
      [1, '2021-01-31', 1],
      [2, '2021-01-05', 2],
      [3, '2021-02-01', 3],
    ]),
    { date: '2021-03-01' },
  );
  await mergeAll(lake, 't');
  expect(await partitions(lake)).toEqual([612, 613]);
  await take(
    lake,
    'a/t.csv',
    file([
      [1, '2021-02-28', 10],
      [3, '1969-12-31', 30],
    ]),
    { date: '2021-03-02' },
  );
  const [merged] = await mergeAll(lake, 't');
  expect(merged!.rows).toEqual({ new: 0, changed: 2, deleted: 0, total: 3 });
  expect(await partitions(lake)).toEqual([-1, 612, 613]);
  const rows = await readRows(lake.ports, 't');
  expect(rows.map(r => [Number(r.id), r.v]).sort()).toEqual([
    [1, 10],
    [2, 2],
    [3, 30],
  ]);
});

test('partition.bucket: updates rewrite only the buckets they touch', async () => {
  const lake = lakeBy(['bucket(8, id)']);
  const all = Array.from({ length: 64 }, (_, i): [number, string, number] => [i, '2021-01-01', i]);
  await take(lake, 't.csv', file(all), { date: '2021-03-01' });
  await mergeAll(lake, 't');
  const before = await openTable(lake.ports, 't');
  const old = new Set((await liveFiles(lake.ports.store, before!.metadata)).data.map(f => f.file.path));
  await take(lake, 'a/t.csv', file([[5, '2022-01-01', 500]]), { date: '2021-03-02' });
  await mergeAll(lake, 't');
  const after = await openTable(lake.ports, 't');
  const now = (await liveFiles(lake.ports.store, after!.metadata)).data.map(f => f.file.path);
  expect(now.filter(path => !old.has(path))).toHaveLength(1);
  const rows = await readRows(lake.ports, 't');
  expect(rows).toHaveLength(64);
  expect(new Set(rows.map(r => r.id)).size).toBe(64);
  expect(rows.find(r => r.id === 5n)).toMatchObject({ v: 500 });
});
