import { gzipSync } from 'node:zlib';
import type { LoadConfig, TableConfig } from '../../../lib/config/define';
import { openLoad } from '../../../lib/ledger/loads';
import { countTasks } from '../../../lib/ledger/task-counts';
import { listTasks } from '../../../lib/ledger/tasks';
import { retryNoted } from '../../../lib/runtime/load-status';
import type { LoadProject } from '../../../lib/stages/load/project';
import { scopeOf } from '../../../lib/stages/load/recipe';
import { recipeUnderWay } from '../../../lib/stages/load/recipe-object';
import { filesSource } from '../../../lib/stages/load/source/files';
import { openTable } from '../../../lib/table/open';
import { mergeAll, readRows, type TestLake, take, testLake } from '../../support/lake';
import { hasty, loadPorts, projectOf } from '../../support/load-project';

const T = 't';

function lakeOf(load: LoadConfig = {}, landing?: TestLake['landing']): TestLake {
  const table: TableConfig = {
    key: ['id'],
    columns: { id: 'bigint', v: 'int', at: 'timestamp', w: 'int' },
    // Every file is a group of its own.
    load: { groupBytes: 1, derive: { w: 'v + 1' }, ...load },
  };
  const lake = testLake({ name: 'bad', tables: { [T]: table } });
  return landing ? { ...lake, landing } : lake;
}

/** The lake again, with another config. */
const mended = (lake: TestLake, load: LoadConfig): TestLake => ({
  ...lakeOf(load, lake.landing),
  ports: lake.ports,
});

async function put(lake: TestLake, name: string, ...rows: string[]): Promise<void> {
  const text = Buffer.from(`id,v,at\n${rows.join('\n')}\n`);
  await lake.landing.put(`copy/${name}`, name.endsWith('.gz') ? gzipSync(text) : text);
}

const day = (n: number) => `2021-01-0${n} 00:00:00`;
const project = (lake: TestLake, more: Parameters<typeof projectOf>[3] = {}): LoadProject =>
  projectOf(lake, filesSource(lake.landing, { table: T, from: ['copy/'] }), T, { workers: 1, ...more });

const rowsOf = async (lake: TestLake) =>
  (await readRows(lake.ports, T)).map(r => `${r.id} ${r.v} ${r.w}`).sort();

/** The load fails with this code, and no reader has seen any of it. */
async function fails(lake: TestLake, code: string, ...said: RegExp[]): Promise<void> {
  const error = await project(lake)
    .run()
    .then(
      () => undefined,
      (thrown: unknown) => thrown as Error & { code: string },
    );
  expect(error?.message).toContain(code);
  for (const words of said) expect(error!.message).toMatch(words);
  expect(await openTable(lake.ports, T)).toBeUndefined();
  expect(await openLoad(lake.ports.items, T)).toBeDefined();
}

test('load.badRow: a derivation that fails on one row names it, the other tasks go on, and retry takes it up', async () => {
  const lake = lakeOf({ derive: { w: "CAST(repeat('9', v) AS INT)" } });
  await put(lake, '1.csv', `1,1,${day(1)}`);
  await put(lake, '2.csv', `2,5,${day(1)}`, `3,20,${day(1)}`);
  await put(lake, '3.csv', `4,2,${day(1)}`);
  await fails(lake, 'TM_2753', /TM_2731/, /2\.csv, row 2/);
  const bad = project(lake);
  const scope = scopeOf(await recipeUnderWay(lake.ports, lake.lake.tables[0]!), 'split');
  expect(await countTasks(lake.ports.items, scope)).toMatchObject({ succeeded: 2, ignored: 1 });
  const [task] = (await listTasks(lake.ports.items, scope, 'ignored')).tasks;
  expect(task!.errors.map(e => e.try)).toEqual([1, 2, 3]);

  await put(lake, '2.csv', `2,5,${day(1)}`, `3,3,${day(1)}`);
  await bad.run();
  expect(await rowsOf(lake)).toEqual(['1 1 9', '2 5 99999', '3 3 999', '4 2 99']);
}, 60_000);

test('load.badRow: what the config mends is split anew, and nothing of the first try counts', async () => {
  const lake = lakeOf({ derive: { w: "error('no')" } });
  await put(lake, '1.csv', `1,1,${day(1)}`);
  await fails(lake, 'TM_2753', /w/);
  const after = mended(lake, { derive: { w: 'v * 2' } });
  await project(after).run();
  expect(await rowsOf(after)).toEqual(['1 1 2']);
}, 60_000);

test('load.badFile: one that breaks off is named, and put whole it is taken', async () => {
  const lake = lakeOf();
  await put(lake, '1.csv', `1,1,${day(1)}`);
  await put(lake, '2.csv.gz', ...Array.from({ length: 5000 }, (_, i) => `${i + 2},${i},${day(1)}`));
  const whole = (await lake.landing.get('copy/2.csv.gz'))!;
  await lake.landing.put('copy/2.csv.gz', whole.slice(0, whole.length / 2));
  await fails(lake, 'TM_2753', /TM_2106/, /2\.csv\.gz/);
  await lake.landing.put('copy/2.csv.gz', whole);
  await project(lake).run();
  expect(await readRows(lake.ports, T)).toHaveLength(5001);
}, 60_000);

test('load.replacedFile: a file that changes while it is loaded is never mixed with what was planned', async () => {
  const lake = lakeOf();
  await put(lake, '1.csv', `1,1,${day(1)}`);
  await put(lake, '2.csv', `2,2,${day(1)}`);
  const before = project(lake);
  const recipe = await before.plan();
  await put(lake, '2.csv', `2,9,${day(1)}`);
  await before.work(recipe, 'split');
  const [task] = (await listTasks(lake.ports.items, scopeOf(recipe, 'split'), 'ignored')).tasks;
  expect(task!.errors.at(-1)!.message).toMatch(/TM_5003/);
  await project(lake).run();
  expect(await rowsOf(lake)).toEqual(['1 1 2', '2 9 10']);
}, 60_000);

test('load.keys: rows without a key are named and refused', async () => {
  const lake = lakeOf();
  await put(lake, '1.csv', `1,1,${day(1)}`, `,2,${day(1)}`);
  await fails(lake, 'TM_2753', /TM_2756/, /1\.csv row 2/);
}, 60_000);

test('load.keys: rows that share a key are listed and refused, or the newest counts, also in a rebuild', async () => {
  const lake = lakeOf();
  await put(lake, '1.csv', `1,1,${day(1)}`, `2,2,${day(3)}`, `3,3,${day(1)}`);
  await put(lake, '2.csv', `2,7,${day(2)}`, `3,8,${day(2)}`);
  await fails(lake, 'TM_2754', /2 keys/, /\b2 in \S+1\.csv; 2 in \S+2\.csv/, /\b3 in/);
  const newest = mended(lake, { duplicateKeys: { newestBy: 'at' } });
  const { validation } = await project(newest).run();
  expect(validation).toMatchObject({ outdone: 2, differences: [] });
  expect(await rowsOf(newest)).toEqual(['1 1 2', '2 2 3', '3 8 9']);
  expect(await readRows(lake.ports, `${T}_deltas`)).toHaveLength(3);
}, 60_000);

test('load.diskFull: a store that takes no more fails the task, and the load goes on when there is room', async () => {
  const lake = lakeOf();
  await put(lake, '1.csv', `1,1,${day(1)}`);
  const ports = { ...loadPorts(lake), clock: hasty() };
  let full = true;
  const putIfAbsent: typeof ports.store.putIfAbsent = async (key, body) => {
    if (full && key.endsWith('.parquet'))
      throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
    return ports.store.putIfAbsent(key, body);
  };
  const crowded = { ...ports, store: { ...ports.store, putIfAbsent } };
  await expect(project(lake, { ports: crowded }).run()).rejects.toThrow(/TM_2753.*no space left/);
  full = false;
  const again = project(lake, { ports: crowded });
  const { load } = (await openLoad(lake.ports.items, T))!;
  expect(await retryNoted(ports, load, undefined)).toBe(1);
  await again.run();
  expect(await rowsOf(lake)).toEqual(['1 1 2']);
}, 60_000);

test('load.replace: what the copy lacks goes, what came after stays, and the same copy is not taken in twice', async () => {
  const lake = lakeOf();
  await take(lake, `${T}-2021-01-01.csv`, `id,v,at,w\n1,1,,1\n9,9,,9\n`);
  await mergeAll(lake, T);
  await put(lake, '1.csv', `1,5,${day(1)}`, `2,2,${day(1)}`);
  const replace = project(lake, { replaces: true });
  const recipe = await replace.plan();
  await take(lake, `${T}-2021-01-03.csv`, `id,v,at,w\n3,3,,3\n`);
  await mergeAll(lake, T);
  expect(await rowsOf(lake)).toEqual(['1 1 1', '3 3 3', '9 9 9']);
  expect((await replace.run()).id).toBe(recipe.load.id);
  expect(await rowsOf(lake)).toEqual(['1 5 6', '2 2 3', '3 3 3']);
  await take(lake, `${T}-2021-01-04.csv`, `id,v,at,w\n2,7,,7\n`);
  await mergeAll(lake, T);
  expect(await project(lake, { replaces: true }).run()).toEqual({
    id: recipe.load.id,
    n: 3,
    merged: undefined,
  });
  expect(await rowsOf(lake)).toEqual(['1 5 6', '2 7 7', '3 3 3']);
}, 60_000);

test('load.empty: a copy without rows makes an empty table', async () => {
  const lake = lakeOf();
  await put(lake, '1.csv');
  await project(lake).run();
  expect(await openTable(lake.ports, T)).toBeDefined();
  expect(await rowsOf(lake)).toEqual([]);
}, 60_000);

test('load.request: a replace is never carried on as the plain load that is under way, nor taken for one', async () => {
  const lake = lakeOf();
  await put(lake, '1.csv', `1,1,${day(1)}`);
  await project(lake).plan();
  await expect(project(lake, { replaces: true }).run()).rejects.toThrow(/TM_2760/);
  await put(lake, '1.csv', `1,2,${day(1)}`);
  await project(lake).run();
  expect(await project(lake).run()).toMatchObject({ n: 1, merged: undefined });
  expect((await project(lake, { replaces: true }).run()).n).toBe(2);
}, 60_000);
