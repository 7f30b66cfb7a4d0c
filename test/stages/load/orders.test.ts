import { currentSchema } from '../../../lib/iceberg/metadata';
import { openLoad } from '../../../lib/ledger/loads';
import { countTasks } from '../../../lib/ledger/task-counts';
import { planGroups } from '../../../lib/stages/load/groups';
import { planLoadPacks } from '../../../lib/stages/load/plan-packs';
import { scopeOf } from '../../../lib/stages/load/recipe';
import { rebuild } from '../../../lib/stages/rebuild';
import { openFile } from '../../../lib/table/data-file';
import { liveFiles } from '../../../lib/table/live-files';
import { theTable } from '../../support/foreign';
import { readRows } from '../../support/lake';
import { loadPorts, projectOf } from '../../support/load-project';
import { ordersLake, sourceOf } from '../../support/orders';

const monthOf = (time: bigint) => new Date(Number(time / 1000n)).toISOString().slice(5, 7);

test('load.orders: groups, rows of each partition, order and sums are what a naive look at the copy says', async () => {
  const { lake, copy, target } = await ordersLake();
  const project = projectOf(lake, sourceOf(lake, copy), 'orders');
  const recipe = await project.plan();
  const groups = planGroups(copy.files, target);
  expect(await countTasks(lake.ports.items, scopeOf(recipe, 'split'))).toMatchObject({
    pending: groups.length,
  });
  const loaded = await project.run();
  expect(loaded).toMatchObject({
    n: 1,
    merged: { through: 1, rows: { new: 1000, total: 1000 } },
  });

  const months = new Map<string, number>();
  for (const { order_time } of copy.rows)
    months.set(monthOf(order_time), (months.get(monthOf(order_time)) ?? 0) + 1);
  const { partitions, all, sourceRows, differences } = loaded.validation!;
  expect(
    partitions.map(({ partition, after }) => [partition, after.files, after.rows, after.counted]),
  ).toEqual([...months].sort().map(([month, rows]) => [`year=2021/month=${month}`, 1, rows, rows]));
  expect(all.before.files).toBeGreaterThan(all.after.files);
  expect([all.before.rows, all.after.rows, all.after.counted, sourceRows]).toEqual([1000, 1000, 1000, 1000]);
  expect(differences).toEqual([]);

  const { metadata } = await theTable(lake.ports, 'orders');
  const { fields } = currentSchema(metadata);
  for (const { file } of (await liveFiles(lake.ports.store, metadata)).data) {
    const opened = await openFile(lake.ports.store, file);
    const times: bigint[] = [];
    for (let g = 0; g < opened.footer.rowGroups.length; g++) {
      const { columns } = await opened.read(
        g,
        fields.filter(f => f.name === 'order_time'),
      );
      times.push(...(columns[0] as { values: BigInt64Array }).values);
    }
    expect(times).toEqual([...times].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
    expect(file.partition).toEqual(['2021', monthOf(times[0]!)]);
  }
  const rows = await readRows(lake.ports, 'orders');
  const got = rows.map(r => [r.order_id, r.order_time, r.amount, r.record_id, r.update_time, r.month].join());
  const expected = copy.rows.map(({ order_id: id, order_time: t, amount }) =>
    [id, t, amount, id, t, monthOf(t)].join(),
  );
  expect(got.sort()).toEqual(expected.sort());
  await rebuild(lake.ports, lake.lake.tables[0]!, lake.lake.limits);
  expect(await readRows(lake.ports, 'orders')).toHaveLength(1000);
  expect(await openLoad(lake.ports.items, 'orders')).toBeUndefined();
}, 120_000);

test('load.parts: more parts than a load may have are refused with the way out, before anything is packed', async () => {
  const { lake, copy } = await ordersLake();
  const project = projectOf(lake, sourceOf(lake, copy), 'orders');
  const recipe = await project.plan();
  await project.work(recipe, 'split');
  const packs = planLoadPacks(loadPorts(lake), recipe, 5);
  await expect(packs).rejects.toThrow(/TM_2771.*groups of the copy have \d+ parts.*raise load\.groupBytes/);
  expect((await countTasks(lake.ports.items, scopeOf(recipe, 'pack'))).pending).toBe(0);
});
