import { memoryStore } from '../../../lib/adapters/memory/object-store';
import { askedOf, foldersOf } from '../../../lib/stages/land/asked';
import { layoutOf, upload } from '../../../lib/stages/land/upload';

test.each([
  ['home/me/shop/orders/LOAD00000001.csv', 'shop/orders/LOAD00000001.csv'],
  ['a/shop/orders/2021/01/02/20210102-100000000.csv', 'shop/orders/2021/01/02/20210102-100000000.csv'],
  ['home/me/orders/2021-01-02.csv', 'orders/2021-01-02.csv'],
  ['home/me/orders-2021-01-02.csv.gz', 'orders-2021-01-02.csv.gz'],
  ['home/me/shop/events.jsonl', 'events.jsonl'],
  ['LOAD00000001.csv', 'LOAD00000001.csv'],
])('upload.layout: %s', (path, kept) => {
  expect(layoutOf(path)).toBe(kept);
});

test('upload.asked: folders say what options said', () => {
  const asked = { table: 'employees', date: '2021-01-01', again: 'x' };
  expect(askedOf(`${foldersOf(asked)}day1.csv`)).toEqual(asked);
  expect(askedOf('hr/employees/table=x.csv')).toEqual({});
});

test('upload.names: nothing in the landing is replaced', async () => {
  const landing = memoryStore();
  const put = async (bytes: string) => {
    const from = memoryStore();
    await from.putIfAbsent('a/export.csv', Buffer.from(bytes));
    return upload(landing, { from, key: 'a/export.csv', asked: { table: 't' } });
  };
  expect(await put('one')).toEqual({ key: 'table=t/export.csv', fresh: true });
  expect(await put('one')).toEqual({ key: 'table=t/export.csv', fresh: false });
  const second = await put('two');
  expect(second).toEqual({ key: expect.stringMatching(/^[0-9a-f]{16}\/table=t\/export\.csv$/), fresh: true });
  expect(await put('two')).toEqual({ ...second, fresh: false });
  expect(Buffer.from((await landing.get('table=t/export.csv'))!).toString()).toBe('one');
});
