import { addColumns } from '../../lib/iceberg/evolution';
import { currentSchema } from '../../lib/iceberg/metadata';
import { liveFiles } from '../../lib/table/live-files';
import { withVacuumCountRaised } from '../../lib/table/vacuum-count';
import { alter, foreignInsert, foreignPositionDelete, newest, setMain, theTable } from '../support/foreign';
import { mergeAll, readRows, type TestLake } from '../support/lake';
import {
  beforeSwap,
  cursor,
  logRows,
  merge,
  merged,
  objects,
  put,
  rows,
  rulesLake,
  send,
  T,
  withCatalog,
} from './rules';

describe('M6', () => {
  test('M6 a swap whose answer is lost is recognised by its commit id, and the merge is not planned again', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x')]);
    let swaps = 0;
    const ports = withCatalog(lake.ports, {
      async swap(name, base, metadata) {
        const answer = await lake.ports.catalog.swap(name, base, metadata);
        if (name !== T) return answer;
        swaps++;
        throw new Error('the answer is lost');
      },
    });
    expect(await merge(lake, ports)).toMatchObject({ through: 1 });
    expect(swaps).toBe(1);
    expect(await rows(lake)).toEqual(['1 1 x']);
  });

  test('M6 ours is recognised below what others committed on top of it', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x')]);
    let swaps = 0;
    const ports = withCatalog(lake.ports, {
      async swap(name, base, metadata) {
        const answer = await lake.ports.catalog.swap(name, base, metadata);
        if (name !== T) return answer;
        swaps++;
        await foreignInsert(lake.ports, T, [{ id: 7n, a: 7, b: 'foreign' }]);
        return { swapped: false };
      },
    });
    expect(await merge(lake, ports)).toMatchObject({ through: 1 });
    expect(swaps).toBe(1);
    expect(await rows(lake)).toEqual(['1 1 x', '7 7 foreign']);
  });

  const merging = async (during: (lake: TestLake) => Promise<unknown>, table = {}): Promise<TestLake> => {
    const lake = rulesLake(table);
    await merged(lake, [put(1, 1, 1, 'x'), put(2, 2, 2, 'y')]);
    await send(lake, [put(3, 2, 3, 'ours'), put(4, 7, 7, 'ours')]);
    await merge(
      lake,
      beforeSwap(lake.ports, T, () => during(lake)),
    );
    return lake;
  };

  test('M6 a foreign insert between plan and swap is located: no key stands twice', async () => {
    const lake = await merging(l => foreignInsert(l.ports, T, [{ id: 7n, a: 9, b: 'foreign' }, { id: 8n }]));
    expect(await rows(lake)).toEqual(['1 1 x', '2 3 ours', '7 7 ours', '8 - -']);
  });

  test('M6 a foreign delete between plan and swap is kept', async () => {
    const lake = await merging(l => foreignPositionDelete(l.ports, T, [1n]));
    expect(await rows(lake)).toEqual(['2 3 ours', '7 7 ours']);
  });

  test('M6 a rollback between plan and swap loses no entry', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    const old = await newest(lake.ports, T);
    await merged(lake, [put(2, 2, 2, 'y')]);
    await send(lake, [put(3, 3, 3, 'z')]);
    const raced = beforeSwap(lake.ports, T, () => setMain(lake.ports, T, old));
    expect(await merge(lake, raced)).toMatchObject({ through: 3 });
    expect((await newest(lake.ports, T))['parent-snapshot-id']).toBe(old['snapshot-id']);
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 y', '3 3 z']);
    expect((await cursor(lake)).through).toBe(3);
  });

  test('M6 a schema change between plan and swap is kept', async () => {
    const lake = await merging(async l => {
      const { fields } = currentSchema((await theTable(l.ports, T)).metadata);
      const id = Math.max(...fields.map(f => f.id)) + 10;
      const c = { id, name: 'c', type: 'int' as const, required: false };
      await alter(l.ports, T, md => addColumns(md, [c], { now: l.ports.clock.now() }));
    });
    expect(Object.keys((await readRows(lake.ports, T))[0]!)).toContain('c');
    expect(await rows(lake)).toEqual(['1 1 x', '2 3 ours', '7 7 ours']);
  });

  test('M6 a vacuum count that was raised between plan and swap refuses the commit', async () => {
    let written: string[] = [];
    const lake = await merging(async l => {
      written = await objects(l, `${T}/data/`);
      await alter(l.ports, T, md => withVacuumCountRaised(md, l.ports.clock.now()));
    });
    const { metadata } = await theTable(lake.ports, T);
    const live = (await liveFiles(lake.ports.store, metadata)).data.map(f =>
      lake.ports.store.keyOf(f.file.path),
    );
    expect(live.filter(key => written.includes(key))).toEqual([]);
    expect(await rows(lake)).toEqual(['1 1 x', '2 3 ours', '7 7 ours']);
  });

  test('M6 two merges at once apply each entry once', async () => {
    const lake = await merging(async l => {
      await send(l, [put(5, 8, 8, 'theirs')]);
      await mergeAll(l, T);
    });
    expect(await rows(lake)).toEqual(['1 1 x', '2 3 ours', '7 7 ours', '8 8 theirs']);
    expect(await logRows(lake)).toBe(5);
    expect((await theTable(lake.ports, T)).metadata.snapshots.length).toBe(2);
  });

  test('M6 a refused commit deletes nothing', async () => {
    let before: string[] = [];
    const lake = await merging(async l => {
      before = await objects(l);
      await foreignInsert(l.ports, T, [{ id: 8n, a: 8, b: 'foreign' }]);
    });
    const after = await objects(lake);
    expect(before.filter(key => !after.includes(key))).toEqual([]);
  });

  test('M6 a swap that failed and left the old pointer is reported, and the next merge does it', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x')]);
    const failing = beforeSwap(lake.ports, T, () => Promise.reject(new Error('no answer')));
    await expect(merge(lake, failing)).rejects.toThrow('no answer');
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x']);
  });
});
