import type { FixedClock } from '../../../lib/adapters/memory/clock';
import { FAILED_BATCHES } from '../../../lib/config/deployed';
import { eventRecord } from '../../../lib/formats/intake-event';
import { forgetEvents } from '../../../lib/ledger/event-ids';
import { eventIdsPartition } from '../../../lib/ledger/keys';
import { listQuarantined, release } from '../../../lib/ledger/quarantine';
import type { StreamRecord } from '../../../lib/ports/change-stream';
import type { LakePorts } from '../../../lib/ports/lake-ports';
import { ingestRecords } from '../../../lib/stages/ingest-stream/ingest-records';
import { putUnjudgedAside } from '../../../lib/stages/ingest-stream/unjudged';
import { replay } from '../../../lib/stages/replay';
import { forgetOldEvents } from '../../../lib/stages/vacuum/forget-events';
import { readRows } from '../../support/lake';
import { entriesOf, logOf, rowsOf, START, STREAM, type StreamLake, streamLake } from './streams';

const HOUR = 3_600_000;
const SOURCES = { source: { kind: 'http' } } as const;

const eventLake = () => streamLake({ sources: SOURCES });

interface Put {
  readonly id: string;
  readonly data?: object;
  readonly table?: string;
  readonly receivedAt?: number;
}

const bytesOf = ({ id, data = { id: 1, a: 1, b: id }, table = 'one', receivedAt = START }: Put) =>
  eventRecord({ id, table, receivedAt, data: JSON.stringify(data) });

/** Records of a shard as they were put, from sequence number 1 on. */
function shardOf(shard: string, puts: readonly (Put | Uint8Array)[], from = 1): StreamRecord[] {
  return puts.map((put, i) => ({
    shard,
    sequence: String(from + i),
    key: 'k',
    data: put instanceof Uint8Array ? put : bytesOf(put),
    arrivedAt: START + from + i,
  }));
}

const requestOf = (records: readonly StreamRecord[]) => ({
  source: 'source',
  stream: {
    ...STREAM,
    shards: async () => [
      { id: 'a', parents: [] },
      { id: 'b', parents: ['a'] },
    ],
  },
  shard: records[0]!.shard,
  records,
});

const take = ({ lake }: StreamLake, ports: LakePorts, records: readonly StreamRecord[]) =>
  ingestRecords(ports, lake, requestOf(records));

const key = (n: number) => ({ id: n, a: n, b: 'x' });

test('events.width: events give a table 500 columns, whose then are more wait, and what is declared counts for none', async () => {
  const lake = eventLake();
  const named = (id: number, from: number, to: number) => ({
    id: `e${id}`,
    data: {
      ...key(id),
      ...Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`c${from + i}`, 1])),
    },
  });
  await take(
    lake,
    lake.ports,
    shardOf('a', [named(1, 0, 4000), named(2, 0, 499), { id: 'e3', data: key(3) }]),
  );
  await take(lake, lake.ports, shardOf('a', [named(4, 498, 501), named(5, 0, 500), named(6, 499, 501)], 4));
  expect(await rowsOf(lake)).toEqual(['2 2 x', '3 3 x', '5 5 x']);
  const waiting = await listQuarantined(lake.ports.items);
  expect(waiting.map(({ code, badRows }) => `${code} ${badRows}`).sort()).toEqual(['TM_2123 1', 'TM_2123 2']);
  const [row] = await readRows(lake.ports, 'one');
  expect(Object.keys(row!).filter(name => /^c\d+$/.test(name))).toHaveLength(500);
});

test('events.a row, changed when it was received, at its place', async () => {
  const lake = eventLake();
  const receivedAt = START + 123;
  await take(lake, lake.ports, shardOf('a', [{ id: 'e1', receivedAt }]));
  expect(await logOf(lake)).toMatchObject([
    {
      id: 1n,
      a: 1,
      b: 'e1',
      _op: 'I',
      _changed_at: BigInt(receivedAt) * 1000n,
      _pos_major: BigInt(START + 1) * 1000n,
    },
  ]);
});

test.each([
  ['in one batch', [['a', ['e1', 'e1']]]],
  [
    'in a later batch',
    [
      ['a', ['e1']],
      ['a', ['e2', 'e1']],
    ],
  ],
  [
    'in a child of the shard',
    [
      ['a', ['e1']],
      ['b', ['e1']],
    ],
  ],
] as const)('I8 a put that is repeated counts once: %s', async (_, batches) => {
  const lake = eventLake();
  let from = 1;
  for (const [shard, ids] of batches) {
    await take(
      lake,
      lake.ports,
      shardOf(
        shard,
        ids.map(id => ({ id, data: key(id === 'e1' ? 1 : 2) })),
        from,
      ),
    );
    from += ids.length;
  }
  const log = await logOf(lake);
  expect(log.filter(row => row.id === 1n)).toHaveLength(1);
  expect(log).toHaveLength(new Set(batches.flatMap(([, ids]) => ids)).size);
});

test('events.the same id in two tables is two events', async () => {
  const lake = eventLake();
  await take(lake, lake.ports, shardOf('a', [{ id: 'e1' }, { id: 'e1', table: 'two' }]));
  expect([await rowsOf(lake, 'one'), await rowsOf(lake, 'two')]).toEqual([['1 1 e1'], ['1 1 e1']]);
});

test('I8 what waits is not seen: once its table is declared it counts, and once', async () => {
  const lake = eventLake();
  const late = { id: 'e1', table: 'late' };
  await take(lake, lake.ports, shardOf('a', [late, { id: 'e2', data: key(2) }]));
  await take(lake, lake.ports, shardOf('a', [late, { id: 'e3', data: { id: 'none' } }], 3));
  const waits = await listQuarantined(lake.ports.items);
  expect(waits).toHaveLength(3);
  const columns = { id: 'bigint', a: 'int', b: 'string' };
  const declared = streamLake({
    sources: SOURCES,
    tables: { one: { key: ['id'], columns }, late: { key: ['id'], columns } },
  });
  for (const { id } of waits) await replay(lake.ports, declared.lake, id);
  expect(await listQuarantined(lake.ports.items)).toMatchObject([{ table: 'one', badRows: 1 }]);
  expect(await logOf({ ...lake, lake: declared.lake }, 'late')).toHaveLength(1);
  // The bad one was never noted: its repeat is as good as itself.
  await take(lake, lake.ports, shardOf('a', [{ id: 'e3', data: key(3) }], 5));
  expect((await logOf(lake)).map(row => row.id).sort()).toEqual([2n, 3n]);
});

test('I8 a failure object replayed after its events came again', async () => {
  const lake = eventLake();
  const twice = shardOf('a', [{ id: 'e1' }]);
  const { stream } = requestOf(twice);
  const fault = { code: 'TM_2324', reason: 'given up' } as const;
  await putUnjudgedAside(lake.ports, { id: 'f', source: 'source', stream, records: twice, fault });
  await take(lake, lake.ports, shardOf('b', [{ id: 'e1' }]));
  await replay(lake.ports, lake.lake, 'f');
  expect(await logOf(lake)).toHaveLength(1);
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
});

test('I8 hours apart: as many transactions as have room, none twice', async () => {
  const lake = eventLake();
  const puts = Array.from({ length: 60 }, (_, n) => ({
    id: `e${n}`,
    data: key(n),
    receivedAt: START + n * HOUR,
  }));
  await take(lake, lake.ports, shardOf('a', puts));
  expect(await entriesOf(lake)).toHaveLength(3);
  await take(lake, lake.ports, shardOf('b', [...puts].reverse(), 100));
  expect(await logOf(lake)).toHaveLength(60);
});

test('I8 two writers at once: what the other noted meanwhile is found', async () => {
  const lake = eventLake();
  const { items } = lake.ports;
  let raced = false;
  const racing: LakePorts = {
    ...lake.ports,
    store: {
      ...lake.ports.store,
      // Between the look at what was seen and the transaction.
      putIfAbsent: async (...args) => {
        if (!raced && args[0].startsWith('deltas/')) {
          raced = true;
          await take(lake, lake.ports, shardOf('b', [{ id: 'e1', data: key(1) }], 1000));
        }
        return lake.ports.store.putIfAbsent(...args);
      },
    },
  };
  await take(
    lake,
    racing,
    shardOf('a', [
      { id: 'e1', data: key(1) },
      { id: 'e2', data: key(2) },
    ]),
  );
  expect(raced).toBe(true);
  expect((await logOf(lake)).map(row => row.id).sort()).toEqual([1n, 2n]);
  expect(await items.query(eventIdsPartition('one'), '')).toHaveLength(2);
});

test('events.what is old is forgotten', async () => {
  const lake = eventLake();
  const { items, clock } = lake.ports;
  await take(lake, lake.ports, shardOf('a', [{ id: 'e1' }]));
  const noted = clock.now();
  expect(await forgetEvents(items, 'one', noted)).toBe(0);
  await take(lake, lake.ports, shardOf('a', [{ id: 'e1' }], 2));
  expect(await readRows(lake.ports, 'one')).toEqual([]);
  expect(await forgetEvents(items, 'one', noted + 1)).toBe(1);
  expect(await items.query(eventIdsPartition('one'), '')).toEqual([]);
});

test('events.forgotten after the longest retention and a day; not while records wait that are as old', async () => {
  const lake = streamLake({ sources: { ...SOURCES, long: { kind: 'kinesis', retentionDays: 10 } } });
  const clock = lake.ports.clock as FixedClock;
  await take(lake, lake.ports, shardOf('a', [{ id: 'e1' }, { id: 'e2', data: { id: 'none' } }]));
  clock.advance(11 * 24 * HOUR);
  expect(await forgetOldEvents(lake.ports, lake.lake)).toBe(0);
  clock.advance(1);
  expect(await forgetOldEvents(lake.ports, lake.lake)).toBe(0);
  const [waits] = await listQuarantined(lake.ports.items);
  await release(lake.ports.items, waits!.id);
  expect(await forgetOldEvents(lake.ports, lake.lake)).toBe(1);
});

test('events.not forgotten while a batch that was given up may repeat them: in its object, or in quarantine', async () => {
  const lake = eventLake();
  const clock = lake.ports.clock as FixedClock;
  const records = shardOf('b', [{ id: 'e1' }]);
  await take(lake, lake.ports, shardOf('a', [{ id: 'e1' }]));
  clock.advance(6 * 24 * HOUR);
  const written = new Date(clock.now()).toISOString().slice(0, 19).replaceAll(':', '.');
  const object = `${FAILED_BATCHES}u/shardId-1/2026/11/21/${written}-u`;
  await lake.ports.store.put(object, Buffer.from('{}'));
  clock.advance(8 * 24 * HOUR);
  expect(await forgetOldEvents(lake.ports, lake.lake)).toBe(0);
  const fault = { code: 'TM_2324', reason: 'x' } as const;
  const stream = { ...STREAM, shards: async () => [] };
  await putUnjudgedAside(lake.ports, { id: 'given', source: 'source', stream, records, fault });
  await lake.ports.store.delete(object);
  expect(await forgetOldEvents(lake.ports, lake.lake)).toBe(0);
  await replay(lake.ports, lake.lake, 'given');
  expect(await logOf(lake)).toHaveLength(1);
  expect(await forgetOldEvents(lake.ports, lake.lake)).toBe(1);
});

test.each([
  ['{"tidemark":"event","id":"x","table":"one","received_at":"2026-01-01T00:00:00Z"}', 'no object data'],
  ['{"tidemark":"event","id":"","table":"one","received_at":"2026-01-01T00:00:00Z","data":{}}', 'no id'],
  ['{"tidemark":"event","id":"x","received_at":"2026-01-01T00:00:00Z","data":{}}', 'no table'],
  ['{"tidemark":"event","id":"x","table":"one","received_at":"yesterday","data":{}}', 'received_at'],
  ['{"id":1}', 'no member tidemark'],
  ['{"tidemark":"event","tidemark":"event"}', 'twice'],
])('events.what is none waits: %s', async (text, why) => {
  const lake = eventLake();
  await take(lake, lake.ports, shardOf('a', [Buffer.from(text), { id: 'e1' }]));
  const [waits] = await listQuarantined(lake.ports.items);
  expect(waits).toMatchObject({ code: 'TM_2171', reason: expect.stringContaining(why) });
  expect(await logOf(lake)).toHaveLength(1);
});

test('events.told by their mark where a stream has several formats', async () => {
  const lake = streamLake({ sources: { source: { kind: 'kinesis' } } });
  await take(lake, lake.ports, shardOf('a', [{ id: 'e1' }, { id: 'e1' }]));
  expect(await rowsOf(lake)).toEqual(['1 1 e1']);
});
