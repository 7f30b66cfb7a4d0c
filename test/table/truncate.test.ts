import type { LakePorts } from '../../lib/ports/lake-ports';
import { merge, rows, rulesLake, T } from '../protocol/rules';
import { mergeAll, type TestLake, take } from '../support/lake';

/** Changes of one day of January 2021. */
async function sendOn(day: string, lake: TestLake, changes: readonly object[]): Promise<void> {
  const at = `202101${day}00000000${'0'.repeat(19)}`;
  const text = changes.map(change => JSON.stringify({ ...change, at })).join('\n');
  await take(lake, `${day}/${T}.jsonl`, text, { date: `2021-01-${day}` });
}

test('truncate.unread: files whose rows all stand before a TRUNCATE go without being read', async () => {
  const lake = rulesLake({ partitionBy: ['bucket(4, id)'] });
  await sendOn(
    '01',
    lake,
    Array.from({ length: 40 }, (_, id) => ({ op: 'I', id, a: id, b: 'x' })),
  );
  await mergeAll(lake, T);
  await sendOn('02', lake, [{ op: 'T', id: 0, a: null, b: null }]);
  await sendOn('03', lake, [
    { op: 'I', id: 1, a: 1, b: 'y' },
    { op: 'I', id: 50, a: 50, b: 'z' },
  ]);
  const read: string[] = [];
  const { store } = lake.ports;
  const ports: LakePorts = {
    ...lake.ports,
    store: {
      ...store,
      get: key => {
        read.push(key);
        return store.get(key);
      },
      range: (key, start, end) => {
        read.push(key);
        return store.range(key, start, end);
      },
    },
  };
  const merged = await merge(lake, ports);
  expect(merged).toMatchObject({ rows: { new: 2, changed: 0, deleted: 40, total: 2 } });
  expect(await rows(lake)).toEqual(['1 1 y', '50 50 z']);
  expect(read.filter(key => key.startsWith(`${T}/data/`))).toEqual([]);
});
