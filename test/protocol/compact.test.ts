import { currentSchema, currentSnapshot } from '../../lib/iceberg/metadata';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { type Compacted, compactNext } from '../../lib/stages/compact/compact';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { cursorOf, readCursor } from '../../lib/table/cursor';
import { liveFiles } from '../../lib/table/live-files';
import {
  alter,
  foreignEqualityDelete,
  foreignInsert,
  foreignPositionDelete,
  newest,
  setMain,
  theTable,
} from '../support/foreign';
import { mergeAll, type Row, readRows, type TestLake } from '../support/lake';
import { vacuumAtOnce } from '../support/vacuum';
import {
  beforeSwap,
  cursor,
  entries,
  LOG,
  logRows,
  merge,
  objects,
  put,
  rebuildAll,
  rows,
  rulesLake,
  send,
  T,
  tableOf,
} from './rules';

/** Every row a file of its own. */
const TINY = { rowGroupRowsMax: 1, fileBytesMax: 1 };

interface Clocked extends TestLake {
  pass(days: number): void;
}

function clocked(table: Parameters<typeof rulesLake>[0] = {}): Clocked {
  const lake = rulesLake(table);
  let now = lake.ports.clock.now();
  return {
    ...lake,
    ports: { ...lake.ports, clock: { ...lake.ports.clock, now: () => now } },
    pass(days) {
      now += days * 86_400_000;
    },
  };
}

function compact(lake: TestLake, ports: LakePorts = lake.ports, least = 2): Promise<Compacted | undefined> {
  return compactNext(ports, tableOf(lake), { ...lake.lake.limits, smallFilesMin: least });
}

/** What it made of the table itself, its log aside. */
async function compactRows(...args: Parameters<typeof compact>): Promise<Compacted | undefined> {
  const done = await compact(...args);
  return done?.table === T ? done : undefined;
}

/** Merged rows with these ids, each in a small file of its own. */
async function small(lake: TestLake, ...ids: number[]): Promise<void> {
  for (const id of ids) {
    await send(lake, [put(id, id, id, 'x')]);
    await merge(lake, lake.ports, TINY);
  }
}

const paths = async (lake: TestLake, table: string) =>
  (await liveFiles(lake.ports.store, (await theTable(lake.ports, table)).metadata)).data.map(
    f => f.file.path,
  );

describe('V2 of the table', () => {
  test('V2 small files become one, sorted by key, and its rows stay', async () => {
    const lake = clocked();
    await small(lake, 3, 1, 2);
    const before = await rows(lake);
    expect(await compact(lake)).toMatchObject({ table: T, files: { before: 3, after: 1 }, rows: 3 });
    expect((await readRows(lake.ports, T)).map(r => r.id)).toEqual([1n, 2n, 3n]);
    expect(await rows(lake)).toEqual(before);
    expect((await newest(lake.ports, T)).summary.operation).toBe('replace');
    expect(await compactRows(lake)).toBeUndefined();
  });

  test('V2 too few small files are not worth it', async () => {
    const lake = clocked();
    await small(lake, 1, 2, 3);
    expect(await compact(lake, lake.ports, 4)).toBeUndefined();
    expect(await compact(lake, lake.ports, 3)).toBeDefined();
  });

  test('V2 states the cursor of the snapshot it is committed on, not that of its plan', async () => {
    const lake = clocked();
    await small(lake, 1, 2, 3);
    await send(lake, [put(90, 9, 9, 'beside')]);
    const ports = beforeSwap(lake.ports, T, () => merge(lake, lake.ports, TINY));
    expect(await compact(lake, ports)).toBeDefined();
    expect(currentSnapshot((await theTable(lake.ports, T)).metadata)!.summary.operation).toBe('replace');
    const stated = await newest(lake.ports, T);
    expect(cursorOf(stated)).toMatchObject({ through: 4, greatest: { minor: 90n } });
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 x', '3 3 x', '9 9 beside']);
    expect(await mergeAll(lake, T)).toEqual([]);
  });

  test.each<[string, (lake: TestLake) => Promise<unknown>, string[]]>([
    [
      'a merge that changed one of its files',
      async lake => {
        await send(lake, [put(90, 2, 90, 'changed')]);
        await merge(lake, lake.ports, TINY);
      },
      ['1 1 x', '2 90 changed', '3 3 x'],
    ],
    [
      'a delete against one of its files',
      lake => foreignPositionDelete(lake.ports, T, [2n]),
      ['1 1 x', '3 3 x'],
    ],
    ['a delete by condition', lake => foreignEqualityDelete(lake.ports, T, [2n]), ['1 1 x', '3 3 x']],
  ])('V2 %s meanwhile is not undone', async (_, beside, expected) => {
    const lake = clocked();
    await small(lake, 1, 2, 3);
    expect(
      await compactRows(
        lake,
        beforeSwap(lake.ports, T, () => beside(lake)),
      ),
    ).toBeUndefined();
    expect(await rows(lake)).toEqual(expected);
    await compact(lake);
    expect(await rows(lake)).toEqual(expected);
  });

  test('V2 a rollback that takes a delete back meanwhile is not undone', async () => {
    const lake = clocked();
    await small(lake, 1, 2, 3);
    const whole = await newest(lake.ports, T);
    await foreignPositionDelete(lake.ports, T, [2n]);
    await compact(
      lake,
      beforeSwap(lake.ports, T, () => setMain(lake.ports, T, whole)),
    );
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 x', '3 3 x']);
  });

  test('V2 a rollback meanwhile takes the cursor back too', async () => {
    const lake = clocked();
    await small(lake, 1, 2, 3);
    const third = await newest(lake.ports, T);
    await small(lake, 4);
    await compact(
      lake,
      beforeSwap(lake.ports, T, () => setMain(lake.ports, T, third)),
    );
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 x', '3 3 x', '4 4 x']);
  });

  test.each([
    ['positions', foreignPositionDelete],
    ['conditions', foreignEqualityDelete],
  ])('V2 rows that another engine deleted by %s leave the file', async (_, remove) => {
    const lake = clocked();
    await send(
      lake,
      [1, 2, 3].map(id => put(id, id, id, 'x')),
    );
    await mergeAll(lake, T);
    await remove(lake.ports, T, [2n]);
    expect(await compact(lake)).toMatchObject({ files: { before: 1, after: 1 }, rows: 2 });
    expect(await rows(lake)).toEqual(['1 1 x', '3 3 x']);
    expect(await compactRows(lake)).toBeUndefined();
  });

  test('V2 a file of another engine whose rows have no order is sorted, and a key it doubled stays doubled', async () => {
    const lake = clocked();
    await small(lake, 2, 4);
    const other = (id: bigint, a: number) => ({ id, a, b: 'foreign' });
    await foreignInsert(lake.ports, T, [other(7n, 7), other(1n, 1), other(2n, 9)]);
    await compact(lake);
    expect((await paths(lake, T)).length).toBe(1);
    expect((await readRows(lake.ports, T)).map(r => r.id)).toEqual([1n, 2n, 2n, 4n, 7n]);
  });

  test('V2 a compaction that vacuum overtook leaves the table as it is', async () => {
    const lake = clocked();
    await small(lake, 1, 2, 3);
    const ports = beforeSwap(lake.ports, T, async () => {
      expect((await vacuumAtOnce(lake.ports)).removed.some(key => key.startsWith(`${T}/data/`))).toBe(true);
    });
    expect(await compactRows(lake, ports)).toBeUndefined();
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 x', '3 3 x']);
  });

  test('V2 without a key small files become one, in the order of positions', async () => {
    const lake = clocked({ key: [], mode: 'append' });
    for (const at of [4, 2, 8, 6]) {
      await send(lake, [put(at, 1, at, 'x'), put(at - 1, 1, at - 1, 'x')]);
      await merge(lake, lake.ports, TINY);
    }
    expect(await compact(lake)).toMatchObject({ table: T, files: { before: 8, after: 1 }, rows: 8 });
    expect((await readRows(lake.ports, T)).map(row => row.a)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('V2 of the log', () => {
  /** Small deltas, and one more a month later: by then it is the oldest retained snapshot that has merged them all. */
  async function old(lake: Clocked, ...files: Parameters<typeof send>[1][]): Promise<void> {
    for (const changes of files) await send(lake, changes);
    await mergeAll(lake, T);
    lake.pass(40);
    await send(lake, [put(1000, 999, 1, 'last')]);
    await mergeAll(lake, T);
    await vacuum(lake.ports);
  }

  const logAs = async (lake: TestLake) =>
    (await readRows(lake.ports, LOG)).map((r: Row) =>
      [r._op, r.id, r.a, r.b, r._pos_minor, r._entry, r._source].map(v => v ?? '-').join(' '),
    );

  test('V2 deltas of a day become one file, their rows as they were', async () => {
    const lake = clocked();
    await old(
      lake,
      [put(1, 1, 1, 'x')],
      [put(2, 2, 2, 'y'), { op: 'D', at: 3, id: 1 }],
      [{ op: 'T', at: 1 }],
    );
    const before = await logAs(lake);
    const stated = readCursor(LOG, (await theTable(lake.ports, LOG)).metadata);
    expect(await compact(lake)).toMatchObject({ table: LOG, files: { before: 4, after: 1 }, rows: 5 });
    expect((await logAs(lake)).sort()).toEqual(before.sort());
    expect((await newest(lake.ports, LOG)).summary.operation).toBe('replace');
    expect(readCursor(LOG, (await theTable(lake.ports, LOG)).metadata)).toEqual(stated);
    expect((await entries(lake)).map(e => e.joined?.first)).toEqual([0, 1, 3, 4]);
    expect(await compact(lake)).toBeUndefined();
  });

  test('V2 the rows of a file that lacks a column say so themselves from then on', async () => {
    const lake = clocked();
    await old(
      lake,
      [put(1, 1, 1, 'x')],
      [{ op: 'U', at: 2, id: 1, a: 2 }],
      [{ op: 'D', at: 3, id: 5 }],
      [put(4, 2, 2, 'y'), { op: 'U', at: 5, id: 2, b: 'z' }],
    );
    const before = await rows(lake);
    expect(await compact(lake)).toMatchObject({ files: { before: 5, after: 1 } });
    const log = await readRows(lake.ports, LOG);
    expect(log.map(r => r._absent)).toEqual([null, '[3]', null, null, '[2]', null]);
    await rebuildAll(lake);
    expect(await rows(lake)).toEqual(before);
    await send(lake, [{ op: 'U', at: 3, id: 2, a: 7 }]);
    await send(lake, [put(0, 1, 9, 'late')]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 2 x', '2 2 z', '999 1 last']);
  });

  test('V2 the rows of a file that lacks what the table gained later say so too, deletes aside', async () => {
    const lake = clocked();
    const before = { ...rulesLake({ columns: { id: 'bigint', a: 'int' } }), ports: lake.ports };
    await send(before, [
      { op: 'U', at: 5, id: 1, a: 5 },
      { op: 'D', at: 6, id: 2 },
    ]);
    await mergeAll(before, T);
    await send(lake, [put(1, 1, 1, 'x')]);
    await mergeAll(lake, T);
    expect(await compact(lake)).toMatchObject({ files: { before: 2, after: 1 } });
    const log = await theTable(lake.ports, LOG);
    const b = currentSchema(log.metadata).fields.find(f => f.name === 'b')!;
    const absent = (await readRows(lake.ports, LOG)).map(r => r._absent);
    expect(absent).toEqual([JSON.stringify([b.id]), null, null]);
    await rebuildAll(lake);
    expect(await rows(lake)).toEqual(['1 5 x']);
  });

  test('V2 only entries that are merged are joined', async () => {
    const lake = clocked();
    for (const id of [1, 2]) await send(lake, [put(id, id, id, 'x')]);
    await mergeAll(lake, T);
    for (const id of [3, 4]) await send(lake, [put(id, id, id, 'z')]);
    const dying = beforeSwap(lake.ports, T, () => Promise.reject(new Error('killed')));
    await expect(merge(lake, dying)).rejects.toThrow('killed');
    expect((await theTable(lake.ports, LOG)).metadata.snapshots.length).toBe(2);
    await compact(lake);
    expect((await entries(lake)).map(e => e.joined !== undefined)).toEqual([true, true, false, false]);
    expect(await compact(lake)).toBeUndefined();
  });

  test('V2 a rollback of the table merges joined entries again, from where they stand', async () => {
    const lake = clocked();
    await send(lake, [put(1, 1, 1, 'x')]);
    await mergeAll(lake, T);
    const first = await newest(lake.ports, T);
    await send(lake, [put(2, 2, 2, 'y')]);
    await send(lake, [{ op: 'U', at: 3, id: 1, a: 7 }]);
    await mergeAll(lake, T);
    expect(await compact(lake)).toMatchObject({ table: LOG, files: { before: 3, after: 1 } });
    const deltas = (await entries(lake)).map(e => e.key);
    for (const delta of deltas) await lake.ports.store.delete(delta);
    await setMain(lake.ports, T, first);
    expect((await mergeAll(lake, T)).map(m => m.entries.map(e => e.n))).toEqual([[2, 3]]);
    expect(await rows(lake)).toEqual(['1 7 x', '2 2 y']);
  });

  test('V2 a rollback of the log appends joined entries again, without rows that it has in other files', async () => {
    const lake = clocked();
    await send(lake, [put(1, 1, 1, 'x')]);
    await mergeAll(lake, T);
    const first = await newest(lake.ports, LOG);
    await send(lake, [{ op: 'U', at: 2, id: 1, a: 2 }, put(3, 2, 2, 'y')]);
    await send(lake, [put(4, 3, 3, 'z')]);
    await mergeAll(lake, T);
    await compact(lake);
    await setMain(lake.ports, LOG, first);
    // A column came meanwhile, which the file of joined ones does not have.
    const columns = { id: 'bigint', a: 'int', b: 'string', c: 'int' } as const;
    const wider = { ...lake, lake: rulesLake({ columns }).lake };
    await send(wider, [{ op: 'I', at: 5, id: 4, a: 4, b: 'w', c: 1 }]);
    await mergeAll(wider, T);
    expect((await logAs(lake)).map(row => row.split(' ').slice(0, 5).join(' ')).sort()).toEqual([
      'I 1 1 x 1',
      'I 2 2 y 3',
      'I 3 3 z 4',
      'I 4 4 w 5',
      'U 1 2 - 2',
    ]);
    const { fields } = currentSchema((await theTable(lake.ports, LOG)).metadata);
    const late = fields.find(f => f.name === 'c')!.id;
    expect((await readRows(lake.ports, LOG)).find(row => row._op === 'U')?._absent).toBe(`[3,${late}]`);
    const before = await rows(lake);
    await rebuildAll(wider);
    expect(await rows(lake)).toEqual(before);
    expect(before).toEqual(['1 2 x', '2 2 y', '3 3 z', '4 4 w']);
  });

  test('V2 a day waits for enough of its deltas', async () => {
    const lake = clocked();
    await old(lake, [put(1, 1, 1, 'x')], [put(2, 2, 2, 'y')]);
    expect(await compact(lake, lake.ports, 4)).toBeUndefined();
    await old(lake, [put(3, 3, 3, 'z')]);
    expect(await compact(lake, lake.ports, 4)).toMatchObject({ files: { before: 4, after: 1 } });
  });

  test('V2 vacuum has a delta once its entry is marked, and a rebuild reads the rows where they stand then', async () => {
    const lake = clocked();
    await old(lake, [put(1, 1, 1, 'x')], [put(2, 2, 2, 'y')]);
    const deltas = (await entries(lake)).map(e => e.key);
    const dying: LakePorts = {
      ...lake.ports,
      items: {
        ...lake.ports.items,
        transact: actions =>
          actions.some(a => 'put' in a && a.put.sort.startsWith('entry#'))
            ? Promise.reject(new Error('killed'))
            : lake.ports.items.transact(actions),
      },
    };
    await expect(compact(lake, dying)).rejects.toThrow('killed');
    lake.pass(40);
    await send(lake, [put(2000, 999, 2, 'last')]);
    await mergeAll(lake, T);
    await vacuumAtOnce(lake.ports);
    expect(await objects(lake)).toEqual(expect.arrayContaining(deltas));
    expect(await compact(lake)).toBeUndefined();
    expect((await entries(lake)).map(e => e.joined?.first)).toEqual([0, 1, 2, undefined]);
    await vacuumAtOnce(lake.ports);
    for (const delta of deltas) expect(await objects(lake)).not.toContain(delta);
    const before = await rows(lake);
    await rebuildAll(lake);
    expect(await rows(lake)).toEqual(before);
    expect(await logRows(lake)).toBe(4);
  });

  test('V2 the file of joined deltas stays as long as entries stand in it', async () => {
    const lake = clocked();
    await old(lake, [put(1, 1, 1, 'x')], [put(2, 2, 2, 'y')]);
    const before = await theTable(lake.ports, LOG);
    await compact(lake);
    const joined = (await entries(lake))[0]!.joined!.key;
    // Another engine rewrites the log: no snapshot names the file of ours any more.
    const old_ = before.metadata;
    await alter(lake.ports, LOG, md => ({ ...old_, 'last-sequence-number': md['last-sequence-number'] }));
    await vacuumAtOnce(lake.ports);
    expect(await objects(lake)).toContain(joined);
    const table = await rows(lake);
    await rebuildAll(lake);
    expect(await rows(lake)).toEqual(table);
  });

  test('V2 a log made again from the ledger has each row once, marked or not', async () => {
    const lake = clocked();
    await old(lake, [put(1, 1, 1, 'x')], [put(2, 2, 2, 'y')], [put(3, 3, 3, 'z')]);
    const rowsBefore = (await logAs(lake)).sort();
    await compact(lake);
    const [entry] = await lake.ports.items.query(`table#${T}`, 'entry#');
    const { joined, ...unmarked } = entry!.value;
    expect(joined).toBeDefined();
    await lake.ports.items.transact([
      { put: { partition: entry!.partition, sort: entry!.sort }, value: unmarked },
    ]);
    await alter(lake.ports, LOG, md => ({
      ...md,
      snapshots: md.snapshots
        .slice(-1)
        .map(s => ({ ...s, summary: { operation: 'replace' }, 'parent-snapshot-id': 1n })),
    }));
    await rebuildAll(lake);
    expect((await logAs(lake)).sort()).toEqual(rowsBefore);
  });

  test('V2 a log whose rows another engine deleted is left alone', async () => {
    const lake = clocked();
    await old(lake, [put(1, 1, 1, 'x')], [put(2, 2, 2, 'y')]);
    await foreignPositionDelete(lake.ports, LOG, [2n]);
    expect(await compact(lake)).toBeUndefined();
  });

  test('V2 a compaction that appends came before goes on top of them', async () => {
    const lake = clocked();
    await old(lake, [put(1, 1, 1, 'x')], [put(2, 2, 2, 'y')]);
    await send(lake, [put(3000, 3, 3, 'z')]);
    const ports = beforeSwap(lake.ports, LOG, () => mergeAll(lake, T));
    expect(await compact(lake, ports)).toMatchObject({ files: { before: 3, after: 1 } });
    expect(readCursor(LOG, (await theTable(lake.ports, LOG)).metadata).through).toBe(4);
    expect(await logRows(lake)).toBe(4);
    expect((await cursor(lake)).through).toBe(4);
  });
});
