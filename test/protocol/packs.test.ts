import { entriesAfter, readEntry } from '../../lib/ledger/entries';
import { mergeAll, readRows, take, testLake } from '../support/lake';

test('I3 a source of any number of deltas is numbered in one transaction, without gaps', async () => {
  const lake = testLake({ name: 'p', tables: { t: { key: ['id'], columns: { id: 'bigint', v: 'int' } } } });
  const limits = { ...lake.lake.limits, deltaRowsMax: 1, mergeRowsMax: 40 };
  const small = { ...lake, lake: { ...lake.lake, limits } };
  const lines = Array.from({ length: 200 }, (_, i) => `${i},${i}`).join('\n');
  expect(await take(small, 't.csv', `id,v\n${lines}\n`)).toMatchObject({ first: 1, count: 200 });
  expect(await take(small, 'b/t.csv', 'id,v\n7,70\n')).toMatchObject({ first: 201, count: 1 });
  for (const after of [0, 1, 2, 57, 199, 200]) {
    const numbers = [];
    for await (const entry of entriesAfter(lake.ports.items, 't', after)) numbers.push(entry.n);
    expect(numbers).toEqual(Array.from({ length: 201 - after }, (_, i) => after + 1 + i));
  }
  expect((await readEntry(lake.ports.items, 't', 58))?.n).toBe(58);
  expect(await readEntry(lake.ports.items, 't', 202)).toBeUndefined();
  expect((await mergeAll(small, 't')).map(m => m.entries.length)).toEqual([40, 40, 40, 40, 40, 1]);
  const rows = await readRows(lake.ports, 't');
  expect(rows).toHaveLength(200);
  expect(rows.find(r => r.id === 7n)).toMatchObject({ v: 70 });
});
