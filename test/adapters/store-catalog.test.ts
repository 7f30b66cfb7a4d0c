import { gzipSync } from 'node:zlib';
import { localStore } from '../../lib/adapters/local/object-store';
import { memoryStore } from '../../lib/adapters/memory/object-store';
import { catalogOverStore } from '../../lib/adapters/store-catalog';
import type { Catalog } from '../../lib/ports/catalog';
import type { ObjectStore } from '../../lib/ports/object-store';
import { catalogContract, commit, marksOf, metadata } from '../contracts/catalog.contract';
import { freshFolders } from './folder';

const folder = freshFolders();
catalogContract('over memory', async () => catalogOverStore(memoryStore()));
catalogContract('over a folder', async () => catalogOverStore(localStore(folder())));

const UUID = '0b4f9c1e-8a55-4a53-9d0c-2f6f3f1c7f10';
const at = (name: string) => `users/metadata/${name}`;
const empty = new Uint8Array(0);

async function table(
  marks: string[] = ['1'],
): Promise<{ store: ReturnType<typeof memoryStore>; catalog: Catalog }> {
  const store = memoryStore();
  const catalog = catalogOverStore(store);
  const [first = '1', ...more] = marks;
  await catalog.create('users', metadata(first));
  for (const mark of more) await commit(catalog, 'users', mark);
  return { store, catalog };
}

async function base(catalog: Catalog) {
  const loaded = await catalog.load('users');
  if (!loaded) throw new Error('lost');
  return loaded;
}

const hint = async (store: ObjectStore) =>
  Buffer.from((await store.get(at('version-hint.text'))) ?? []).toString();

test('layout.is that of an Iceberg file-system table', async () => {
  const { store } = await table(['1', '2']);
  expect([...store.objects.keys()].sort()).toEqual([
    at('v1.metadata.json'),
    at('v2.metadata.json'),
    at('version-hint.text'),
  ]);
  expect(await hint(store)).toBe('2');
});

test('table name.is one part', async () => {
  const catalog = catalogOverStore(memoryStore());
  for (const name of ['', '..', 'a/b', 'a/../b']) await expect(catalog.load(name)).rejects.toThrow('TM_5001');
});

describe('versions of other engines', () => {
  test.each([
    'v2.gz.metadata.json',
    'v2.metadata.json.gz',
    `00002-${UUID}.metadata.json`,
    `00002-${UUID}.gz.metadata.json`,
  ])('%s is the pointer, and is committed on', async name => {
    const { store, catalog } = await table();
    const first = await base(catalog);
    const body = metadata('theirs', first);
    await store.put(at(name), name.includes('gz') ? gzipSync(body) : body);
    const loaded = await base(catalog);
    expect(loaded.pointer).toEqual({ version: 2, uri: store.uri(at(name)) });
    expect(marksOf(loaded)).toEqual(['1', 'theirs']);
    expect(await catalog.swap('users', first.pointer, metadata('late', first))).toEqual({ swapped: false });
    await commit(catalog, 'users', 'ours');
    expect((await base(catalog)).pointer).toEqual({ version: 3, uri: store.uri(at('v3.metadata.json')) });
    expect(await hint(store)).toBe('3');
  });

  test('unfinished and other files.are no versions', async () => {
    const { store, catalog } = await table();
    const names = [
      `${UUID}.metadata.json`,
      '12345678-1234-1234-1234-123456789012.metadata.json',
      'v9.json',
      'v.metadata.json',
      'xv9.metadata.json',
      'v9.metadata.json.crc',
      'sub/v9.metadata.json',
    ];
    for (const name of names) await store.put(at(name), Buffer.from('{}'));
    expect((await base(catalog)).pointer.version).toBe(1);
  });

  test('one version twice.the plain name counts, as in Java', async () => {
    const { store, catalog } = await table(['1', '2']);
    await store.put(at('v2.gz.metadata.json'), gzipSync(metadata('theirs')));
    await store.put(at(`00002-${UUID}.metadata.json`), metadata('theirs'));
    expect(marksOf(await catalog.load('users'))).toEqual(['1', '2']);
  });

  test('what does not decompress.is an error', async () => {
    const { store, catalog } = await table();
    await store.put(at('v2.gz.metadata.json'), gzipSync(metadata('theirs')).subarray(0, 40));
    await expect(catalog.load('users')).rejects.toThrow('TM_5106');
  });
});

describe('empty versions', () => {
  test('old ones.hold their numbers and no more', async () => {
    const { store, catalog } = await table(['1', '2', '3']);
    for (const n of [1, 2]) await store.put(at(`v${n}.metadata.json`), empty);
    expect((await base(catalog)).pointer.version).toBe(3);
    expect(await catalog.create('users', metadata('again'))).toEqual({ swapped: false });
    await commit(catalog, 'users', '4');
    expect((await base(catalog)).pointer.version).toBe(4);
  });

  test('the newest.is passed over, and committed above', async () => {
    const { store, catalog } = await table(['1', '2']);
    await store.put(at('v3.metadata.json'), empty);
    const standing = await base(catalog);
    expect(standing.pointer.version).toBe(2);
    const marks = ['a', 'b', 'c'];
    await Promise.all(marks.map(mark => commit(catalog, 'users', mark)));
    expect((await base(catalog)).pointer.version).toBe(6);
    expect([...(marksOf(await catalog.load('users')) ?? [])].sort()).toEqual(['1', '2', ...marks]);
    expect(await hint(store)).toBe('6');
  });

  test('alone.are no table', async () => {
    const store = memoryStore();
    const catalog = catalogOverStore(store);
    await store.put(at('v1.metadata.json'), empty);
    expect(await catalog.load('users')).toBeUndefined();
    expect(await catalog.list()).toEqual([]);
    expect((await catalog.create('users', metadata('1'))).swapped).toBe(true);
    expect((await base(catalog)).pointer.version).toBe(2);
  });

  test('are never written', async () => {
    const { store, catalog } = await table();
    const { pointer } = await base(catalog);
    await expect(catalog.swap('users', pointer, empty)).rejects.toThrow('TM_5106');
    expect(await store.head(at('v2.metadata.json'))).toBeUndefined();
  });
});

describe('a writer who sleeps before its put', () => {
  /** Swaps on the newest version; `meanwhile` runs after the swap has looked and before it puts. */
  async function sleepy(store: ObjectStore, meanwhile: (catalog: Catalog) => Promise<void>) {
    const awake = catalogOverStore(store);
    const slow = catalogOverStore({
      ...store,
      async putIfAbsent(key, body) {
        await meanwhile(awake);
        return store.putIfAbsent(key, body);
      },
    });
    const standing = await base(awake);
    return slow.swap('users', standing.pointer, metadata('sleepy', standing));
  }

  test('finds its number taken', async () => {
    const { store, catalog } = await table(['1', '2']);
    expect(await sleepy(store, awake => commit(awake, 'users', '3'))).toEqual({ swapped: false });
    expect(marksOf(await catalog.load('users'))).toEqual(['1', '2', '3']);
  });

  test('has lost when its number was taken and its name removed', async () => {
    const { store, catalog } = await table(['1', '2']);
    const swapped = await sleepy(store, async awake => {
      for (const mark of ['3', '4', '5']) await commit(awake, 'users', mark);
      // As Java's delete-after-commit does. The log of v5 still names v3.
      await store.delete(at('v3.metadata.json'));
    });
    expect(await store.head(at('v3.metadata.json'))).toBeDefined();
    expect(marksOf(await catalog.load('users'))).toEqual(['1', '2', '3', '4', '5']);
    expect(swapped).toEqual({ swapped: false });
  });

  test('has lost when it added no snapshot to be known by', async () => {
    const { store, catalog } = await table(['1']);
    const standing = await base(catalog);
    const slow = catalogOverStore({
      ...store,
      async putIfAbsent(key, body) {
        const put = await store.putIfAbsent(key, body);
        await commit(catalog, 'users', '3');
        return put;
      },
    });
    expect(await slow.swap('users', standing.pointer, standing.metadata)).toEqual({ swapped: false });
  });

  test('has lost to a newer version that is torn', async () => {
    const { store } = await table(['1', '2']);
    const swapped = await sleepy(store, () => store.put(at('v9.metadata.json'), Buffer.from('{"format-ver')));
    expect(swapped).toEqual({ swapped: false });
  });
});

test('swap.has won when others have committed on top of it already', async () => {
  const { store, catalog } = await table(['1']);
  const slow = catalogOverStore({
    ...store,
    async putIfAbsent(key, body) {
      const put = await store.putIfAbsent(key, body);
      for (const mark of ['3', '4']) await commit(catalog, 'users', mark);
      return put;
    },
  });
  const first = await base(catalog);
  const swapped = await slow.swap('users', first.pointer, metadata('2', first));
  expect(swapped).toEqual({ swapped: true, pointer: { version: 2, uri: store.uri(at('v2.metadata.json')) } });
  expect(marksOf(await catalog.load('users'))).toEqual(['1', '2', '3', '4']);
  expect(await hint(store)).toBe('4');
});

test('load.looks again when the file is emptied before it is read', async () => {
  const { store, catalog } = await table(['1']);
  let moved = false;
  const reader = catalogOverStore({
    ...store,
    async get(key) {
      if (!moved && key.endsWith('.json')) {
        moved = true;
        await commit(catalog, 'users', '2');
        await store.put(key, empty);
      }
      return store.get(key);
    },
  });
  expect(marksOf(await reader.load('users'))).toEqual(['1', '2']);
});

describe('hint', () => {
  test('does not move back', async () => {
    const { store, catalog } = await table(['1', '2']);
    await store.put(at('version-hint.text'), Buffer.from('7'));
    await commit(catalog, 'users', '3');
    expect(await hint(store)).toBe('7');
  });

  test('is raised by the writer that put an older one last', async () => {
    const { store, catalog } = await table(['1', '2']);
    let late = false;
    const slow = catalogOverStore({
      ...store,
      async put(key, body) {
        if (!late) {
          late = true;
          await commit(catalog, 'users', '4');
          expect(await hint(store)).toBe('4');
        }
        await store.put(key, body);
      },
    });
    await commit(slow, 'users', '3');
    expect(await hint(store)).toBe('4');
  });

  test('that cannot be written.does not undo the commit', async () => {
    const { store, catalog } = await table(['1']);
    const full = catalogOverStore({ ...store, put: () => Promise.reject(new Error('full')) });
    const first = await base(catalog);
    expect((await full.swap('users', first.pointer, metadata('2', first))).swapped).toBe(true);
    expect(await hint(store)).toBe('1');
  });
});

test('list.leaps over what is no table', async () => {
  const { store, catalog } = await table();
  for (const key of [
    'a.txt',
    'deltas/users/1.parquet',
    'users/data/1.parquet',
    'users0',
    'zz/metadata/x.json',
    'zz\u{10ffff}',
  ]) {
    await store.put(key, Buffer.from('x'));
  }
  expect(await catalog.list()).toEqual(['users']);
});
