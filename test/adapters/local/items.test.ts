import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LocalItems, openLocalItems } from '../../../lib/adapters/local/items';
import { itemsContract } from '../../contracts/items.contract';
import { freshFolders } from '../folder';
import { program } from '../processes/child';

const folder = freshFolders();
const numberItems = program('number-items', folder());
const opened: LocalItems[] = [];
const open = async (path: string) => {
  const items = await openLocalItems(path);
  opened.push(items);
  return items;
};
// One at a time, not to hold a hundred databases open.
const only = async () => {
  await Promise.all(opened.splice(0).map(items => items.close()));
  return open(folder());
};
afterAll(async () => {
  await only();
  await Promise.all(opened.map(items => items.close()));
});

itemsContract('local', only);

test('folder.may have a dot in its name, and be made', async () => {
  const path = join(folder(), 'lake.v2', 'ledger');
  const items = await open(path);
  await items.transact([{ put: { partition: 'p', sort: 's' }, value: { n: 1 } }]);
  const again = await open(path);
  expect((await again.get({ partition: 'p', sort: 's' }))?.value).toEqual({ n: 1 });
});

test('close.keeps what was written, and what another handle holds open', async () => {
  const path = folder();
  const at = { partition: 'p', sort: 's' };
  const [first, second] = [await openLocalItems(path), await open(path)];
  await first.transact([{ put: at, value: { n: 1 } }]);
  await first.close();
  expect((await second.get(at))?.value).toEqual({ n: 1 });
  expect(await second.transact([{ put: at, value: { n: 2 }, if: 1 }])).toEqual({ done: true });
  await second.close();
  opened.splice(opened.indexOf(second), 1);
  expect((await (await open(path)).get(at))?.version).toBe(2);
});

test('get and query.see what another handle wrote a moment ago', async () => {
  const path = folder();
  const writer = numberItems(path, 'a', '5000');
  const reader = await open(path);
  await writer.wrote(1);
  // No turn of the event loop between these reads: lmdb-js would answer all of them from one old snapshot.
  const seen = async () => (await reader.query('table', 'entry#')).length;
  const first = await seen();
  const until = Date.now() + 2000;
  let last = first;
  while (last === first && Date.now() < until) last = await seen();
  writer.process.kill('SIGKILL');
  expect(last).toBeGreaterThan(first);
  await writer.ended;
});

test('open.a folder that cannot be one says so', async () => {
  const path = folder();
  writeFileSync(path, 'a file');
  await expect(openLocalItems(path)).rejects.toThrow('TM_5103');
  mkdirSync(`${path}-x/data.mdb`, { recursive: true });
  await expect(openLocalItems(`${path}-x`)).rejects.toThrow('TM_5105');
});
