import { currentSchema } from '../../lib/iceberg/metadata';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { foreignInsert, setMain, theTable } from '../support/foreign';
import { mergeAll } from '../support/lake';
import { beforeSwap, merged, put, rebuildAll, rows, rulesLake, send, T } from './rules';

describe('M rebuild', () => {
  test('M rebuild replaces all files in one commit: old snapshots stay, and no reader sees it empty', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')], [put(2, 2, 2, 'y')]);
    const before = await theTable(lake.ports, T);
    await foreignInsert(lake.ports, T, [{ id: 7n, a: 7, b: 'foreign' }]);
    const seen: string[][] = [];
    const watching: LakePorts = {
      ...lake.ports,
      store: {
        ...lake.ports.store,
        async putIfAbsent(key, body) {
          seen.push(await rows(lake));
          return lake.ports.store.putIfAbsent(key, body);
        },
      },
    };
    await rebuildAll(lake, watching, { mergeRowsMax: 1 });
    expect(new Set(seen.map(r => r.join()))).toEqual(new Set(['1 1 x,2 2 y,7 7 foreign']));
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 y']);
    const after = await theTable(lake.ports, T);
    expect(after.metadata['table-uuid']).toBe(before.metadata['table-uuid']);
    expect(currentSchema(after.metadata)).toEqual(currentSchema(before.metadata));
    expect(after.metadata.snapshots.length).toBe(before.metadata.snapshots.length + 2);
  });

  test('M rebuild goes through the cursor that the table states when it swaps', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    await send(lake, [put(2, 1, 2, 'y')]);
    const raced = beforeSwap(lake.ports, T, () => mergeAll(lake, T));
    expect(await rebuildAll(lake, raced)).toMatchObject({ through: 2 });
    expect(await rows(lake)).toEqual(['1 2 y']);
    const old = (await theTable(lake.ports, T)).metadata.snapshots[0]!;
    expect(
      await rebuildAll(
        lake,
        beforeSwap(lake.ports, T, () => setMain(lake.ports, T, old)),
      ),
    ).toMatchObject({
      through: 1,
    });
    expect(await rows(lake)).toEqual(['1 1 x']);
  });
});
