import { listVersions } from '../../lib/adapters/metadata-files';
import { catalogOverStore } from '../../lib/adapters/store-catalog';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { COMMIT_ID } from '../../lib/table/cursor';
import { liveFiles, readManifests } from '../../lib/table/live-files';
import { MANIFESTS_MAX } from '../../lib/table/manifests';
import { alter, foreignInsert, newest, theTable } from '../support/foreign';
import { LOG, later, merge, merged, put, rebuildAll, rows, rulesLake, send, T } from './rules';

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
