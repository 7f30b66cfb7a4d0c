import type { TableConfig } from '../../lib/config/define';
import { currentSchema } from '../../lib/iceberg/metadata';
import { resumeTable } from '../../lib/ledger/paused';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { compactNext } from '../../lib/stages/compact/compact';
import { commitLoad } from '../../lib/stages/load/commit';
import { type AppliedSchema, applySchema } from '../../lib/stages/schema/apply';
import { liveFiles } from '../../lib/table/live-files';
import { openTable } from '../../lib/table/open';
import { mergeAll, readRows, type TestLake } from '../support/lake';
import { beginOf, filesOf } from '../support/loads';
import { vacuumAtOnce } from '../support/vacuum';
import { beforeRecord, merge, put, rebuildAll, rows, rulesLake, send, T, tableOf } from './rules';

/** The same lake under another declaration of its table. */
const under = (lake: TestLake, table: Partial<TableConfig>): TestLake => ({
  ...lake,
  lake: rulesLake(table).lake,
});

const TYPED = { columns: { id: 'bigint', a: 'int', b: 'int' } };

const retype = (lake: TestLake, ports: LakePorts = lake.ports): Promise<AppliedSchema> => {
  const typed = under(lake, TYPED);
  return applySchema(ports, typed.lake, tableOf(typed));
};

/** A lake whose every swap of the current table fails. */
const withoutCommits = (ports: LakePorts): LakePorts => ({
  ...ports,
  catalog: {
    ...ports.catalog,
    swap: (table, base, metadata) => {
      if (table === T) throw new Error('no commit of the table');
      return ports.catalog.swap(table, base, metadata);
    },
  },
});

/** A lake in which no entry is told where its rows stand. */
const withoutMarks = (ports: LakePorts): LakePorts => ({
  ...ports,
  items: {
    ...ports.items,
    transact(actions) {
      if (actions.some(a => 'put' in a && a.put.sort.startsWith('entry#')))
        throw new Error('no entry is marked');
      return ports.items.transact(actions);
    },
  },
});

async function received(): Promise<TestLake> {
  const lake = rulesLake();
  await send(lake, [put(1, 1, 1, '5'), put(2, 2, 1, '7')]);
  await mergeAll(lake, T);
  await send(lake, [{ op: 'U', at: 3, id: 1, a: 2 }]);
  await mergeAll(lake, T);
  await send(lake, [{ op: 'U', at: 4, id: 2, a: 3 }]);
  return lake;
}

describe('S', () => {
  test('S a retype casts what was received, and a column that a change is silent on keeps its value', async () => {
    const lake = await received();
    await retype(lake);
    const typed = under(lake, TYPED);
    await mergeAll(typed, T);
    expect(await rows(lake)).toEqual(['1 2 5', '2 3 7']);
    await rebuildAll(typed);
    expect(await rows(lake)).toEqual(['1 2 5', '2 3 7']);
    await compactNext(lake.ports, tableOf(typed), { ...typed.lake.limits, smallFilesMin: 2 });
    await vacuumAtOnce(lake.ports);
    await rebuildAll(typed);
    expect(await rows(lake)).toEqual(['1 2 5', '2 3 7']);
    expect((await readRows(lake.ports, `${T}_deltas`)).map(r => [r.b, r.b_as_received])).toEqual(
      expect.arrayContaining([
        [5, '5'],
        [7, '7'],
        [null, null],
      ]),
    );
  });

  test('S a retype casts what was received where a crash left its entries at their deltas', async () => {
    const lake = await received();
    await expect(retype(lake, withoutMarks(lake.ports))).rejects.toThrow('no entry is marked');
    const typed = under(lake, TYPED);
    await rebuildAll(typed);
    expect(await rows(lake)).toEqual(['1 2 5', '2 1 7']);
    await retype(lake);
    await mergeAll(typed, T);
    expect(await rows(lake)).toEqual(['1 2 5', '2 3 7']);
  });

  test('S a merge that is let go before a retype is done makes NULL of nothing', async () => {
    const lake = await received();
    const typed = under(lake, TYPED);
    await expect(retype(lake, withoutCommits(lake.ports))).rejects.toThrow('no commit of the table');
    expect(await merge(typed)).toBeUndefined();
    await resumeTable(lake.ports.items, T);
    await expect(merge(typed)).rejects.toThrow('TM_3096');
    expect(await rows(lake)).toEqual(['1 2 5', '2 1 7']);
    await retype(lake);
    await mergeAll(typed, T);
    expect(await rows(lake)).toEqual(['1 2 5', '2 3 7']);
  });

  test('S a writer that began before a retype writes anew: its texts were tried by nobody', async () => {
    const lake = await received();
    const ports = beforeRecord(lake.ports, () => retype(lake));
    const { outcome } = await send({ ...lake, ports }, [put(5, 3, 1, 'many')]);
    expect(outcome).toBe('quarantined');
    await mergeAll(under(lake, TYPED), T);
    expect(await rows(lake)).toEqual(['1 2 5', '2 3 7']);
  });

  test('S a load that no merge has folded is cast from its parts, as its packs are of the old column', async () => {
    for (const replaces of [false, true]) {
      const lake = rulesLake();
      const begun = (await beginOf(lake.ports, tableOf(lake), replaces))!;
      await expect(retype(lake)).rejects.toThrow('TM_3099');
      const copy = [1, 2].map(id => ({ id: BigInt(id), a: 1, b: String(id * 5) }));
      const files = await filesOf(lake.ports, tableOf(lake), begun, copy, lake.lake.limits);
      await commitLoad(lake.ports, tableOf(lake), begun.standing, files);
      await retype(lake);
      const typed = under(lake, TYPED);
      await mergeAll(typed, T);
      expect(await rows(lake)).toEqual(['1 1 5', '2 1 10']);
      const { metadata } = (await openTable(lake.ports, T))!;
      const { data } = await liveFiles(lake.ports.store, metadata);
      const b = currentSchema(metadata).fields.find(f => f.name === 'b')!;
      expect(data.every(({ file }) => file.metrics.valueCounts.has(b.id))).toBe(true);
      await rebuildAll(typed);
      expect(await rows(lake)).toEqual(['1 1 5', '2 1 10']);
    }
  });

  test('S what does not cast stops a retype before anything is changed', async () => {
    const lake = await received();
    await send(lake, [put(5, 3, 1, 'many')]);
    const { stopped, uncastable } = await retype(lake);
    expect(stopped?.code).toBe('TM_3097');
    expect(uncastable.first).toMatchObject([{ column: 'b', key: ['3'], text: 'many' }]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 2 5', '2 3 7', '3 1 many']);
  });
});
