import { mkdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openLocalItems } from '../../../lib/adapters/local/items';
import { localStore } from '../../../lib/adapters/local/object-store';
import { catalogOverStore } from '../../../lib/adapters/store-catalog';
import { marksOf, metadata } from '../../contracts/catalog.contract';
import { freshFolders } from '../folder';
import { program } from './child';

const folder = freshFolders();
const made = () => {
  const path = folder();
  mkdirSync(path);
  return path;
};
const programs = made();

describe('items of several processes', () => {
  const numberItems = program('number-items', programs);

  test('numbers.are given once, without gaps', async () => {
    const path = made();
    const running = [numberItems(path, 'a', '300'), numberItems(path, 'b', '300')];
    expect(await Promise.all(running.map(child => child.ended))).toEqual([0, 0]);
    const given = running.flatMap(child => child.lines.map(Number)).sort((a, b) => a - b);
    expect(given).toEqual(Array.from({ length: 600 }, (_, i) => i + 1));
    const items = await openLocalItems(path);
    expect(await items.query('table', 'entry#')).toHaveLength(600);
    await items.close();
  });

  test('a process that is killed.loses nothing it was answered', async () => {
    const path = made();
    const items = await openLocalItems(path);
    const killed = [numberItems(path, 'a', '5000'), numberItems(path, 'b', '5000')];
    await Promise.all(killed.map(child => child.wrote(40)));
    for (const child of killed) child.process.kill('SIGKILL');
    expect(await Promise.all(killed.map(child => child.ended))).toEqual(['SIGKILL', 'SIGKILL']);
    const next = numberItems(path, 'c', '20');
    expect(await next.ended).toBe(0);
    const entries = (await items.query('table', 'entry#')).map(item => Number(item.sort.slice(6)));
    expect(entries).toEqual(entries.map((_, i) => i + 1));
    const answered = [...killed, next].flatMap(child => child.lines.map(Number));
    expect(answered.filter(n => n > entries.length)).toEqual([]);
    expect((await items.get({ partition: 'table', sort: 'counter' }))?.value).toEqual({ n: entries.length });
    await items.close();
  });
});

describe('objects of several processes', () => {
  const putObjects = program('put-objects', programs);

  test('putIfAbsent.has one winner for each key', async () => {
    const path = made();
    const running = [putObjects(path, 'a', '150'), putObjects(path, 'b', '150')];
    expect(await Promise.all(running.map(child => child.ended))).toEqual([0, 0]);
    const won = running.flatMap(child => child.lines.map(Number)).sort((a, b) => a - b);
    expect(won).toEqual(Array.from({ length: 150 }, (_, i) => i + 1));
    const store = localStore(path);
    for (const [i, child] of running.entries()) {
      for (const n of child.lines) {
        expect(Buffer.from((await store.get(`t/data/${n}`)) ?? []).toString()).toMatch(
          i === 0 ? /^a:x{20000}$/ : /^b:x{20000}$/,
        );
      }
    }
  });

  test('a process that is killed.leaves whole objects and at most an unfinished file', async () => {
    const path = made();
    const child = putObjects(path, 'a', '5000');
    await child.wrote(30);
    child.process.kill('SIGKILL');
    await child.ended;
    const sizes: number[] = [];
    for await (const info of localStore(path).list('')) sizes.push(info.size);
    expect(sizes.length).toBeGreaterThanOrEqual(child.lines.length);
    expect(new Set(sizes)).toEqual(new Set([20_002]));
    expect((await readdir(join(path, '.tmp'))).length).toBeLessThanOrEqual(1);
  });
});

test('commits of several processes.are each in once', async () => {
  const commitTable = program('commit-table', programs);
  const path = made();
  const store = localStore(path);
  const catalog = catalogOverStore(store);
  await catalog.create('users', metadata('first'));
  const running = ['a', 'b', 'c'].map(name => commitTable(path, name, '25'));
  expect(await Promise.all(running.map(child => child.ended))).toEqual([0, 0, 0]);
  const loaded = await catalog.load('users');
  const expected = ['a', 'b', 'c'].flatMap(name => Array.from({ length: 25 }, (_, n) => `${name}${n}`));
  expect([...(marksOf(loaded) ?? [])].sort()).toEqual([...expected, 'first'].sort());
  expect(loaded?.pointer.version).toBe(76);
  expect(Buffer.from((await store.get('users/metadata/version-hint.text')) ?? []).toString()).toBe('76');
});
