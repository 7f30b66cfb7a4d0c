import { noteAside, readAside } from '../../lib/ledger/aside';
import { compactNext } from '../../lib/stages/compact/compact';
import { type MergedUntil, mergeUntil } from '../../lib/stages/merge/merge-until';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { theTable } from '../support/foreign';
import { mergeAll, type TestLake } from '../support/lake';
import { type CopiedRow, loadCopy } from '../support/loads';
import { vacuumAtOnce } from '../support/vacuum';
import { del, merge, objects, put, rebuildAll, rows, rowsAt, rulesLake, send, T, tableOf } from './rules';

const copied = (id: number, a: number, b: string): CopiedRow => ({ id: BigInt(id), a, b });

/** Portions of one row each. */
const ONE = { rowGroupRowsMax: 1, deltaRowsMax: 1, mergeRowsMax: 1 };

/** A run of the merge whose time is over as soon as it has done something. */
const short = (lake: TestLake): Promise<MergedUntil> =>
  mergeUntil(lake.ports, tableOf(lake), lake.lake.limits, 0);

/** Runs until nothing is left: each ends after something else than the one before. Gives how many there were. */
async function inSteps(lake: TestLake): Promise<number> {
  const after = new Set<string>();
  for (let run = 1; run <= 40; run++) {
    const { again } = await short(lake);
    if (!again) return run;
    expect(after.add(`${again.through} ${again.id}`).size).toBe(run);
  }
  throw new Error('never ends');
}

async function shown(lake: TestLake): Promise<string[][]> {
  const { snapshots } = (await theTable(lake.ports, T)).metadata;
  return Promise.all(snapshots.map(snapshot => rowsAt(lake, snapshot)));
}

const dataFiles = async (lake: TestLake) =>
  (await objects(lake, `${T}/data/`)).filter(key => key.endsWith('.parquet'));
const leftOf = async (lake: TestLake) => (await readAside(lake.ports.items, T))?.note;
const COPY = [1, 2, 3, 4].map(id => copied(id, 0, 'copy'));

/** A first load, and four changes that wait for it. */
async function firstLoad(): Promise<TestLake> {
  const lake = rulesLake({}, ONE);
  const meanwhile = async () => {
    await send(lake, [put(2, 1, 2, 'x'), del(3, 2)]);
    await send(lake, [put(1, 2, 1, 'late'), put(4, 5, 5, 'x')]);
  };
  await loadCopy(lake, COPY, { meanwhile });
  return lake;
}

describe('L', () => {
  test('L a merge in steps goes on where the last one stopped, and readers see one commit', async () => {
    const lake = await firstLoad();
    // What was begun with, four changes, and the commit.
    expect(await inSteps(lake)).toBe(6);
    expect(await shown(lake)).toEqual([['1 2 x', '3 0 copy', '4 0 copy', '5 5 x']]);
    expect(await leftOf(lake)).toBeUndefined();
  });

  test('L a merge in steps of a load into a table with rows', async () => {
    const lake = rulesLake({}, ONE);
    await send(lake, [put(2, 1, 2, 'x'), put(2, 9, 9, 'x'), put(2, 2, 2, 'x')]);
    await send(lake, [del(3, 2)]);
    await mergeAll(lake, T);
    const before = (await shown(lake)).length;
    await loadCopy(lake, COPY);
    expect(await inSteps(lake)).toBe(6);
    expect((await shown(lake)).slice(before)).toEqual([['1 2 x', '3 0 copy', '4 0 copy', '9 9 x']]);
  });

  test('L a merge in steps of a replace', async () => {
    const lake = rulesLake({}, ONE);
    await send(lake, [put(1, 1, 1, 'x'), put(1, 9, 9, 'x')]);
    await mergeAll(lake, T);
    await loadCopy(lake, COPY, {
      replaces: true,
      meanwhile: () => send(lake, [put(5, 1, 5, 'y'), del(6, 3)]),
    });
    expect(await inSteps(lake)).toBeGreaterThan(2);
    expect(await rows(lake)).toEqual(['1 5 y', '2 0 copy', '4 0 copy']);
  });

  test('L a merge that has time takes up what one that had none has left', async () => {
    const lake = await firstLoad();
    for (let run = 0; run < 3; run++) await short(lake);
    const before = await dataFiles(lake);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 2 x', '3 0 copy', '4 0 copy', '5 5 x']);
    expect((await dataFiles(lake)).length).toBeLessThanOrEqual(before.length + 2);
  });

  test('L vacuum leaves what is folded aside, and removes what it was folded from', async () => {
    const lake = await firstLoad();
    for (let run = 0; run < 4; run++) await short(lake);
    const { manifests } = (await leftOf(lake))!;
    const written = (await dataFiles(lake)).filter(key => !key.includes('-0000'));
    await vacuumAtOnce(lake.ports);
    const kept = await objects(lake);
    expect(kept.filter(key => key.includes('/aside/'))).toEqual(manifests);
    expect(written.some(key => kept.includes(key))).toBe(true);
    await inSteps(lake);
    expect(await rows(lake)).toEqual(['1 2 x', '3 0 copy', '4 0 copy', '5 5 x']);
    await vacuumAtOnce(lake.ports);
    expect((await objects(lake)).filter(key => key.includes('/aside/'))).toEqual([]);
  });

  test('L vacuum forgets what was folded aside once the table has merged it', async () => {
    const lake = await firstLoad();
    for (let run = 0; run < 4; run++) await short(lake);
    const left = (await leftOf(lake))!;
    await inSteps(lake);
    // The merge died before it forgot the note.
    await noteAside(lake.ports.items, T, left, undefined);
    await vacuumAtOnce(lake.ports);
    expect((await objects(lake)).filter(key => key.includes('/aside/'))).toEqual([]);
    await send(lake, [put(9, 6, 6, 'x')]);
    await inSteps(lake);
    expect(await rows(lake)).toEqual(['1 2 x', '3 0 copy', '4 0 copy', '5 5 x', '6 6 x']);
  });

  test('L what was folded onto rows that another commit changed meanwhile is folded anew', async () => {
    const lake = rulesLake({}, ONE);
    await send(lake, [put(1, 4, 4, 'x'), put(1, 8, 8, 'x')]);
    await mergeAll(lake, T);
    await loadCopy(lake, COPY);
    for (let run = 0; run < 3; run++) await short(lake);
    await rebuildAll(lake);
    await inSteps(lake);
    expect(await rows(lake)).toEqual(['1 0 copy', '2 0 copy', '3 0 copy', '4 4 x', '8 8 x']);
  });

  test('L what was folded aside before vacuum removed files of the table is folded anew', async () => {
    const lake = await firstLoad();
    for (let run = 0; run < 3; run++) await short(lake);
    const left = await leftOf(lake);
    await vacuumAtOnce(lake.ports);
    await short(lake);
    expect((await leftOf(lake))!.base).not.toBe(left!.base);
    expect((await leftOf(lake))!.next).toEqual({ after: 0, groups: 0 });
  });

  test('L what was folded aside before the table gained a column is folded anew', async () => {
    const lake = rulesLake({ columns: { id: 'bigint', a: 'int' } }, ONE);
    await loadCopy(lake, [copied(2, 2, '')], {
      meanwhile: () => send(lake, [{ op: 'I', at: 9, id: 1, a: 1 }]),
    });
    for (let run = 0; run < 2; run++) await short(lake);
    const wider = { ...rulesLake({}, ONE), ports: lake.ports, landing: lake.landing };
    await send(wider, [put(8, 1, 5, 'late')]);
    await mergeAll(wider, T);
    expect(await rows(wider)).toEqual(['1 1 late', '2 2 -']);
  });

  test('L compaction leaves the rows alone that a load is folded onto', async () => {
    const lake = rulesLake({}, ONE);
    for (const id of [7, 8, 9]) {
      await send(lake, [put(id, id, id, 'x')]);
      await merge(lake, lake.ports, { fileBytesMax: 1 });
    }
    const compacted = async () => {
      const limits = { ...lake.lake.limits, rowGroupRowsMax: 100, smallFilesMin: 2 };
      return (await compactNext(lake.ports, tableOf(lake), limits))?.table === T;
    };
    await loadCopy(lake, COPY);
    for (let run = 0; run < 3; run++) await short(lake);
    const { next, base } = (await leftOf(lake))!;
    expect(await compacted()).toBe(false);
    await short(lake);
    expect(await leftOf(lake)).toMatchObject({ base, next: { groups: next.groups + 1 } });
    await inSteps(lake);
    expect(await compacted()).toBe(true);
  });

  test('L what was folded aside and is gone is folded anew', async () => {
    const lake = await firstLoad();
    for (let run = 0; run < 3; run++) await short(lake);
    for (const key of (await leftOf(lake))!.manifests) await lake.ports.store.delete(key);
    await vacuum(lake.ports);
    await inSteps(lake);
    expect(await rows(lake)).toEqual(['1 2 x', '3 0 copy', '4 0 copy', '5 5 x']);
  });
});
