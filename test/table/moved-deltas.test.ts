import { readEntry } from '../../lib/ledger/entries';
import { commitLoad } from '../../lib/stages/load/commit';
import { liveFiles } from '../../lib/table/live-files';
import { entries, LOG, objects, put, rebuildAll, rows, rulesLake, send, T, tableOf } from '../protocol/rules';
import { alter, theTable } from '../support/foreign';
import { expireLog as expireLogOf, optimizeLog as optimizeLogOf } from '../support/foreign-log';
import { mergeAll, type TestLake } from '../support/lake';
import { beginOf, filesOf } from '../support/loads';

async function optimizeLog({ ports }: TestLake, lost?: (path: string) => boolean): Promise<void> {
  expect(await optimizeLogOf(ports, T, { lost })).toBe(true);
}

/** All snapshots but the newest go with their files. */
async function expireLog({ ports }: TestLake): Promise<string[]> {
  const gone = await expireLogOf(ports, T);
  await alter(ports, LOG, md => ({ ...md, snapshots: md.snapshots.slice(-1) }));
  return gone;
}

/** Three deltas of one day in the log and the table, and one that waits. */
async function withLog(): Promise<TestLake> {
  const lake = rulesLake();
  await send(lake, [put(1, 1, 1, 'x'), put(2, 2, 1, 'x'), put(3, 3, 1, 'x')]);
  await send(lake, [put(4, 1, 2, 'y'), put(5, 4, 1, 'y')]);
  await send(lake, [put(6, 2, 3, 'z')]);
  await mergeAll(lake, T);
  await send(lake, [put(7, 3, 4, 'w')]);
  return lake;
}

const MERGED = ['1 2 y', '2 3 z', '3 1 x', '4 1 y'];
const ALL = ['1 2 y', '2 3 z', '3 4 w', '4 1 y'];

test('moved.expired after a merge of ours: rebuild reads deltas that are gone where the log has their rows', async () => {
  const lake = await withLog();
  await optimizeLog(lake);
  await mergeAll(lake, T);
  expect((await expireLog(lake)).length).toBeGreaterThanOrEqual(3);
  expect(await rows(lake)).toEqual(ALL);
  await rebuildAll(lake, lake.ports);
  expect(await rows(lake)).toEqual(ALL);
  await send(lake, [put(3, 1, 9, 'late'), put(8, 5, 1, 'v')]);
  await mergeAll(lake, T);
  expect(await rows(lake)).toEqual([...ALL, '5 1 v']);
});

test('moved.cursor lost with them: the log is restored from what it has and what waits', async () => {
  const lake = await withLog();
  await optimizeLog(lake);
  expect((await expireLog(lake)).length).toBe(3);
  await expect(mergeAll(lake, T)).rejects.toMatchObject({ code: 'TM_3002' });
  expect(await rows(lake)).toEqual(MERGED);
  await rebuildAll(lake, lake.ports);
  await mergeAll(lake, T);
  expect(await rows(lake)).toEqual(ALL);
  expect((await liveFiles(lake.ports.store, (await theTable(lake.ports, LOG)).metadata)).data.length).toBe(2);
});

test('moved.rows that the log lost with them are said to be lost', async () => {
  const lake = await withLog();
  const { key } = (await readEntry(lake.ports.items, T, 1))!;
  await optimizeLog(lake, path => path.endsWith(key));
  await mergeAll(lake, T);
  await expireLog(lake);
  await expect(rebuildAll(lake, lake.ports)).rejects.toMatchObject({ code: 'TM_3012', where: key });
  expect(await rows(lake)).toEqual(ALL);
});

/** The same, with a load of three parts before what waits. */
async function withLoad(): Promise<TestLake> {
  const lake = await withLog();
  const begun = (await beginOf(lake.ports, tableOf(lake), false))!;
  const copy = [1, 7, 8].map(id => ({ id: BigInt(id), a: id, b: 'copy' }));
  const files = await filesOf(lake.ports, tableOf(lake), begun, copy, {
    rowGroupRowsMax: 1,
    rowGroupBytesMax: 1 << 20,
    fileBytesMax: 1,
  });
  expect(files.parts).toHaveLength(3);
  await commitLoad(lake.ports, tableOf(lake), begun.standing, files);
  await mergeAll(lake, T);
  return lake;
}

const LOADED = [...ALL, '7 7 copy', '8 8 copy'];

test('moved.load: parts that are gone are read where the log has their rows', async () => {
  const lake = await withLoad();
  await optimizeLog(lake);
  await send(lake, [put(9, 9, 1, 'v')]);
  await mergeAll(lake, T);
  expect((await expireLog(lake)).filter(key => key.includes('/loads/'))).toHaveLength(3);
  await rebuildAll(lake, lake.ports);
  expect(await rows(lake)).toEqual([...LOADED, '9 1 v']);
});

test('moved.load of which the cursor is lost too: the log is restored from what it has', async () => {
  const lake = await withLoad();
  await optimizeLog(lake);
  await expireLog(lake);
  await rebuildAll(lake, lake.ports);
  expect(await rows(lake)).toEqual(LOADED);
});

test('moved.load of which the log lost rows is said to be lost', async () => {
  const lake = await withLoad();
  const { key } = (await readEntry(lake.ports.items, T, 5))!;
  const lost = (await objects(lake, 'deltas/')).find(part => /\/loads\/.*parquet$/.test(part));
  await optimizeLog(lake, path => path.endsWith(lost!));
  await send(lake, [put(9, 9, 1, 'v')]);
  await mergeAll(lake, T);
  await expireLog(lake);
  await expect(rebuildAll(lake, lake.ports)).rejects.toMatchObject({ code: 'TM_3012', where: key });
});

test('restored.no file is removed and added again: expiry deletes what a snapshot removed', async () => {
  const lake = await withLog();
  await mergeAll(lake, T);
  await alter(lake.ports, LOG, md => ({
    ...md,
    snapshots: md.snapshots.slice(-1).map(s => ({ ...s, summary: { operation: 'append' } })),
  }));
  await rebuildAll(lake, lake.ports);
  const { metadata } = await theTable(lake.ports, LOG);
  const last = metadata.snapshots.find(s => s.summary.operation === 'overwrite')!;
  expect(last.summary['deleted-data-files'] ?? '0').toBe('0');
  expect((await liveFiles(lake.ports.store, metadata)).data.length).toBe((await entries(lake)).length);
  await mergeAll(lake, T);
  expect(await rows(lake)).toEqual(ALL);
});
