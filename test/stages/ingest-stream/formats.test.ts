import fc from 'fast-check';
import type { Scalar } from '../../../lib/columnar/types';
import { counterKey } from '../../../lib/ledger/keys';
import { listQuarantined } from '../../../lib/ledger/quarantine';
import { replay } from '../../../lib/stages/replay';
import { mergeAll, readRows } from '../../support/lake';
import {
  debeziumRecords,
  dmsRecords,
  serviceEventRecords,
  TYPED_COLUMNS,
  typedHistory,
} from '../../support/typed-changes';
import { allOf, deliver, dms, logOf, rowsOf, type StreamLake, send, streamLake, TABLE } from './streams';

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

const EVENT = { aws_request_id: 'r', version: '1', event_date: '2024-07-29T00:59:07Z', uuid: 'u' };
const event = (id: number, a: number, type = 'create') =>
  JSON.stringify({ source: 'one', type, data: { id, a, b: 'event' }, ...EVENT });
const debezium = (id: number, pos: number, { op = 'c', table = 'one', a = id as unknown } = {}) =>
  JSON.stringify({
    before: op === 'd' ? { id, a: null, b: null } : null,
    after: op === 'd' ? null : { id, a, b: 'binlog' },
    source: { db: 's', table, ts_ms: 1722214747678, file: 'bin.000002', pos, row: 1 },
    op,
  });
const insert = (id: number, a: unknown = id) => ({ op: 'insert', data: { id, a, b: 'dms' } }) as const;
const auto = () =>
  streamLake({
    tables: { one: TABLE, two: TABLE, plain: { ...TABLE, from: 'source' } },
    sources: { source: { kind: 'kinesis' } },
  });

test('auto.together: records of two formats that a clock orders are one table, each read by its own rules', async () => {
  const lake = auto();
  const records = await send(
    lake,
    insert(1),
    event(2, 2),
    { op: 'update', data: { id: 2, a: 3 } },
    event(1, 4, 'update'),
    JSON.stringify({ id: 5, a: 5, b: 'plain' }),
    event(6, 6),
    event(6, 6, 'delete'),
    { op: 'insert', data: { id: 7, a: 7, b: 'kept' } },
    JSON.stringify({ source: 'one', type: 'update', data: { id: 7, a: 8 }, ...EVENT }),
  );
  const taken = await deliver(lake, records);
  expect(taken).toMatchObject({ strays: 0, failed: [], tables: [{ badRows: 0 }, { badRows: 0 }] });
  // DMS leaves out what is NULL; an event says nothing of what it lacks.
  expect(await rowsOf(lake)).toEqual(['1 4 event', '2 3 null', '7 8 kept']);
  expect(await rowsOf(lake, 'plain')).toEqual(['5 5 plain']);
});

test('auto.columns: a column that one format brings is the other one’s too', async () => {
  const lake = auto();
  const more = JSON.stringify({ source: 'one', type: 'create', data: { id: 2, extra: 'x' }, ...EVENT });
  await deliver(lake, await send(lake, insert(1), more, { op: 'insert', data: { id: 3, other: 'y' } }));
  await mergeAll(lake, 'one');
  const rows = await readRows(lake.ports, 'one');
  expect(rows.map(r => [r.id, r.extra, r.other])).toEqual([
    [1n, null, null],
    [2n, 'x', null],
    [3n, null, 'y'],
  ]);
});

test('P5 auto: a binlog and a clock do not order one table’s changes', async () => {
  const lake = auto();
  const records = await send(
    lake,
    debezium(1, 100),
    insert(1, 9),
    debezium(2, 200),
    debezium(7, 1, { table: 'two' }),
  );
  const taken = await deliver(lake, records);
  expect(taken.tables).toMatchObject([
    { table: 'one', rows: 2, badRows: 1 },
    { table: 'two', rows: 1, badRows: 0 },
  ]);
  const [waiting] = await listQuarantined(lake.ports.items);
  expect(waiting).toMatchObject({ table: 'one', code: 'TM_2327', badRows: 1 });
  expect(await rowsOf(lake)).toEqual(['1 1 binlog', '2 2 binlog']);
});

test('P5 auto: what a shard’s records of a table are ordered by holds for its later batches, its children and replays', async () => {
  const lake = auto();
  const codes = async () => (await listQuarantined(lake.ports.items)).map(w => w.code);
  await deliver(lake, await send(lake, debezium(1, 100, { a: 'poison' }), debezium(2, 200)));
  await deliver(lake, await send(lake, insert(1, 9)));
  expect((await codes()).sort()).toEqual(['TM_2103', 'TM_2327']);
  const [parent] = await lake.stream.shards();
  const [low, high] = lake.stream.split(parent!.id);
  await lake.stream.put([{ key: 'k', data: dms(insert(1, 10)) }]);
  for (const child of [low, high]) {
    const records = await lake.stream.read(child, undefined, 10);
    if (records.length > 0) await deliver(lake, records);
  }
  expect((await codes()).sort()).toEqual(['TM_2103', 'TM_2327', 'TM_2327']);
  for (const { id } of await listQuarantined(lake.ports.items)) await replay(lake.ports, lake.lake, id);
  expect((await codes()).sort()).toEqual(['TM_2103', 'TM_2327', 'TM_2327']);
  expect(await rowsOf(lake)).toEqual(['2 2 binlog']);
});

test('P5 auto: bad records decide nothing, and a new generation begins anew', async () => {
  const lake = auto();
  await deliver(lake, await send(lake, debezium(1, 100, { a: 'poison' })));
  await deliver(lake, await send(lake, insert(1)));
  expect(await rowsOf(lake)).toEqual(['1 1 dms']);
  const counter = await lake.ports.items.get(counterKey('one'));
  await lake.ports.items.transact([{ put: counterKey('one'), value: { ...counter!.value, generation: 1 } }]);
  await deliver(lake, await send(lake, debezium(1, 100)));
  expect(await rowsOf(lake)).toEqual(['1 1 binlog']);
});

test('P debezium: file, offset and row are the position', async () => {
  const lake = auto();
  const places = [debezium(1, 2 ** 32 + 5), debezium(2, 4, { op: 'r' })];
  await deliver(lake, await send(lake, ...places));
  const log = await logOf(lake);
  expect(log.map(r => [r.id, r._pos_major, r._pos_minor])).toEqual([
    [1n, (2n << 33n) | BigInt(2 ** 32 + 5), 1n],
    [2n, 0n, 1n],
  ]);
  expect(log[0]!._changed_at).toBe(1722214747678000n);
  expect(log[1]!._changed_at).toBeNull();
});

test('P2 debezium: a file number beyond 20 bits is a bad row', async () => {
  const lake = auto();
  const far = debezium(1, 4).replace('bin.000002', 'bin.1048576');
  const last = debezium(2, 4).replace('bin.000002', 'bin.1048575');
  await deliver(lake, await send(lake, far, last));
  expect(await listQuarantined(lake.ports.items)).toMatchObject([
    { table: 'one', code: 'TM_2201', badRows: 1 },
  ]);
  expect(await rowsOf(lake)).toEqual(['2 2 binlog']);
});

test('bad.mixed: every kind of bad record waits with its reason, and the rest goes on', async () => {
  const lake = auto();
  const bad: [string, string][] = [
    [debezium(1, 1).slice(0, 40), 'TM_2112'],
    [debezium(1, 1, { op: 'x' }), 'TM_2124'],
    [event(1, 1, 'upsert'), 'TM_2125'],
    [debezium(1, 1, { table: 'three' }), 'TM_2322'],
    ['{"id":1', 'TM_2112'],
    [debezium(8, 1, { a: 'many' }), 'TM_2103'],
    [debezium(9, 1, { a: [1] }), 'TM_2103'],
  ];
  const records = await send(lake, debezium(3, 30), ...bad.map(([text]) => text), debezium(4, 40));
  const taken = await deliver(lake, records);
  expect(taken.retryFrom).toBeUndefined();
  const waiting = await listQuarantined(lake.ports.items);
  expect(waiting.flatMap(w => w.rows.map(row => row.code)).sort()).toEqual(
    bad.map(([, code]) => code).sort(),
  );
  expect(await rowsOf(lake)).toEqual(['3 3 binlog', '4 4 binlog']);
});

test.each(['dms', 'debezium', 'service-event'])(
  'bad.poison: one of 10,000 of %s waits, the others arrive',
  async kind => {
    const lake = auto();
    const make = (id: number, a: unknown) =>
      kind === 'dms'
        ? dms(insert(id, a))
        : Buffer.from(kind === 'debezium' ? debezium(id, id, { a }) : event(id, a as number));
    const all = Array.from({ length: 10_000 }, (_, i) => make(i, i === 7_777 ? 'poison' : i));
    lake.clock.advance(1);
    for (let at = 0; at < all.length; at += 500)
      await lake.stream.put(all.slice(at, at + 500).map(data => ({ key: 'k', data })));
    const taken = await deliver(lake, await allOf(lake));
    expect(taken).toMatchObject({ strays: 0, failed: [], tables: [{ rows: 9_999, badRows: 1 }] });
    const [waiting] = await listQuarantined(lake.ports.items);
    expect(waiting).toMatchObject({ table: 'one', code: 'TM_2103', badRows: 1, rows: [{ column: 'a' }] });
    expect(waiting!.reason).toContain('poison');
  },
);
