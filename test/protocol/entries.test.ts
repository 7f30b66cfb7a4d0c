import { replay } from '../../lib/stages/replay';
import { foreignAppend, newest, setMain } from '../support/foreign';
import { memoryPorts, mergeAll, take, testLake } from '../support/lake';
import {
  beforeSwap,
  cursor,
  entries,
  forgetEntry,
  LOG,
  logRows,
  merge,
  put,
  rebuildAll,
  rows,
  rowsAt,
  rulesLake,
  send,
  T,
} from './rules';

describe('N', () => {
  test('N entries are one dense sequence per table', async () => {
    const table = { key: ['id'], columns: { id: 'bigint', a: 'int', b: 'string' } };
    const lake = testLake({ name: 'rules', tables: { one: table, two: table } });
    for (const [i, name] of ['one', 'two', 'one', 'one', 'two'].entries())
      await take(lake, `${name}.csv`, `id,a,b\n${i},1,x\n`);
    expect((await entries(lake, 'one')).map(e => e.n)).toEqual([1, 2, 3]);
    expect((await entries(lake, 'two')).map(e => e.n)).toEqual([1, 2]);
  });

  test('N the merge takes entries in order, a slice after the other', async () => {
    const lake = rulesLake({}, { deltaRowsMax: 2, mergeRowsMax: 2 });
    for (const id of [1, 2, 3, 4, 5]) await send(lake, [put(10 - id, id, id, 'x')]);
    const merges = await mergeAll(lake, T);
    expect(merges.map(m => m.entries.map(e => e.n))).toEqual([[1, 2], [3, 4], [5]]);
    expect(merges.map(m => m.through)).toEqual([2, 4, 5]);
  });

  test('N entries are taken up to the first gap', async () => {
    const lake = rulesLake();
    for (const id of [1, 2, 3]) await send(lake, [put(id, id, id, 'x')]);
    await forgetEntry(lake, 2);
    await mergeAll(lake, T);
    expect((await cursor(lake)).through).toBe(1);
    expect(await rows(lake)).toEqual(['1 1 x']);
    expect(await logRows(lake)).toBe(1);
  });

  test('N a refold reads entries through the cursor that its commit states, not all that the log has', async () => {
    const lake = rulesLake();
    await send(lake, [put(10, 1, 1, 'x'), put(50, 9, 9, 'last')]);
    await mergeAll(lake, T);
    const first = await newest(lake.ports, T);
    await send(lake, [{ op: 'U', at: 20, id: 1, a: 2 }]);
    await send(lake, [{ op: 'U', at: 30, id: 1, b: 'y' }]);
    await mergeAll(lake, T);
    await setMain(lake.ports, T, first);
    await merge(lake, lake.ports, { mergeRowsMax: 1 });
    expect((await cursor(lake)).through).toBe(2);
    expect(await rows(lake)).toEqual(['1 2 x', '9 9 last']);
    await merge(lake);
    expect(await rows(lake)).toEqual(['1 2 y', '9 9 last']);
  });

  test('N a rebuild reads entries through the cursor that the table states', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x')]);
    await mergeAll(lake, T);
    await send(lake, [put(2, 1, 2, 'y')]);
    const dying = beforeSwap(lake.ports, T, () => Promise.reject(new Error('killed')));
    await expect(merge(lake, dying)).rejects.toThrow('killed');
    expect(await logRows(lake)).toBe(2);
    await rebuildAll(lake);
    expect((await cursor(lake)).through).toBe(1);
    expect(await rows(lake)).toEqual(['1 1 x']);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 2 y']);
  });

  test('N the rows of an entry that the ledger does not have are not seen, whoever put them into the log', async () => {
    const lake = rulesLake();
    await send(lake, [put(10, 1, 1, 'x'), put(30, 2, 2, 'z')]);
    await mergeAll(lake, T);
    const other = { ...rulesLake(), ports: memoryPorts(2) };
    await send(other, [put(25, 1, 9, 'stray')]);
    const [stray] = await entries(other);
    await lake.ports.store.put(stray!.key, (await other.ports.store.get(stray!.key))!);
    const log = await newest(lake.ports, LOG);
    await foreignAppend(lake.ports, LOG, stray!);
    expect((await newest(lake.ports, LOG))['snapshot-id']).not.toBe(log['snapshot-id']);
    await send(lake, [{ op: 'U', at: 20, id: 1, b: 'y' }]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 y', '2 2 z']);
  });

  test('N a replayed file is the next entry, and folds at its own position', async () => {
    const lake = rulesLake({ columns: { id: 'bigint', a: 'int', b: 'string' }, onBadRow: 'quarantineFile' });
    const bad = JSON.stringify({ op: 'I', at: 'never', id: 1, a: 1, b: 'x' });
    const held = await take(lake, `${T}.jsonl`, bad, { date: '2021-01-01' });
    await send(lake, [put(5, 1, 5, 'y')]);
    expect(await replay(lake.ports, lake.lake, held.identity!)).toMatchObject([{ outcome: 'quarantined' }]);
    const mended = rulesLake({ format: { opColumn: 'op' } });
    expect(await replay(lake.ports, mended.lake, held.identity!)).toMatchObject([
      { outcome: 'taken-in', first: 2 },
    ]);
    expect((await entries(lake)).map(e => e.n)).toEqual([1, 2]);
  });

  test('N a snapshot is the fold of the entries that it states', async () => {
    const lake = rulesLake({}, { deltaRowsMax: 1, mergeRowsMax: 1 });
    for (const b of ['x', 'y', 'z']) await send(lake, [put(b.charCodeAt(0), 1, 1, b)]);
    const seen: string[][] = [];
    for (let i = 0; i < 3; i++) {
      await merge(lake);
      seen.push(await rowsAt(lake, await newest(lake.ports, T)));
    }
    expect(seen).toEqual([['1 1 x'], ['1 1 y'], ['1 1 z']]);
  });
});
