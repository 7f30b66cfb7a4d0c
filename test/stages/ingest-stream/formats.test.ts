import fc from 'fast-check';
import type { Scalar } from '../../../lib/columnar/types';
import { listQuarantined } from '../../../lib/ledger/quarantine';
import { mergeAll, readRows } from '../../support/lake';
import {
  debeziumRecords,
  dmsRecords,
  serviceEventRecords,
  TYPED_COLUMNS,
  typedHistory,
} from '../../support/typed-changes';
import { deliver, type StreamLake, send, streamLake } from './streams';

const FORMATS = ['dms', 'debezium', 'service-event', 'json'] as const;

function typedLake(format: 'auto' | (typeof FORMATS)[number]): StreamLake {
  return streamLake({
    tables: { items: { key: ['id'], columns: TYPED_COLUMNS } },
    sources: { source: { kind: 'kinesis', format } },
  });
}

/** The table's rows in the order of their keys, after the records came in batches cut at these lengths. */
async function rowsAfter(lake: StreamLake, records: readonly string[], cuts: readonly number[]) {
  const all = await send(lake, ...records);
  let at = 0;
  for (let i = 0; at < all.length; i++) {
    const end = at + (cuts[i % cuts.length] ?? all.length);
    // The batch before comes again with each: a repeat is seen.
    const taken = await deliver(lake, all.slice(Math.max(0, at - 1), end));
    expect(taken).toMatchObject({ strays: 0, failed: [] });
    if (i % 2 === 1) await mergeAll(lake, 'items');
    at = end;
  }
  await mergeAll(lake, 'items');
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
  const rows = await readRows(lake.ports, 'items');
  return sorted(rows.map(row => Object.fromEntries(Object.keys(TYPED_COLUMNS).map(c => [c, row[c]!]))));
}

function sorted(rows: readonly Record<string, Scalar>[]) {
  return [...rows].sort((a, b) => (a.id! < b.id! ? -1 : 1));
}

function shuffled<T>(all: readonly T[], seed: number): T[] {
  let state = seed;
  const next = () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
  return all
    .map(one => [next(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one);
}

test('formats.equal: one history, written in every format, makes one lake, whatever the order and the batches', async () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(typedHistory, cuts, fc.nat(), async ({ changes, rows }, cut, seed) => {
      const wanted = sorted(rows);
      // Each record says where it stands, so that any order will do.
      const ordered = {
        dms: dmsRecords(changes, 'items'),
        debezium: debeziumRecords(changes, 'items', seed % 2 === 0),
      };
      for (const format of ['dms', 'debezium'] as const) {
        const records = shuffled(ordered[format], seed);
        expect(await rowsAfter(typedLake(format), records, cut)).toEqual(wanted);
        expect(await rowsAfter(typedLake('auto'), records, [...cut, 3])).toEqual(wanted);
      }
      const events = serviceEventRecords(changes, 'items');
      expect(await rowsAfter(typedLake('service-event'), events, cut)).toEqual(wanted);
      expect(await rowsAfter(typedLake('auto'), events, [1, ...cut])).toEqual(wanted);
    }),
    { numRuns: 12, endOnFailure: true },
  );
});
