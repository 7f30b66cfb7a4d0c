import { columnFromScalars, valueAt } from '../../lib/columnar/kernels';
import { currentSchema } from '../../lib/iceberg/metadata';
import { sortedKeys } from '../../lib/table/locate';
import type { HistoryLimits } from '../../lib/table/log';
import { logView } from '../../lib/table/log-append';
import { refold } from '../../lib/table/refold';
import { entries, LOG, rulesLake, send, T, tableOf } from '../protocol/rules';
import { theTable } from '../support/foreign';
import { mergeAll, type TestLake } from '../support/lake';

const IDS = Array.from({ length: 12 }, (_, id) => id);

/** What the log says of all keys, and how many keys were folded at once. */
async function refolded(lake: TestLake, most?: HistoryLimits) {
  const log = await theTable(lake.ports, LOG);
  const view = logView(lake.ports, tableOf(lake), log, (await entries(lake)).length);
  const wanted = sortedKeys([columnFromScalars('long', IDS.map(BigInt))], IDS.length);
  const { fields } = currentSchema((await theTable(lake.ports, T)).metadata);
  const rows: string[] = [];
  const atOnce: number[] = [];
  for await (const batch of refold(most ? { ...view, most } : view, wanted, fields, undefined)) {
    atOnce.push(batch.length);
    for (let row = 0; row < batch.length; row++) rows.push(batch.columns.map(c => valueAt(c, row)).join());
  }
  return { rows, atOnce };
}

test('refold.bounded: long histories are read of fewer keys at once, and say the same', async () => {
  const lake = rulesLake({}, { rowGroupRowsMax: 8 });
  for (let at = 1; at <= 12; at++)
    await send(
      lake,
      IDS.map(id => ({ op: 'U', at, id, [at % 2 ? 'a' : 'b']: at % 2 ? at : `${at}` })),
    );
  await send(lake, [
    { op: 'D', at: 13, id: 7 },
    ...Array.from({ length: 50 }, (_, i) => ({ op: 'U' as const, at: 14 + i, id: 3, a: i })),
  ]);
  await mergeAll(lake, T);
  const whole = await refolded(lake);
  expect(whole.atOnce).toEqual([11]);
  const bounded = await refolded(lake, { rows: 40, bytes: 1 << 20 });
  expect(bounded.rows).toEqual(whole.rows);
  expect(Math.max(...bounded.atOnce)).toBeLessThanOrEqual(3);
  expect((await refolded(lake, { rows: 1_000_000, bytes: 1 })).rows).toEqual(whole.rows);
});
