import { listVersions } from '../../lib/adapters/metadata-files';
import { catalogOverStore } from '../../lib/adapters/store-catalog';
import { addColumns } from '../../lib/iceberg/evolution';
import { currentSchema } from '../../lib/iceberg/metadata';
import { entryKey } from '../../lib/ledger/keys';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { MANIFESTS_MAX } from '../../lib/table/commit';
import { COMMIT_ID } from '../../lib/table/cursor';
import { liveFiles, readManifests } from '../../lib/table/live-files';
import { withVacuumCountRaised } from '../../lib/table/vacuum-count';
import {
  alter,
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
  del,
  entries,
  forgetEntry,
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
  truncate,
  withCatalog,
} from './rules';

/** The time passes. */
function later(lake: TestLake, hours: number): TestLake {
  const now = lake.ports.clock.now() + hours * 3_600_000;
  return { ...lake, ports: { ...lake.ports, clock: { now: () => now } } };
}

async function merged(lake: TestLake, ...files: Parameters<typeof send>[1][]): Promise<void> {
  for (const changes of files) {
    await send(lake, changes);
    await mergeAll(lake, T);
  }
}

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

describe('M5', () => {
  test('M5 a merge is an overwrite, an append to the log an append, and each bears a commit id of its own', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')], [put(2, 1, 2, 'y')]);
    await rebuildAll(lake);
    const snapshots = async (table: string) => (await theTable(lake.ports, table)).metadata.snapshots;
    const operations = async (table: string) => (await snapshots(table)).map(s => s.summary.operation);
    expect(await operations(T)).toEqual(['overwrite', 'overwrite', 'overwrite']);
    expect(await operations(LOG)).toEqual(['append', 'append']);
    const ids = [...(await snapshots(T)), ...(await snapshots(LOG))].map(s => s.summary[COMMIT_ID]);
    expect(new Set(ids.filter(id => id !== undefined)).size).toBe(5);
  });

  test('M5 the pointer moves only if it is still the one that was read', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    const base = await theTable(lake.ports, T);
    const bytes = (await lake.ports.catalog.load(T))!.metadata;
    expect((await lake.ports.catalog.swap(T, base.pointer, bytes)).swapped).toBe(true);
    expect((await lake.ports.catalog.swap(T, base.pointer, bytes)).swapped).toBe(false);
  });

  test('M5 an empty newest version, as of a writer that died, does not block the next commit', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    const { version } = (await theTable(lake.ports, T)).pointer;
    await lake.ports.store.put(`${T}/metadata/v${version + 1}.metadata.json`, new Uint8Array());
    await merged(lake, [put(2, 2, 2, 'y')]);
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 y']);
    expect((await theTable(lake.ports, T)).pointer.version).toBe(version + 2);
  });

  test('M5 a writer has lost if a higher version that does not descend from its own stands after its create', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    const { pointer } = await theTable(lake.ports, T);
    const { metadata } = (await lake.ports.catalog.load(T))!;
    const overtaken = catalogOverStore({
      ...lake.ports.store,
      async putIfAbsent(key, body) {
        await lake.ports.store.put(`${T}/metadata/v${pointer.version + 2}.metadata.json`, metadata);
        return lake.ports.store.putIfAbsent(key, body);
      },
    });
    expect(await overtaken.swap(T, pointer, metadata)).toEqual({ swapped: false });
  });

  test('M5 the hint is written last, and never moves back', async () => {
    const lake = rulesLake();
    const written: string[] = [];
    const store: LakePorts['store'] = {
      ...lake.ports.store,
      async putIfAbsent(key, body) {
        written.push(key);
        return lake.ports.store.putIfAbsent(key, body);
      },
      async put(key, body) {
        written.push(key);
        return lake.ports.store.put(key, body);
      },
    };
    await send(lake, [put(1, 1, 1, 'x')]);
    await merge(lake, { ...lake.ports, store, catalog: catalogOverStore(store) });
    const hint = `${T}/metadata/version-hint.text`;
    expect(written.slice(-2)).toEqual([`${T}/metadata/v2.metadata.json`, hint]);
    await lake.ports.store.put(hint, Buffer.from('99'));
    await merged(lake, [put(2, 2, 2, 'y')]);
    expect(Buffer.from((await lake.ports.store.get(hint))!).toString()).toBe('99');
  });

  test('M5 metadata files are not compressed: two writers would take two names for one version', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    for (const table of [T, LOG]) {
      const { properties } = (await theTable(lake.ports, table)).metadata;
      expect(properties['write.metadata.compression-codec']).toBe('none');
      expect(
        (await listVersions(lake.ports.store, table)).every(v => v.name.endsWith('.metadata.json')),
      ).toBe(true);
    }
  });

  test('M5 past the most manifests they are joined, and the rows are the same', async () => {
    const lake = rulesLake();
    const manifests = async () => (await readManifests(lake.ports.store, await newest(lake.ports, T))).length;
    await merged(lake, [put(1, 1, 1, 'x')]);
    for (let i = 0; i < MANIFESTS_MAX; i++) await foreignInsert(lake.ports, T, [{ id: BigInt(100 + i) }]);
    expect(await manifests()).toBeLessThanOrEqual(MANIFESTS_MAX);
    expect((await rows(lake)).length).toBe(1 + MANIFESTS_MAX);
    await merged(lake, [{ op: 'D', at: 2, id: 100 }]);
    expect((await rows(lake)).length).toBe(MANIFESTS_MAX);
  });

  test('M5 a delta keeps its own partition when another engine gave the log another spec', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')]);
    await alter(lake.ports, LOG, md => {
      const [first] = md['partition-specs'];
      const bucket = { 'source-id': 1, 'field-id': 1001, name: 'bucket', transform: 'bucket[4]' };
      const spec = { 'spec-id': 1, fields: [...first!.fields, bucket] };
      return { ...md, 'partition-specs': [first!, spec], 'default-spec-id': 1, 'last-partition-id': 1001 };
    });
    await merged(lake, [put(2, 2, 2, 'y')]);
    const { data } = await liveFiles(lake.ports.store, (await theTable(lake.ports, LOG)).metadata);
    expect(data.map(f => [f.file.specId, f.file.partition.length])).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  test('M5 a commit thins snapshots by their age, and what a tag holds stays', async () => {
    const lake = rulesLake();
    await merged(lake, [put(1, 1, 1, 'x')], [put(2, 2, 2, 'y')], [put(3, 3, 3, 'z')]);
    const { metadata } = await theTable(lake.ports, T);
    const [first, second] = metadata.snapshots;
    const tag = { type: 'tag', 'snapshot-id': first!['snapshot-id'] };
    await alter(lake.ports, T, md => ({ ...md, refs: { ...md.refs, kept: tag } }));
    const days = later(lake, 24 * 40);
    await merged(days, [put(4, 4, 4, 'w')]);
    const kept = (await theTable(lake.ports, T)).metadata.snapshots.map(s => s['snapshot-id']);
    expect(kept).toContain(first!['snapshot-id']);
    expect(kept).not.toContain(second!['snapshot-id']);
  });

  test('M5 snapshots of the last hours all stay: a query may be reading them', async () => {
    const lake = rulesLake();
    for (let i = 1; i < 5; i++) await merged(later(lake, i / 10), [put(i, i, i, 'x')]);
    expect((await theTable(lake.ports, T)).metadata.snapshots.length).toBe(4);
  });
});

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
