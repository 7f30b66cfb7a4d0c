import { currentSchema } from '../../lib/iceberg/metadata';
import { snapshotAt } from '../../lib/query/as-of';
import { applySchema } from '../../lib/stages/schema/apply';
import { addTag, dropTag, listTags } from '../../lib/stages/tags';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { liveFiles } from '../../lib/table/live-files';
import { openTable } from '../../lib/table/open';
import { mergeAll, type Row, readFiles, readRows, type TestLake, take, testLake } from '../support/lake';

const DAY_MS = 24 * 3_600_000;
const NOW = { at: Number.MAX_SAFE_INTEGER };

const lakeOf = (columns: Record<string, string>) =>
  testLake({ name: 'shop', tables: { t: { key: ['id'], columns: { id: 'bigint', ...columns } } } });

/** The lake as it is some days later. */
const later = (lake: TestLake, days: number): TestLake => {
  const now = lake.ports.clock.now() + days * DAY_MS;
  return { ...lake, ports: { ...lake.ports, clock: { ...lake.ports.clock, now: () => now } } };
};

async function rowsAt({ ports }: TestLake, tag: string): Promise<Row[]> {
  const { metadata } = (await openTable(ports, 't'))!;
  const snapshot = snapshotAt('t', metadata, { tag });
  const { fields } = metadata.schemas.find(s => s['schema-id'] === snapshot['schema-id'])
    ? currentSchema({ ...metadata, 'current-schema-id': snapshot['schema-id']! })
    : currentSchema(metadata);
  return readFiles(ports, await liveFiles(ports.store, metadata, snapshot), fields);
}

test('tags.stay: a version that has a name outlives its age, its files and its shape', async () => {
  const lake = lakeOf({});
  await take(lake, 't-2021-01-01.csv', 'id,v\n1,10\n2,20\n');
  await mergeAll(lake, 't');
  const tag = await addTag(lake.ports, 't', 'before-friday', NOW);
  expect(await addTag(lake.ports, 't', 'before-friday', NOW)).toEqual(tag);
  // Retyped on Friday.
  const typed = { ...lake, lake: lakeOf({ v: 'int' }).lake };
  await applySchema(typed.ports, typed.lake, typed.lake.tables[0]!);
  await take(typed, 't-2021-01-02.csv', 'id,v\n1,11\n3,30\n');
  await mergeAll(typed, 't');
  for (const days of [40, 42]) {
    const then = later(typed, days);
    await take(then, `t-2021-02-0${days - 39}.csv`, `id,v\n${days},1\n`);
    await mergeAll(then, 't');
    await vacuum(then.ports);
  }
  const { metadata } = (await openTable(lake.ports, 't'))!;
  expect(metadata.snapshots.length).toBeLessThan(4);
  const rows = (await rowsAt(typed, 'before-friday')).map(({ id, v }) => `${id} ${JSON.stringify(v)}`);
  expect(rows).toEqual(['1 "10"', '2 "20"']);
  expect((await readRows(typed.ports, 't')).map(({ id, v }) => `${id} ${v}`).sort()).toEqual(
    ['1 11', '2 20', '3 30', '40 1', '42 1'].sort(),
  );
  expect(await listTags(typed.ports)).toEqual([tag]);
});

test('tags.drop: a version whose name is dropped goes with those of its age', async () => {
  const lake = lakeOf({ v: 'int' });
  for (const [i, text] of ['id,v\n1,10\n', 'id,v\n1,11\n'].entries()) {
    await take(lake, `t-2021-01-0${i + 1}.csv`, text);
    await mergeAll(lake, 't');
    await addTag(lake.ports, 't', `v${i}`, NOW);
  }
  expect(await dropTag(lake.ports, 't', 'v0')).toBe(true);
  expect(await dropTag(lake.ports, 't', 'v0')).toBe(false);
  for (const days of [40, 42]) {
    const then = later(lake, days);
    await take(then, `t-2021-02-0${days - 39}.csv`, `id,v\n${days},1\n`);
    await mergeAll(then, 't');
    await vacuum(then.ports);
  }
  expect((await rowsAt(lake, 'v1')).map(({ v }) => v)).toEqual([11]);
  await expect(rowsAt(lake, 'v0')).rejects.toMatchObject({ code: 'TM_6025' });
});

test('tags.names: one name has one version, and reads as no time', async () => {
  const lake = lakeOf({ v: 'int' });
  await take(lake, 't-2021-01-01.csv', 'id,v\n1,10\n');
  await mergeAll(lake, 't');
  await addTag(lake.ports, 't', 'one', NOW);
  await take(lake, 't-2021-01-02.csv', 'id,v\n1,11\n');
  await mergeAll(lake, 't');
  const add = (name: string) => addTag(lake.ports, 't', name, NOW);
  await expect(add('one')).rejects.toMatchObject({ code: 'TM_4026' });
  await expect(add('main')).rejects.toMatchObject({ code: 'TM_4026' });
  for (const name of ['today', '2021', 'a b', '', '5 days ago'])
    await expect(add(name)).rejects.toMatchObject({ code: 'TM_6026' });
  await expect(addTag(lake.ports, 'nothing', 'x', NOW)).rejects.toMatchObject({ code: 'TM_6002' });
  expect(await dropTag(lake.ports, 't', 'main')).toBe(false);
});
