import type { FixedClock } from '../../../lib/adapters/memory/clock';
import { listQuarantined } from '../../../lib/ledger/quarantine';
import type { StreamRecord } from '../../../lib/ports/change-stream';
import type { LakePorts } from '../../../lib/ports/lake-ports';
import { ingestBatch } from '../../../lib/stages/ingest-stream/ingest-batch';
import type { RecordsTaken } from '../../../lib/stages/ingest-stream/request';
import { replay } from '../../../lib/stages/replay';
import { logOf, requestOf, rowsOf, type StreamLake, send, streamLake } from './streams';

const insert = (id: number) => ({ op: 'insert', data: { id, a: id, b: 'x' } }) as const;
const HOUR_MS = 3_600_000;

const batch = (lake: StreamLake, records: readonly StreamRecord[], ports: LakePorts = lake.ports) =>
  ingestBatch(ports, lake.lake, requestOf(lake, records));

/** A run whose process is gone where it looks for the table; nothing of it is heard again. */
async function deadRun(lake: StreamLake, record: StreamRecord): Promise<void> {
  const died = new Promise<void>(resolve => {
    const load = () => {
      resolve();
      return new Promise<never>(() => {});
    };
    void batch(lake, [record], { ...lake.ports, catalog: { ...lake.ports.catalog, load } });
  });
  await died;
}

/** The lake's clock, which is not the stream's. */
function pass(lake: StreamLake, ms: number): void {
  const clock = lake.ports.clock as FixedClock;
  clock.set(lake.clock.now() + ms);
}

/** What an event source does with a record that stands alone. */
async function untilDone(lake: StreamLake, record: StreamRecord, deadly: boolean): Promise<RecordsTaken> {
  for (let deaths = 0; deaths < 5; deaths++) if (deadly) await deadRun(lake, record);
  return batch(lake, [record]);
}

test('outage: however often a batch fails, no good record is put aside', async () => {
  const lake = streamLake();
  const records = await send(lake, insert(1), insert(2), insert(3));
  const away = () => Promise.reject(new Error('Glue is away'));
  const ports = { ...lake.ports, catalog: { ...lake.ports.catalog, load: away } };
  for (let tries = 0; tries < 50; tries++) {
    pass(lake, (tries * HOUR_MS) / 10);
    // As it is delivered by halves, and from the first record that failed.
    const some = records.slice(0, (tries % 3) + 1);
    expect((await batch(lake, some, ports)).retryFrom).toBe(records[0]!.sequence);
  }
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
  await batch(lake, records);
  expect(await rowsOf(lake)).toEqual(['1 1 x', '2 2 x', '3 3 x']);
});

test('deadly: a record of which five runs died is put aside unread, and a replay takes it in', async () => {
  const lake = streamLake();
  const [first, deadly, last] = await send(lake, insert(1), insert(2), insert(3));
  await batch(lake, [first!]);
  pass(lake, HOUR_MS);
  expect(await untilDone(lake, deadly!, true)).toMatchObject({ strays: 1, tables: [] });
  await batch(lake, [last!]);
  expect(await rowsOf(lake)).toEqual(['1 1 x', '3 3 x']);
  const [waiting] = await listQuarantined(lake.ports.items);
  expect(waiting).toMatchObject({ code: 'TM_2324', badRows: 1 });
  await replay(lake.ports, lake.lake, waiting!.id);
  expect(await rowsOf(lake)).toEqual(['1 1 x', '2 2 x', '3 3 x']);
  // It comes once more, from before its replay.
  await batch(lake, [deadly!]);
  for (const { id } of await listQuarantined(lake.ports.items)) await replay(lake.ports, lake.lake, id);
  expect((await logOf(lake)).map(row => Number(row.id)).sort()).toEqual([1, 2, 3]);
});

test('deadly.others: runs that ended between two deaths, and deaths of another record, do not count', async () => {
  const lake = streamLake();
  const [first, second] = await send(lake, insert(1), insert(2));
  pass(lake, HOUR_MS);
  for (let i = 0; i < 4; i++) await deadRun(lake, first!);
  await batch(lake, [first!]);
  for (let i = 0; i < 4; i++) await deadRun(lake, second!);
  await batch(lake, [second!]);
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
  expect(await rowsOf(lake)).toEqual(['1 1 x', '2 2 x']);
});
