import { type Position, parsePosition } from '../../lib/change/position';
import { abandonLoad, openLoad } from '../../lib/ledger/loads';
import { compactLog } from '../../lib/stages/compact/log';
import type { Begun } from '../../lib/stages/load/begin';
import { commitLoad } from '../../lib/stages/load/commit';
import { liveFiles } from '../../lib/table/live-files';
import { theTable } from '../support/foreign';
import { mergeAll, readRows, type TestLake } from '../support/lake';
import { beginOf, type CopiedRow, filesOf } from '../support/loads';
import { vacuumAtOnce } from '../support/vacuum';
import {
  del,
  entries,
  LOG,
  merge,
  objects,
  put,
  rebuildAll,
  rows,
  rowsAt,
  rulesLake,
  send,
  T,
  tableOf,
  truncate,
} from './rules';

const copied = (id: number, a: number, b: string): CopiedRow => ({ id: BigInt(id), a, b });

async function started(lake: TestLake, replaces = false, at?: Position): Promise<Begun> {
  return (await beginOf(lake.ports, tableOf(lake), replaces, at))!;
}

async function finish(lake: TestLake, begun: Begun, copy: readonly CopiedRow[]): Promise<number | undefined> {
  const files = await filesOf(lake.ports, tableOf(lake), begun, copy, lake.lake.limits);
  return commitLoad(lake.ports, tableOf(lake), begun.standing, files);
}

const load = async (lake: TestLake, ...copy: CopiedRow[]) => finish(lake, await started(lake), copy);
const replace = async (lake: TestLake, ...copy: CopiedRow[]) => finish(lake, await started(lake, true), copy);

/** What each snapshot of the table shows, oldest first. */
async function shown(lake: TestLake): Promise<string[][]> {
  const { snapshots } = (await theTable(lake.ports, T)).metadata;
  return Promise.all(snapshots.map(snapshot => rowsAt(lake, snapshot)));
}

describe('L', () => {
  test('L a load is one entry whatever its size, and its rows come in one commit', async () => {
    const lake = rulesLake({ partitionBy: ['a'] }, { rowGroupRowsMax: 2, deltaRowsMax: 2, mergeRowsMax: 2 });
    const copy = Array.from({ length: 9 }, (_, i) => copied(i, i % 3, 'copy'));
    expect(await load(lake, ...copy)).toBe(1);
    expect(await entries(lake)).toMatchObject([{ n: 1, kind: 'load', rows: 9 }]);
    expect(await mergeAll(lake, T)).toMatchObject([{ through: 1, rows: { new: 9, total: 9 } }]);
    expect(await shown(lake)).toEqual([copy.map(({ id, a, b }) => `${id} ${a} ${b}`)]);
    expect(await readRows(lake.ports, LOG)).toHaveLength(9);
  });

  test('L what comes before the first load is committed waits: nobody sees changes without their rows', async () => {
    const lake = rulesLake();
    const begun = await started(lake);
    await send(lake, [{ op: 'U', at: 1, id: 1, a: 5 }, del(2, 2)]);
    expect(await mergeAll(lake, T)).toEqual([]);
    await finish(lake, begun, [copied(1, 1, 'x'), copied(2, 2, 'y'), copied(3, 3, 'z')]);
    await send(lake, [put(3, 4, 4, 'later')]);
    await mergeAll(lake, T);
    expect(await shown(lake)).toEqual([
      ['1 5 x', '3 3 z'],
      ['1 5 x', '3 3 z', '4 4 later'],
    ]);
  });

  test('L a load that was given up lets its table go on', async () => {
    const lake = rulesLake();
    const begun = await started(lake);
    await send(lake, [put(1, 1, 1, 'x')]);
    expect(await beginOf(lake.ports, tableOf(lake), false)).toBeUndefined();
    expect(await abandonLoad(lake.ports.items, T, begun.standing)).toBe(true);
    await mergeAll(lake, T);
    expect(await finish(lake, begun, [copied(2, 2, 'y')])).toBeUndefined();
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x']);
  });

  test('L changes that overlap the copy are absorbed, and no deleted row comes back', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'new'), put(1, 2, 2, 'gone'), del(2, 2), { op: 'U', at: 3, id: 3, a: 7 }]);
    await mergeAll(lake, T);
    await send(lake, [put(4, 5, 5, 'waits')]);
    await load(lake, copied(1, 0, 'old'), copied(2, 0, 'old'), copied(3, 0, 'old'), copied(4, 0, 'old'));
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 new', '3 7 old', '4 0 old', '5 5 waits']);
    await rebuildAll(lake);
    expect(await rows(lake)).toEqual(['1 1 new', '3 7 old', '4 0 old', '5 5 waits']);
  });

  test('L a replace drops what the copy lacks, keeps what came after it, and leaves no gap', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x'), put(2, 2, 2, 'y')]);
    await mergeAll(lake, T);
    const begun = await started(lake, true);
    expect(begun.standing.load.position).toEqual({ ...parsePosition('1609459200000000:3') });
    await send(lake, [put(9, 5, 5, 'beyond'), put(9, 1, 9, 'beyond')]);
    await mergeAll(lake, T);
    await send(lake, [put(10, 6, 6, 'waits')]);
    await finish(lake, begun, [copied(1, 0, 'copy'), copied(3, 0, 'copy')]);
    await mergeAll(lake, T);
    const after = ['1 9 beyond', '3 0 copy', '5 5 beyond', '6 6 waits'];
    expect(await shown(lake)).toEqual([['1 1 x', '2 2 y'], ['1 9 beyond', '2 2 y', '5 5 beyond'], after]);
    await rebuildAll(lake);
    expect(await rows(lake)).toEqual(after);
    // Before the replace, and late: what it truncated stays away.
    await send(lake, [put(1, 7, 7, 'late'), { op: 'U', at: 2, id: 3, a: 8 }]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(after);
  });

  test('L a change that the log alone can answer finds the load in it', async () => {
    const lake = rulesLake({}, { deltaRowsMax: 1, mergeRowsMax: 1 });
    const begun = await started(lake);
    await send(lake, [{ op: 'U', at: 5, id: 1, b: 'newer' }]);
    await send(lake, [{ op: 'U', at: 4, id: 1, b: 'late' }]);
    await finish(lake, begun, [copied(1, 1, 'copy')]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 newer']);
  });

  test('L vacuum leaves what a load has written, while it is under way and until the table has it', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x')]);
    await mergeAll(lake, T);
    const begun = await started(lake, true);
    const files = await filesOf(lake.ports, tableOf(lake), begun, [copied(2, 2, 'y')], lake.lake.limits);
    const standing = async () => {
      await vacuumAtOnce(lake.ports);
      const kept = await objects(lake);
      return [...files.parts, ...files.packs].filter(({ key }) => !kept.includes(key));
    };
    expect(await standing()).toEqual([]);
    await commitLoad(lake.ports, tableOf(lake), begun.standing, files);
    expect(await standing()).toEqual([]);
    await mergeAll(lake, T);
    expect(await standing()).toEqual([]);
    await rebuildAll(lake);
    expect(await rows(lake)).toEqual(['2 2 y']);
  });

  test('L vacuum removes what a load left that was given up', async () => {
    const lake = rulesLake();
    await load(lake, copied(1, 1, 'x'));
    await mergeAll(lake, T);
    const before = await objects(lake, 'deltas/');
    const begun = await started(lake, true);
    await filesOf(lake.ports, tableOf(lake), begun, [copied(2, 2, 'y')], lake.lake.limits);
    expect((await objects(lake, 'deltas/')).length).toBeGreaterThan(before.length);
    await abandonLoad(lake.ports.items, T, (await openLoad(lake.ports.items, T))!);
    await vacuumAtOnce(lake.ports);
    expect(await objects(lake, 'deltas/')).toEqual(before);
  });

  const at = (minor: bigint) => ({ major: 1_609_459_200_000_000n, minor });

  test('L of a change at exactly the position of a load the one with the later number counts', async () => {
    const lake = rulesLake();
    await send(lake, [put(3, 1, 9, 'entry'), put(3, 8, 8, 'entry'), put(1, 7, 7, 'before')]);
    await finish(lake, await started(lake, true, at(3n)), [copied(1, 1, 'copy')]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 copy']);
    await rebuildAll(lake);
    expect(await rows(lake)).toEqual(['1 1 copy']);
  });

  test('L a plain load at a position of its own leaves what the copy lacks, and what comes after', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 7, 7, 'before'), put(1, 1, 0, 'before'), truncate(0)]);
    await send(lake, [put(9, 2, 9, 'after')]);
    await finish(lake, await started(lake, false, at(5n)), [copied(1, 1, 'copy'), copied(2, 2, 'copy')]);
    await mergeAll(lake, T);
    const expected = ['1 1 copy', '2 9 after', '7 7 before'];
    expect(await rows(lake)).toEqual(expected);
    await rebuildAll(lake);
    expect(await rows(lake)).toEqual(expected);
  });

  test('L a key that the table lacks is asked of the log, and a load brings back none that was deleted or truncated', async () => {
    const lake = rulesLake({}, { rowGroupRowsMax: 2, deltaRowsMax: 2, mergeRowsMax: 2 });
    const copy = [1, 2, 3, 4, 5].map(id => copied(id, 0, 'copy'));
    await send(lake, [put(1, 1, 1, 'x'), put(1, 3, 3, 'x'), put(1, 9, 9, 'x')]);
    await send(lake, [del(2, 1), { op: 'U', at: 3, id: 2, a: 7 }]);
    await mergeAll(lake, T);
    await load(lake, ...copy);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['2 7 copy', '3 3 x', '4 0 copy', '5 0 copy', '9 9 x']);
    await send(lake, [truncate(4), put(5, 5, 5, 'y')]);
    await mergeAll(lake, T);
    await load(lake, ...copy, copied(6, 0, 'never seen before'));
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['5 5 y']);
    await rebuildAll(lake);
    expect(await rows(lake)).toEqual(['5 5 y']);
  });

  test('L of a load into a table with rows the log is read for none of its own rows', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x'), put(1, 9, 9, 'x')]);
    await mergeAll(lake, T);
    await load(lake, ...[2, 3, 4].map(id => copied(id, 0, 'copy')));
    const [part] = (await objects(lake, 'deltas/')).filter(key => /loads.*parquet$/.test(key));
    const read: string[] = [];
    const { store } = lake.ports;
    const get = (key: string) => {
      read.push(key);
      return store.get(key);
    };
    await merge(lake, { ...lake.ports, store: { ...store, get } });
    expect(await rows(lake)).toEqual(['1 1 x', '2 0 copy', '3 0 copy', '4 0 copy', '9 9 x']);
    // For the log's metadata, for the plan of the fold, and for the fold.
    expect(read.filter(key => key === part)).toHaveLength(3);
  });

  test('L a load that another gave up meanwhile ends, also where the next one is under way', async () => {
    const lake = rulesLake();
    const first = await started(lake);
    await abandonLoad(lake.ports.items, T, first.standing);
    const second = await started(lake);
    expect(await finish(lake, first, [copied(1, 1, 'first')])).toBeUndefined();
    expect(await abandonLoad(lake.ports.items, T, first.standing)).toBe(false);
    expect(await finish(lake, second, [copied(2, 2, 'second')])).toBe(1);
  });

  test('L a part whose bytes changed is never folded', async () => {
    const lake = rulesLake();
    await load(lake, copied(1, 1, 'x'));
    await mergeAll(lake, T);
    const [part] = (await objects(lake, 'deltas/')).filter(key => key.endsWith('.parquet'));
    const bytes = Buffer.from((await lake.ports.store.get(part!))!);
    bytes[10]! ^= 1;
    await lake.ports.store.delete(part!);
    await lake.ports.store.putIfAbsent(part!, bytes);
    await expect(rebuildAll(lake)).rejects.toThrow(/TM_3004/);
  });

  test('L compaction of the log passes over loads', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x')]);
    await load(lake, copied(2, 2, 'y'));
    await send(lake, [put(2, 3, 3, 'z')]);
    await mergeAll(lake, T);
    const limits = { ...lake.lake.limits, smallFilesMin: 2 };
    expect(await compactLog(lake.ports, tableOf(lake), limits)).toMatchObject({
      files: { before: 2, after: 1 },
    });
    await rebuildAll(lake);
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 y', '3 3 z']);
  });

  test('L packs that are gone are made again from the parts', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x')]);
    await replace(lake, copied(2, 2, 'y'), copied(3, 3, 'z'));
    const packs = (await objects(lake, `${T}/data/`)).filter(key => key.endsWith('.parquet'));
    for (const key of packs) await lake.ports.store.delete(key);
    await merge(lake);
    expect(await rows(lake)).toEqual(['2 2 y', '3 3 z']);
  });

  test('L packs of other partitions than the table was made with are made again from the parts', async () => {
    const lake = rulesLake({ partitionBy: ['a'] });
    await load(lake, copied(1, 3, 'copy'), copied(2, 7, 'copy'));
    const deployed = {
      ...rulesLake({ partitionBy: ['truncate(10, id)'] }),
      ports: lake.ports,
      landing: lake.landing,
    };
    await mergeAll(deployed, T);
    expect(await rows(deployed)).toEqual(['1 3 copy', '2 7 copy']);
    const { data } = await liveFiles(lake.ports.store, (await theTable(lake.ports, T)).metadata);
    expect(data.map(({ file }) => file.partition)).toEqual([[0n]]);
  });

  test('L a column that the table gains while it is loaded is absent in the copy', async () => {
    const lake = rulesLake({ columns: { id: 'bigint', a: 'int' } });
    const begun = await started(lake);
    const files = await filesOf(lake.ports, tableOf(lake), begun, [copied(1, 1, '')], lake.lake.limits);
    const wider = { ...rulesLake(), ports: lake.ports, landing: lake.landing };
    await send(wider, [put(1, 2, 2, 'y')]);
    await commitLoad(lake.ports, tableOf(lake), begun.standing, files);
    await mergeAll(wider, T);
    expect(await rows(wider)).toEqual(['1 1 -', '2 2 y']);
  });
});
