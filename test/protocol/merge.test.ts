import {
  foreignEqualityDelete,
  foreignInsert,
  foreignPositionDelete,
  newest,
  theTable,
} from '../support/foreign';
import { mergeAll, readRows } from '../support/lake';
import {
  beforeSwap,
  del,
  entries,
  logRows,
  merge,
  merged,
  put,
  rows,
  rulesLake,
  send,
  T,
  truncate,
} from './rules';

describe('M2', () => {
  test('M2 what the log has already is not appended again by the merge after a crash', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    await send(lake, [put(2, 2, 2, 'y')]);
    const dying = beforeSwap(lake.ports, T, () => Promise.reject(new Error('killed')));
    await expect(merge(lake, dying)).rejects.toThrow('killed');
    expect([await logRows(lake), await rows(lake)]).toEqual([2, ['1 1 x']]);
    await mergeAll(lake, T);
    expect([await logRows(lake), await rows(lake)]).toEqual([2, ['1 1 x', '2 2 y']]);
  });

  test('M2 a delta whose bytes were flipped is noticed', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x')]);
    const [entry] = await entries(lake);
    const bytes = (await lake.ports.store.get(entry!.key))!;
    bytes[8] = bytes[8]! ^ 1;
    await lake.ports.store.put(entry!.key, bytes);
    await expect(merge(lake)).rejects.toMatchObject({ code: 'TM_3004' });
    expect(await rows(lake)).toEqual([]);
  });

  test('M2 a merge takes entries within its row budget, one at least', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x'), put(2, 2, 2, 'y')]);
    await send(lake, [put(3, 3, 3, 'z')]);
    expect(await merge(lake, lake.ports, { mergeRowsMax: 1 })).toMatchObject({ through: 1 });
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 y']);
  });
});

describe('M3', () => {
  test('M3 a row beyond the position of a change keeps its place', async () => {
    const lake = rulesLake();
    await merged(lake, [put(10, 1, 1, 'new')], [put(5, 1, 0, 'old')], [del(6, 1)]);
    expect(await rows(lake)).toEqual(['1 1 new']);
  });

  test('M3 a late change of a key that was deleted since does not bring it back', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')], [del(30, 1)], [put(20, 1, 2, 'late')]);
    expect(await rows(lake)).toEqual([]);
  });

  test('M3 a late change of a key that a TRUNCATE cleared since does not bring it back', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')], [truncate(30), put(31, 5, 5, 'new')], [put(20, 2, 2, 'late')]);
    expect(await rows(lake)).toEqual(['5 5 new']);
  });

  test('M3 a late change of a key that nobody deleted is inserted', async () => {
    const lake = rulesLake();
    await merged(lake, [put(30, 1, 1, 'x')], [put(20, 2, 2, 'late')]);
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 late']);
  });

  test('M3 in a table with partial changes every late change refolds its key', async () => {
    const lake = rulesLake();
    await merged(lake, [put(10, 1, 1, 'x')], [{ op: 'U', at: 30, id: 1, a: 3 }], [put(20, 1, 2, 'late')]);
    expect(await rows(lake)).toEqual(['1 3 late']);
  });

  test("M3 late is judged by the key's earliest change in the slice", async () => {
    const lake = rulesLake();
    await merged(
      lake,
      [put(10, 1, 1, 'x'), { op: 'U', at: 30, id: 1, a: 3 }],
      [
        { op: 'U', at: 20, id: 1, b: 'late' },
        { op: 'U', at: 40, id: 1, a: 4 },
      ],
    );
    expect(await rows(lake)).toEqual(['1 4 late']);
  });

  test('M3 a late TRUNCATE of a partial table refolds every key whose row stands beyond it', async () => {
    const lake = rulesLake();
    await merged(
      lake,
      [put(10, 1, 1, 'x'), put(11, 2, 2, 'y'), put(40, 3, 3, 'z')],
      [{ op: 'U', at: 30, id: 1, a: 5 }],
      [{ op: 'T', at: 20 }],
    );
    expect(await rows(lake)).toEqual(['1 5 -', '3 3 z']);
  });

  test('M3 rows that move between partitions never stand twice', async () => {
    const lake = rulesLake({ partitionBy: ['b'] });
    await merged(lake, [put(1, 1, 1, 'x'), put(2, 2, 2, 'y')], [put(3, 1, 1, 'y')], [put(4, 1, 2, 'x')]);
    expect(await rows(lake)).toEqual(['1 2 x', '2 2 y']);
  });

  test('M3 a key that a foreign insert doubled is found twice, and one row takes the place of both', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    await foreignInsert(lake.ports, T, [{ id: 1n, a: 9, b: 'double' }]);
    await merged(lake, [put(2, 1, 2, 'y')]);
    expect(await rows(lake)).toEqual(['1 2 y']);
  });
});

describe('M4', () => {
  test('M4 a NULL position, as of a foreign insert, is before every change', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    await foreignInsert(lake.ports, T, [{ id: 7n, a: 7, b: 'foreign' }]);
    await merged(lake, [put(2, 7, 8, 'ours')]);
    expect(await rows(lake)).toEqual(['1 1 x', '7 8 ours']);
    await foreignInsert(lake.ports, T, [{ id: 9n, a: 9, b: 'foreign' }]);
    await merged(lake, [{ op: 'T', at: 3 }]);
    expect(await rows(lake)).toEqual([]);
  });

  test('M4 a row that a foreign engine deleted by position is not brought back by a rewrite of its file', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x'), put(2, 2, 2, 'y'), put(3, 3, 3, 'z')]);
    await foreignPositionDelete(lake.ports, T, [2n]);
    expect(await rows(lake)).toEqual(['1 1 x', '3 3 z']);
    await merged(lake, [put(4, 3, 4, 'changed')]);
    expect(await rows(lake)).toEqual(['1 1 x', '3 4 changed']);
    expect((await readRows(lake.ports, T)).length).toBe(2);
  });

  test('M4 a delete file goes with the last file it speaks of, so that counts are right again', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x'), put(2, 2, 2, 'y'), put(3, 3, 3, 'z')]);
    await foreignPositionDelete(lake.ports, T, [2n]);
    await merged(lake, [put(4, 3, 4, 'changed')]);
    const { summary } = await newest(lake.ports, T);
    const counts = ['total-records', 'total-delete-files', 'total-position-deletes'].map(
      name => summary[name],
    );
    expect(counts).toEqual(['2', '0', '0']);
  });

  test('M4 a key whose row a foreign engine deleted is put anew, once', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x'), put(2, 2, 2, 'y')]);
    await foreignPositionDelete(lake.ports, T, [2n]);
    await merged(lake, [put(4, 2, 4, 'again')]);
    expect(await rows(lake)).toEqual(['1 1 x', '2 4 again']);
  });

  test('M4 a file under a foreign equality delete is rewritten without the rows it deletes', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x'), put(2, 2, 2, 'y'), put(3, 3, 3, 'z')]);
    await foreignEqualityDelete(lake.ports, T, [2n, 3n]);
    await merged(lake, [put(4, 1, 4, 'changed')]);
    expect(await rows(lake)).toEqual(['1 4 changed']);
    await merged(lake, [put(5, 2, 5, 'again')]);
    expect(await rows(lake)).toEqual(['1 4 changed', '2 5 again']);
  });

  test('M4 a rewrite whose rows do not add up is not committed', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    await foreignInsert(lake.ports, T, [{ id: 7n, a: 7, b: 'foreign' }, { id: 8n }], { recordCount: 3 });
    const before = await theTable(lake.ports, T);
    await send(lake, [put(2, 7, 8, 'ours')]);
    await expect(merge(lake)).rejects.toMatchObject({ code: 'TM_3007' });
    expect((await theTable(lake.ports, T)).pointer).toEqual(before.pointer);
  });
});
