import type { LakePorts } from '../../../lib/ports/lake-ports';
import { type MergedUntil, mergeUntil } from '../../../lib/stages/merge/merge-until';
import { take, testLake } from '../../support/lake';

const CONFIG = {
  name: 'shop',
  tables: { orders: { key: ['id'], columns: { id: 'bigint' } } },
  limits: { mergeRowsMax: 1, deltaRowsMax: 1 },
};
const FILES = 5;

/** Merges a table of five slices, of which each takes so many seconds, until so many seconds from now. */
async function merged(seconds: readonly number[], until: number): Promise<MergedUntil> {
  const lake = testLake(CONFIG);
  for (let i = 0; i < FILES; i++) await take(lake, `${i}/orders.csv`, `id\n${i}\n`, { table: 'orders' });
  const { catalog, clock } = lake.ports;
  const start = clock.now();
  let [now, slice] = [start, 0];
  const swap: typeof catalog.swap = (table, ...commit) => {
    // Of its log there are commits too.
    if (table === 'orders') now += seconds[slice++]! * 1000;
    return catalog.swap(table, ...commit);
  };
  const ports: LakePorts = {
    ...lake.ports,
    clock: { ...clock, now: () => now },
    catalog: { ...catalog, swap },
  };
  return mergeUntil(ports, lake.lake.tables[0]!, lake.lake.limits, start + until * 1000);
}

const TEN = [10, 10, 10, 10, 10];

test.each([
  ['one in any case', 0, 1],
  ['not a second where twice its time is more than what is left', 30, 1],
  ['a second where it is less', 31, 2],
  ['all where there is time', 70, FILES],
])('mergeUntil.time: %s', async (_, until, slices) => {
  const { slices: done, again } = await merged(TEN, until);
  expect(done).toHaveLength(slices);
  expect(again !== undefined).toBe(slices < FILES);
});

test('mergeUntil.slowest: a quick slice does not make a slow one forgotten', async () => {
  // After 10 and 11 seconds twice ten more are below 31.5, after 12 no longer.
  expect((await merged([10, 1, 1, 1, 1], 31.5)).slices).toHaveLength(3);
});
