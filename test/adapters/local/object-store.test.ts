import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../lib/adapters/local/clock';
import { randomIds } from '../../../lib/adapters/local/ids';
import { localStore } from '../../../lib/adapters/local/object-store';
import { objectStoreContract } from '../../contracts/object-store.contract';
import { freshFolders } from '../folder';

const folder = freshFolders();
objectStoreContract('local', async () => localStore(folder()));

const text = (content: string) => Buffer.from(content);

async function listed(root: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of localStore(root).list('')) keys.push(key);
  return keys;
}

test('uri.is the plain absolute path', async () => {
  const root = folder();
  const store = localStore(`${root}/x/../`);
  await store.putIfAbsent('t/data/a b%.parquet', text('x'));
  expect(store.uri('t/data/a b%.parquet')).toBe(`${root}/t/data/a b%.parquet`);
  expect(readFileSync(store.uri('t/data/a b%.parquet'), 'utf8')).toBe('x');
});

test('unfinished files.are not there, and cannot be named', async () => {
  const root = folder();
  const store = localStore(root);
  await store.put('a', text('x'));
  expect(readdirSync(join(root, '.tmp'))).toEqual([]);
  writeFileSync(join(root, '.tmp', 'left-by-a-crash'), 'torn');
  expect(await listed(root)).toEqual(['a']);
  await expect(store.get('.tmp/left-by-a-crash')).rejects.toThrow('TM_5001');
  expect(() => store.uri('.tmp')).toThrow('TM_5001');
  await store.put('t/.tmp/a', text('x'));
  expect(await listed(root)).toEqual(['a', 't/.tmp/a']);
});

test('a body that fails.leaves no file behind', async () => {
  const root = folder();
  const failing = (async function* () {
    yield text('half');
    throw new Error('source gone');
  })();
  await expect(localStore(root).putIfAbsent('a/b', failing)).rejects.toThrow('source gone');
  expect(await readdir(root, { recursive: true })).toEqual(['.tmp']);
});

describe('symbolic links', () => {
  test.each(['file', 'folder', 'dangling'])('to a %s outside are refused', async kind => {
    const [root, outside] = [folder(), folder()];
    const store = localStore(root);
    await store.put('t/real', text('x'));
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret'), 'secret');
    const key = kind === 'folder' ? 't/link/secret' : 't/link';
    symlinkSync(
      kind === 'file' ? join(outside, 'secret') : outside + (kind === 'folder' ? '' : '/none'),
      join(root, 't/link'),
    );
    if (kind === 'dangling') {
      expect(await store.get(key)).toBeUndefined();
      expect(await store.putIfAbsent(key, text('y'))).toBe(false);
    } else {
      for (const ask of [
        () => store.get(key),
        () => store.head(key),
        () => store.range(key, 0, 1),
        () => store.put(key, text('y')),
      ]) {
        await expect(ask()).rejects.toThrow('TM_5001');
      }
      await expect(store.putIfAbsent(key, text('y'))).rejects.toThrow('TM_5001');
      await expect(store.delete(key)).rejects.toThrow('TM_5001');
      await store.put('t/other', text('y'));
      const [refused, ...none] = await store.deleteMany(['t/other', key]);
      expect(refused).toMatchObject({ key, reason: expect.stringContaining('TM_5001') });
      expect(none).toEqual([]);
      expect(await store.head('t/other')).toBeUndefined();
    }
    await expect(listed(root)).rejects.toThrow('TM_5001');
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('secret');
  });

  test('to the root itself are followed', async () => {
    const [real, link] = [folder(), folder()];
    mkdirSync(real);
    symlinkSync(real, link);
    const store = localStore(link);
    await store.put('a/b', text('x'));
    expect(store.uri('a/b')).toBe(`${link}/a/b`);
    expect(await listed(link)).toEqual(['a/b']);
  });
});

test('a folder.is no object', async () => {
  const store = localStore(folder());
  await store.put('a/b', text('x'));
  expect(await store.get('a')).toBeUndefined();
  expect(await store.head('a')).toBeUndefined();
  expect(await store.get('a/b/c')).toBeUndefined();
  await store.delete('a');
  await store.delete('a/b/c');
  expect(await store.putIfAbsent('a', text('x'))).toBe(false);
  await expect(store.range('a', 0, 0)).rejects.toThrow('TM_5002');
  await expect(store.put('a', text('x'))).rejects.toThrow('TM_5103');
  await expect(store.putIfAbsent('a/b/c', text('x'))).rejects.toThrow('TM_5103');
});

test('etag.sees a file that is still written to', async () => {
  const root = folder();
  const store = localStore(root);
  await store.put('in/a.csv', Buffer.alloc(2_500_000, 'x'));
  const etag = (await store.head('in/a.csv'))?.etag ?? '';
  const read = async () => {
    let pieces = 0;
    for await (const _ of store.stream('in/a.csv', etag)) {
      if (pieces++ === 0) appendFileSync(join(root, 'in/a.csv'), 'y');
    }
  };
  await expect(read()).rejects.toThrow('TM_5003');
});

test('stream.left early closes its file', async () => {
  const store = localStore(folder());
  await store.put('a', Buffer.alloc(2_500_000));
  const etag = (await store.head('a'))?.etag ?? '';
  const open = () => readdirSync('/proc/self/fd').length;
  const before = open();
  for (let i = 0; i < 20; i++) for await (const _ of store.stream('a', etag)) break;
  store.stream('a', etag);
  expect(open()).toBeLessThan(before + 10);
});

describe('errors', () => {
  test('a name too long.says so', async () => {
    const store = localStore(folder());
    await expect(store.putIfAbsent('x'.repeat(256), text('x'))).rejects.toThrow('TM_5103');
  });

  test('a full disk.says so and leaves nothing', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      syscall: 'write',
    });
    const body = (async function* () {
      yield text('half');
      throw full;
    })();
    const root = folder();
    await expect(localStore(root).putIfAbsent('a', body)).rejects.toThrow(/TM_5101.*free space/);
    expect(await listed(root)).toEqual([]);
  });

  // Root may write anywhere.
  (process.getuid?.() === 0 ? test.skip : test)('a folder without permission.says so', async () => {
    const root = folder();
    mkdirSync(root);
    chmodSync(root, 0o500);
    await expect(localStore(root).putIfAbsent('a', text('x'))).rejects.toThrow('TM_5102');
  });
});

test('ids.are fresh and positive; the clock runs', () => {
  const ids = randomIds();
  const drawn = Array.from({ length: 1000 }, () => ids.snapshotId());
  expect(drawn.every(id => id > 0n && id < 2n ** 63n)).toBe(true);
  expect(new Set(drawn).size).toBe(1000);
  expect(ids.fresh()).toMatch(/^[0-9a-f-]{36}$/);
  expect(Math.abs(systemClock().now() - Date.now())).toBeLessThan(1000);
});
