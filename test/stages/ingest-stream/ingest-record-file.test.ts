import type { TableConfig } from '../../../lib/config/define';
import { listQuarantined } from '../../../lib/ledger/quarantine';
import type { Items } from '../../../lib/ports/items';
import type { LakePorts } from '../../../lib/ports/lake-ports';
import {
  ingestRecordFile,
  type RecordFileRequest,
} from '../../../lib/stages/ingest-stream/ingest-record-file';
import { mergeAll, readRows, type TestLake } from '../../support/lake';
import { streamLake, TABLE } from './streams';

const APPEND: TableConfig = { mode: 'append', columns: { id: 'bigint' } };

async function take(
  lake: TestLake,
  text: string,
  options: Partial<RecordFileRequest> = {},
  ports: LakePorts = lake.ports,
) {
  await lake.landing.put('in.jsonl', Buffer.from(text));
  const file = { landing: lake.landing, key: 'in.jsonl', object: 'in.jsonl', format: 'json' } as const;
  const taken = await ingestRecordFile(ports, lake.lake, { ...file, source: 'web', ...options });
  return taken.tables.map(({ table, outcome, rows }) => [table, outcome, rows]);
}

async function idsOf(lake: TestLake, table: string): Promise<string[]> {
  await mergeAll(lake, table);
  return (await readRows(lake.ports, table)).map(({ id }) => String(id)).sort();
}

/** The items, and a word of each call before it is made. */
function watched({ ports }: TestLake, onCall: (what: keyof Items) => void): LakePorts {
  const items: Items = {
    ...ports.items,
    get: key => {
      onCall('get');
      return ports.items.get(key);
    },
    query: (...args) => {
      onCall('query');
      return ports.items.query(...args);
    },
    transact: actions => {
      onCall('transact');
      return ports.items.transact(actions);
    },
  };
  return { ...ports, items };
}

test('recordFile.calls: the two hundredth file costs no more of the ledger than the third', async () => {
  const lake = streamLake({ tables: { one: { ...TABLE, from: 'web' }, late: APPEND } });
  const costs: number[] = [];
  const cost = async (text: string, options: Partial<RecordFileRequest> = {}) => {
    let calls = 0;
    await take(
      lake,
      text,
      options,
      watched(lake, () => calls++),
    );
    return calls;
  };
  for (let i = 0; i < 200; i++) costs.push(await cost(`{"id":${i},"a":1,"b":"x"}`));
  expect(costs[199]).toBe(costs[2]);
  expect(costs[199]).toBeLessThan(20);
  // So does the first of a table that none of them had.
  expect(await cost('{"id":1}', { table: 'late' })).toBeLessThan(20);
});

test('recordFile.order: a table counts on from the nearest file before that had records of it', async () => {
  const lake = streamLake({ tables: { one: { ...TABLE, from: 'web' }, other: { ...APPEND, from: 'web2' } } });
  const row = (a: number) => `{"id":1,"a":${a},"b":"x"}`;
  await take(lake, `${row(1)}\n${row(2)}`);
  for (const i of [1, 2, 3]) await take(lake, `{"id":${i}}`, { table: 'other' });
  // The clock went back: it stands behind the first all the same.
  await take(lake, row(3), {}, earlier(lake));
  await mergeAll(lake, 'one');
  expect((await readRows(lake.ports, 'one')).map(({ a }) => a)).toEqual([3]);
});

test('recordFile.strays: a table that comes later stands behind what waits of an earlier file', async () => {
  const lake = streamLake({ tables: { one: { ...TABLE, from: 'web' } } });
  const event = (id: number) =>
    JSON.stringify({
      source: 'late',
      type: 'create',
      data: { id, a: id, b: 'x' },
      event_date: DAY,
      uuid: 'u',
    });
  await take(lake, event(1), { format: 'auto' });
  expect(await listQuarantined(lake.ports.items)).toHaveLength(1);
  await take(lake, '{"id":9,"a":1,"b":"x"}', { format: 'auto' });
  const later = { ...lake, lake: streamLake({ tables: { late: APPEND } }).lake };
  await take(later, event(2), { format: 'auto' }, earlier(lake));
  await mergeAll(later, 'late');
  const [row] = await readRows(later.ports, 'late');
  expect(row!._pos_major).toBe(BigInt(lake.ports.clock.now()) * 1000n);
});

const DAY = '2026-01-01T00:00:00Z';

/** A minute before the lake's own clock. */
function earlier({ ports }: TestLake): LakePorts {
  return { ...ports, clock: { ...ports.clock, now: () => ports.clock.now() - 60_000 } };
}

test('recordFile.table: the same bytes for another table are another file', async () => {
  const lake = streamLake({ tables: { one: APPEND, two: APPEND } });
  expect(await take(lake, '{"id":1}', { table: 'one' })).toEqual([['one', 'taken-in', 1]]);
  expect(await take(lake, '{"id":1}', { table: 'two' })).toEqual([['two', 'taken-in', 1]]);
  expect(await take(lake, '{"id":1}', { table: 'two' })).toEqual([['two', 'seen', 0]]);
  expect(await idsOf(lake, 'one')).toEqual(['1']);
  expect(await idsOf(lake, 'two')).toEqual(['1']);
});

test('recordFile.again: each comes once more; one that was killed, at whatever call, is taken up again', async () => {
  const text = '{"id":1}\n{"id":2}';
  const small = { table: 'one', portion: { lines: 1, bytes: 1 << 20 } };
  for (let calls = 1; ; calls++) {
    const lake = streamLake({ tables: { one: APPEND } });
    await take(lake, text, small);
    let left = calls;
    const dying = watched(lake, what => {
      if (what === 'transact' && left-- === 0) throw new Error('killed');
    });
    const died = await take(lake, text, { ...small, again: true }, dying).then(
      () => false,
      () => true,
    );
    if (!died) {
      expect(await take(lake, text, { ...small, again: true })).toEqual([['one', 'taken-in', 2]]);
      expect(await idsOf(lake, 'one')).toEqual(['1', '1', '1', '2', '2', '2']);
      return;
    }
    await take(lake, text, { ...small, again: true });
    expect([calls, await idsOf(lake, 'one')]).toEqual([calls, ['1', '1', '2', '2']]);
    expect(await take(lake, text, small)).toEqual([['one', 'seen', 0]]);
  }
});
