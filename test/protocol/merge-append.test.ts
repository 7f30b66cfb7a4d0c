import { entryKey } from '../../lib/ledger/keys';
import { compactNext } from '../../lib/stages/compact/compact';
import { liveFiles } from '../../lib/table/live-files';
import {
  foreignEqualityDelete,
  foreignInsert,
  foreignPositionDelete,
  newest,
  setMain,
  theTable,
} from '../support/foreign';
import { mergeAll, readRows, type TestLake } from '../support/lake';
import {
  beforeSwap,
  cursor,
  entries,
  LOG,
  merge,
  merged,
  put,
  rebuildAll,
  rows,
  rulesLake,
  send,
  T,
  tableOf,
} from './rules';

/** A lake whose table keeps every row. */
const appendLake = (table: Parameters<typeof rulesLake>[0] = {}) =>
  rulesLake({ key: [], mode: 'append', ...table });

async function paths(lake: TestLake): Promise<string[]> {
  const { data } = await liveFiles(lake.ports.store, (await theTable(lake.ports, T)).metadata);
  return data.map(({ file }) => file.path);
}

describe('without a key', () => {
  test('M1 without a key each row is there once by the cursor alone, and again after a rollback', async () => {
    const lake = appendLake();
    await merged(lake, [put(1, 1, 1, 'x')], [put(2, 1, 1, 'x')]);
    const before = await newest(lake.ports, T);
    await merged(lake, [put(3, 1, 2, 'y'), put(3, 1, 2, 'y')]);
    const all = ['1 1 x', '1 1 x', '1 2 y', '1 2 y'];
    expect(await rows(lake)).toEqual(all);
    expect(await mergeAll(lake, T)).toEqual([]);
    await setMain(lake.ports, T, before);
    expect(await rows(lake)).toEqual(['1 1 x', '1 1 x']);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(all);
    expect(await cursor(lake)).toMatchObject({ through: 3, greatest: { minor: 3n }, partial: false });
  });

  test('M3 without a key nothing is looked for: a late row is a row, what a row lacks is NULL', async () => {
    const lake = appendLake();
    await merged(lake, [put(5, 1, 1, 'x')], [{ op: 'I', at: 2, id: 1, b: 'late' }, put(1, 1, 3, 'first')]);
    expect(await rows(lake)).toEqual(['1 - late', '1 1 x', '1 3 first']);
  });

  test('M4 without a key a slice comes in files of its own, in the order of changes', async () => {
    const lake = appendLake({ partitionBy: ['bucket(2, id)'] });
    await merged(lake, [put(9, 1, 1, 'x')]);
    const [first] = await paths(lake);
    await send(lake, [put(7, 1, 1, 'd'), put(3, 1, 2, 'b'), put(3, 3, 3, 'c')]);
    await send(lake, [put(5, 1, 1, 'c'), put(3, 1, 1, 'a')]);
    await merge(lake);
    expect(await paths(lake)).toContain(first);
    const bucket = (await readRows(lake.ports, T)).filter(row => row.id === 1n && row.b !== 'x');
    expect(bucket.map(row => row.b)).toEqual(['b', 'a', 'c', 'd']);
  });

  test('M4 without a key what foreign engines deleted or put stands, and gets no row back', async () => {
    const lake = appendLake();
    await merged(lake, [put(1, 1, 1, 'x'), put(2, 2, 2, 'y'), put(3, 3, 3, 'z')]);
    await foreignPositionDelete(lake.ports, T, [2n]);
    await foreignEqualityDelete(lake.ports, T, [3n]);
    await foreignInsert(lake.ports, T, [{ id: 7n, a: 7, b: 'foreign' }]);
    await merged(lake, [put(4, 2, 4, 'again'), put(5, 3, 5, 'again')]);
    const standing = ['1 1 x', '2 4 again', '3 5 again', '7 7 foreign'];
    expect(await rows(lake)).toEqual(standing);
    const limits = { ...lake.lake.limits, smallFilesMin: 2 };
    while (await compactNext(lake.ports, tableOf(lake), limits));
    expect(await rows(lake)).toEqual(standing);
    // What another engine wrote has no positions: nothing says where it belongs.
    expect(await paths(lake)).toHaveLength(2);
  });

  test('M4 without a key a merge whose rows do not add up is not committed', async () => {
    const lake = appendLake();
    await send(lake, [put(1, 1, 1, 'x')]);
    const [entry] = await entries(lake);
    const key = entryKey(T, entry!.n);
    const item = (await lake.ports.items.get(key))!;
    await lake.ports.items.transact([{ put: key, value: { ...item.value, rows: 2 } }]);
    await expect(merge(lake)).rejects.toMatchObject({ code: 'TM_3007' });
    expect(await rows(lake)).toEqual([]);
  });

  test('M5 without a key a merge is an append, so that other engines stream it', async () => {
    const lake = appendLake();
    await merged(lake, [put(1, 1, 1, 'x')], [put(2, 2, 2, 'y')]);
    await rebuildAll(lake);
    for (const [table, operations] of [
      [T, ['append', 'append', 'overwrite']],
      [LOG, ['append', 'append']],
    ] as const) {
      const { metadata } = await theTable(lake.ports, table);
      expect(metadata.snapshots.map(s => s.summary.operation)).toEqual(operations);
    }
  });

  test('M6 without a key a merge that another one overtook adds nothing of its own', async () => {
    const lake = appendLake();
    await send(lake, [put(1, 1, 1, 'x')]);
    await send(lake, [put(2, 1, 1, 'x')]);
    const raced = beforeSwap(lake.ports, T, () => merge(lake, lake.ports, { mergeRowsMax: 1 }));
    expect(await merge(lake, raced)).toMatchObject({ through: 2, rows: { new: 1 } });
    expect(await rows(lake)).toEqual(['1 1 x', '1 1 x']);
  });

  test('M rebuild without a key gives every row of the log once, whatever the portions', async () => {
    const lake = appendLake();
    await merged(lake, [put(2, 1, 1, 'x'), put(1, 1, 1, 'x')], [put(2, 1, 1, 'x')]);
    await foreignPositionDelete(lake.ports, T, [1n]);
    expect(await rebuildAll(lake, lake.ports, { mergeRowsMax: 1 })).toMatchObject({ rows: 3 });
    expect(await rows(lake)).toEqual(['1 1 x', '1 1 x', '1 1 x']);
  });
});
