import { entryKey } from '../../lib/ledger/keys';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { alter, foreignInsert, newest, setMain, theTable } from '../support/foreign';
import { mergeAll } from '../support/lake';
import {
  beforeSwap,
  cursor,
  entries,
  forgetEntry,
  later,
  logRows,
  merge,
  merged,
  put,
  rebuildAll,
  rows,
  rulesLake,
  send,
  T,
  withCatalog,
} from './rules';

describe('M1', () => {
  test("M1 a foreign commit on top leaves the ancestor's cursor in force", async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    await foreignInsert(lake.ports, T, [{ id: 7n, a: 7, b: 'foreign' }]);
    expect((await cursor(lake)).through).toBe(1);
    await merged(lake, [put(2, 2, 2, 'y')]);
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 y', '7 7 foreign']);
    expect(await logRows(lake)).toBe(2);
  });

  test('M1 a rollback takes the cursor back, and the next merge applies those entries again', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    const old = await newest(lake.ports, T);
    await merged(lake, [put(2, 2, 2, 'y'), { op: 'D', at: 3, id: 1 }], [put(4, 3, 3, 'z')]);
    await setMain(lake.ports, T, old);
    expect((await cursor(lake)).through).toBe(1);
    expect(await rows(lake)).toEqual(['1 1 x']);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['2 2 y', '3 3 z']);
    expect((await cursor(lake)).through).toBe(3);
    expect(await logRows(lake)).toBe(4);
  });

  test('M1 a snapshot that is no ancestor is never believed, however new', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    const old = await newest(lake.ports, T);
    await merged(lake, [put(2, 2, 2, 'y')]);
    await setMain(lake.ports, T, old);
    await foreignInsert(lake.ports, T, [{ id: 7n, a: 7, b: 'foreign' }]);
    expect((await cursor(lake)).through).toBe(1);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 y', '7 7 foreign']);
  });

  test('M1 where the chain of parents is broken before any states it the cursor is lost; rebuild mends', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')], [put(2, 2, 2, 'y')]);
    await foreignInsert(lake.ports, T, [{ id: 7n, a: 7, b: 'foreign' }]);
    const top = await newest(lake.ports, T);
    await alter(lake.ports, T, md => ({
      ...md,
      snapshots: md.snapshots.filter(s => s === md.snapshots.at(-1)),
    }));
    expect((await newest(lake.ports, T))['snapshot-id']).toBe(top['snapshot-id']);
    await send(lake, [put(3, 3, 3, 'z')]);
    await expect(merge(lake)).rejects.toMatchObject({ code: 'TM_3002' });
    expect(await rebuildAll(lake)).toMatchObject({ through: 2 });
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 y']);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 y', '3 3 z']);
  });

  test.each([
    ['misses the merged entry', undefined],
    ['has another under its number', 'other'],
  ])('M1 nothing is taken in, merged or rebuilt where the ledger %s', async (_, name) => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')], [put(2, 2, 2, 'y')]);
    const key = entryKey(T, 2);
    const { value } = (await lake.ports.items.get(key))!;
    await forgetEntry(lake, 2);
    if (name) await lake.ports.items.transact([{ put: key, value: { ...value, name } }]);
    const before = await theTable(lake.ports, T);
    await expect(send(lake, [put(3, 3, 3, 'z')])).rejects.toMatchObject({ code: 'TM_3003' });
    await expect(merge(lake)).rejects.toMatchObject({ code: 'TM_3003' });
    await expect(rebuildAll(lake)).rejects.toMatchObject({ code: 'TM_3003' });
    expect((await theTable(lake.ports, T)).pointer).toEqual(before.pointer);
  });

  test('M1 the ledger must have what the log states, too: a merge may have died after its append', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    await send(lake, [put(2, 2, 2, 'lost')]);
    const dying = beforeSwap(lake.ports, T, () => Promise.reject(new Error('killed')));
    const died = withCatalog(dying, { load: lake.ports.catalog.load });
    await expect(merge(lake, died)).rejects.toThrow('killed');
    const [, second] = await entries(lake);
    await forgetEntry(lake, 2);
    const value = (await lake.ports.items.get(entryKey(T, 1)))!.value;
    await lake.ports.items.transact([{ put: entryKey(T, 2), value: { ...value, name: 'other' } }]);
    expect(second!.n).toBe(2);
    await expect(merge(lake)).rejects.toMatchObject({ code: 'TM_3003' });
  });

  test('M1 every commit of ours states cursor, greatest position and partial flag', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x'), { op: 'D', at: 9, id: 5 }], [{ op: 'U', at: 3, id: 1, a: 2 }]);
    const stated = await cursor(lake);
    expect(stated).toMatchObject({ through: 2, partial: true, greatest: { minor: 9n } });
    await rebuildAll(lake);
    expect(await cursor(lake)).toEqual(stated);
    await foreignInsert(lake.ports, T, [{ id: 7n, a: 7, b: 'foreign' }]);
    await merged(lake, [put(5, 3, 3, 'z')]);
    expect(await cursor(lake)).toMatchObject({ through: 3, partial: true, greatest: { minor: 9n } });
  });

  test('M1 thinning keeps the chain to the newest ancestor that states the cursor', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    const stating = await newest(lake.ports, T);
    for (const id of [7n, 8n]) await foreignInsert(lake.ports, T, [{ id, a: 7, b: 'foreign' }]);
    const months = later(lake, 24 * 90);
    await vacuum(months.ports);
    const { metadata } = await theTable(lake.ports, T);
    expect(metadata.snapshots.map(s => s['snapshot-id'])).toContain(stating['snapshot-id']);
    await merged(months, [put(2, 2, 2, 'y')]);
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 y', '7 7 foreign', '8 7 foreign']);
  });
});
