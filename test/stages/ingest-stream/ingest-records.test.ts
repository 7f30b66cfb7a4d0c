import { currentSchema } from '../../../lib/iceberg/metadata';
import { listQuarantined } from '../../../lib/ledger/quarantine';
import { ingestRecords } from '../../../lib/stages/ingest-stream/ingest-records';
import { replay } from '../../../lib/stages/replay';
import { openTable } from '../../../lib/table/open';
import { mergeAll, readRows } from '../../support/lake';
import {
  allOf,
  deliver,
  dms,
  entriesOf,
  logOf,
  reconfigured,
  requestOf,
  rowsOf,
  START,
  send,
  streamLake,
  TABLE,
} from './streams';

const insert = (id: number, a: number | null = id, table = 'one') =>
  ({ op: 'insert', data: { id, a, b: 'x' }, table }) as const;

describe('I5', () => {
  test('I5 a batch is one delta for each of its tables', async () => {
    const lake = streamLake();
    const records = await send(lake, insert(1), insert(2, 2, 'two'), insert(3), insert(4, 4, 'two'));
    const taken = await deliver(lake, records);
    expect(taken).toMatchObject({
      tables: [
        { table: 'one', outcome: 'taken-in', first: 1, count: 1, rows: 2, badRows: 0 },
        { table: 'two', outcome: 'taken-in', first: 1, count: 1, rows: 2, badRows: 0 },
      ],
      strays: 0,
      failed: [],
    });
    expect(taken.retryFrom).toBeUndefined();
    expect(await rowsOf(lake)).toEqual(['1 1 x', '3 3 x']);
    expect(await rowsOf(lake, 'two')).toEqual(['2 2 x', '4 4 x']);
  });

  test('I5 a repeat, and a batch that overlaps, add what is new', async () => {
    const lake = streamLake();
    const records = await send(lake, insert(1), insert(2), insert(3), insert(4));
    await deliver(lake, records.slice(0, 2));
    expect((await deliver(lake, records.slice(0, 2))).tables).toMatchObject([{ outcome: 'seen', rows: 0 }]);
    expect((await deliver(lake, records.slice(1, 3))).tables).toMatchObject([{ rows: 1 }]);
    expect((await deliver(lake, [...records].reverse())).tables).toMatchObject([{ rows: 1 }]);
    expect((await entriesOf(lake)).map(e => e.rows)).toEqual([2, 1, 1]);
    expect((await logOf(lake)).map(r => Number(r.id))).toEqual([1, 2, 3, 4]);
  });

  test('I5 two consumers of one batch take it in once', async () => {
    const lake = streamLake();
    const records = await send(lake, insert(1), insert(2));
    const both = await Promise.all([deliver(lake, records), deliver(lake, records)]);
    expect(both.flatMap(b => b.tables.map(t => t.rows)).sort()).toEqual([0, 2]);
    expect(await logOf(lake)).toHaveLength(2);
  });

  test('I5 a stream made anew under its old name is another', async () => {
    const lake = streamLake();
    const records = await send(lake, insert(1));
    await deliver(lake, records);
    const request = requestOf(lake, records);
    const anew = { ...request, stream: { ...request.stream, createdAt: START + 1 } };
    const taken = await ingestRecords(lake.ports, lake.lake, anew);
    expect(taken.tables).toMatchObject([{ outcome: 'taken-in', rows: 1 }]);
  });

  test('I5 a new shard counts on from its parents, past one without records of the table', async () => {
    const lake = streamLake();
    const [parent] = await lake.stream.shards();
    await deliver(lake, await send(lake, insert(1, 10)));
    const [low, high] = lake.stream.split(parent!.id);
    const joined = lake.stream.join(low, high);
    lake.clock.advance(-60_000);
    await lake.stream.put([{ key: 'k', data: dms(insert(1, 11)) }]);
    await deliver(lake, await lake.stream.read(joined, undefined, 10));
    expect(await rowsOf(lake)).toEqual(['1 11 x']);
    const positions = (await logOf(lake)).map(r => [r._pos_major, r._pos_minor]);
    expect(positions[1]).toEqual([positions[0]![0], 1n]);
  });

  test('I5 sequence numbers of a parent say nothing of its child', async () => {
    const lake = streamLake();
    const records = await send(lake, insert(1), insert(2));
    await deliver(lake, records);
    // A stand-in may number each shard from 1.
    const child = records.map((r, i) => ({
      ...r,
      shard: 'child',
      sequence: String(i + 1),
      data: dms(insert(7 + i)),
    }));
    const shards = async () => [
      { id: records[0]!.shard, parents: [] },
      { id: 'child', parents: [records[0]!.shard] },
    ];
    const request = requestOf(lake, child);
    await ingestRecords(lake.ports, lake.lake, { ...request, stream: { ...request.stream, shards } });
    expect(await rowsOf(lake)).toEqual(['1 1 x', '2 2 x', '7 7 x', '8 8 x']);
  });

  test('I5 quarantined records use up a count', async () => {
    const lake = streamLake();
    const bad = { op: 'insert', data: { id: 2, a: 'many' } } as const;
    const taken = await deliver(lake, await send(lake, insert(1), bad, insert(3)));
    expect(taken.tables).toMatchObject([{ outcome: 'rows-quarantined', rows: 2, badRows: 1 }]);
    expect((await logOf(lake)).map(r => r._pos_minor)).toEqual([0n, 2n]);
    const [waiting] = await listQuarantined(lake.ports.items);
    expect(waiting).toMatchObject({ table: 'one', code: 'TM_2103', scope: 'rows', badRows: 1 });
    const mended = reconfigured(lake, {
      tables: { one: { ...TABLE, columns: { ...TABLE.columns, a: 'string' } } },
    });
    // Narrowing a column of the log is refused: the rows wait on.
    expect((await replay(mended.ports, mended.lake, waiting!.id)).map(o => o.outcome)).toEqual([
      'quarantined',
    ]);
    expect((await listQuarantined(lake.ports.items))[0]).toMatchObject({ code: 'TM_3008', badRows: 1 });
  });
});

describe('P', () => {
  test('P4 sequence numbers compare as long numbers', async () => {
    const lake = streamLake();
    const records = await send(lake, ...Array.from({ length: 12 }, (_, i) => insert(i)));
    expect(new Set(records.map(r => r.sequence.length))).toEqual(new Set([55, 56]));
    for (const record of records) await deliver(lake, [record]);
    for (const record of records) await deliver(lake, [record]);
    expect(await logOf(lake)).toHaveLength(12);
  });

  test('P a change sequence is the position, wherever it stands', async () => {
    const lake = streamLake();
    const seq = (n: number) => `2024072900590767${String(n).padStart(19, '0')}`;
    await deliver(
      lake,
      await send(
        lake,
        { ...insert(1, 2), seq: seq(2) },
        { ...insert(1, 1), seq: seq(1) },
        { ...insert(2), seq: '' },
      ),
    );
    expect(await rowsOf(lake)).toEqual(['1 2 x', '2 2 x']);
    const [first] = await logOf(lake);
    expect(first!._pos_major).toBe(BigInt(Date.UTC(2024, 6, 29, 0, 59, 7, 670)) * 1000n);
    expect(first!._pos_minor).toBe(2n);
  });

  test('P a change sequence that is none of DMS is a bad row', async () => {
    const lake = streamLake();
    await deliver(lake, await send(lake, insert(1), { ...insert(2), seq: 'x'.repeat(1000) }));
    expect(await listQuarantined(lake.ports.items)).toMatchObject([{ code: 'TM_2305' }]);
    expect(await rowsOf(lake)).toEqual(['1 1 x']);
  });

  test('P arrival is raised where the clock of the stream stepped back', async () => {
    const lake = streamLake();
    await send(lake, insert(1, 1));
    lake.clock.advance(-10_000);
    await send(lake, insert(1, 2));
    for (const record of await allOf(lake)) await deliver(lake, [record]);
    expect(await rowsOf(lake)).toEqual(['1 2 x']);
  });

  test('P the rows of a load stand before every change', async () => {
    const lake = streamLake();
    const seq = `2024072900590767${'1'.padStart(19, '0')}`;
    await deliver(
      lake,
      await send(lake, { ...insert(1, 1), seq }, { op: 'load', data: { id: 1, a: 0, b: 'x' } }),
    );
    expect(await rowsOf(lake)).toEqual(['1 1 x']);
    expect((await logOf(lake))[1]).toMatchObject({ _pos_major: 0n, _pos_minor: 1n });
  });

  test('P6 a before-image with another key moves the row', async () => {
    const lake = streamLake();
    await deliver(
      lake,
      await send(lake, insert(46), { op: 'update', data: { id: 45, a: 1, b: 'y' }, before: { id: 46 } }),
    );
    expect(await rowsOf(lake)).toEqual(['45 1 y']);
    expect((await logOf(lake)).map(r => `${r._op} ${r.id}`)).toEqual(['I 46', 'D 46', 'I 45']);
  });

  test('P6 a before-image with the same key is no key change', async () => {
    const lake = streamLake();
    await deliver(
      lake,
      await send(lake, insert(1), { op: 'update', data: { id: 1, a: 5 }, before: { id: 1, a: 1 } }),
    );
    expect((await logOf(lake)).map(r => r._op)).toEqual(['I', 'U']);
  });
});

describe('I6', () => {
  test('I6 a column that a DMS record leaves out is NULL, also where no record of the batch has it', async () => {
    const lake = streamLake();
    await deliver(lake, await send(lake, insert(1), insert(2)));
    await deliver(
      lake,
      await send(lake, { op: 'update', data: { id: 1, a: 9 } }, { op: 'update', data: { id: 2 } }),
    );
    expect(await rowsOf(lake)).toEqual(['1 9 null', '2 null null']);
    expect((await entriesOf(lake)).map(e => e.partial)).toEqual([false, false]);
  });

  test("I6 with absent: 'unchanged' it keeps its value", async () => {
    const lake = streamLake({ tables: { one: { ...TABLE, absent: 'unchanged' } } });
    await deliver(lake, await send(lake, insert(1)));
    await deliver(lake, await send(lake, { op: 'update', data: { id: 1, a: null } }));
    expect(await rowsOf(lake)).toEqual(['1 null x']);
  });

  test('I6 a delete that holds its key alone', async () => {
    const lake = streamLake();
    await deliver(lake, await send(lake, insert(1), insert(2), { op: 'delete', data: { id: 1 } }));
    expect(await rowsOf(lake)).toEqual(['2 2 x']);
  });

  test('I6 an event says nothing of a member it lacks', async () => {
    const lake = streamLake({}, 'json');
    await deliver(lake, await send(lake, '{"id":1,"a":1,"b":"x"}', '{"id":1,"a":2}\n', '{"id":1,"b":null}'));
    expect(await rowsOf(lake)).toEqual(['1 2 null']);
  });

  test('I6 an event that names its op and sequence where the config says so', async () => {
    const format = { opColumn: 'op', sequenceColumn: 'at' };
    const lake = streamLake({ tables: { one: { ...TABLE, from: 'source', format } } }, 'json');
    const at = (n: number) => `2024072900590767${String(n).padStart(19, '0')}`;
    const events = [
      { op: 'D', id: 1, at: at(3) },
      { op: 'I', id: 1, a: 1, at: at(1) },
      { op: 'I', id: 2, a: 2, b: 'z', at: at(2) },
      { id: 3, at: at(4) },
    ];
    await deliver(lake, await send(lake, ...events.map(e => JSON.stringify(e))));
    expect(await rowsOf(lake)).toEqual(['2 2 z']);
    expect(await listQuarantined(lake.ports.items)).toMatchObject([{ code: 'TM_2102', badRows: 1 }]);
  });
});

describe('bad records', () => {
  test('bad.record: one that cannot be read, one of an undeclared table, one of a bad value; the others go on', async () => {
    const lake = streamLake();
    const records = await send(
      lake,
      insert(1),
      'no json',
      insert(2, 2, 'undeclared'),
      { op: 'insert', data: { id: 'x' } },
      Uint8Array.from([0xff, 0xfe]),
      { op: 'insert', data: { a: 1 } },
      { op: 'insert', data: { id: 9, _op: 'D' } },
      { op: 'insert', data: { id: 9, '': 1 } },
      insert(3),
    );
    const taken = await deliver(lake, records);
    expect(taken).toMatchObject({ strays: 3, failed: [], tables: [{ rows: 2, badRows: 4 }] });
    expect(await rowsOf(lake)).toEqual(['1 1 x', '3 3 x']);
    const waiting = await listQuarantined(lake.ports.items);
    const codes = Object.fromEntries(waiting.map(w => [w.table, w.rows.map(r => r.code)]));
    expect(codes).toEqual({
      '': ['TM_2112', 'TM_2322', 'TM_2105'],
      one: ['TM_2103', 'TM_2203', 'TM_3009', 'TM_2323'],
    });
    for (const { copy } of waiting) expect(await lake.ports.store.head(copy)).toBeDefined();
    const log = await openTable(lake.ports, 'one_deltas');
    const names = currentSchema(log!.metadata).fields.map(f => f.name);
    expect(names.filter(name => !name.startsWith('_'))).toEqual(['id', 'a', 'b', 'date_received']);
  });

  test('bad.repeat: what waits is not put aside again, nor what was replayed', async () => {
    const lake = streamLake();
    const records = await send(lake, 'no json', { op: 'insert', data: { id: 'x' } }, insert(2, 2, 'later'));
    await deliver(lake, records);
    await deliver(lake, records);
    expect(await listQuarantined(lake.ports.items)).toHaveLength(2);
    const declared = reconfigured(lake, { tables: { one: TABLE, later: TABLE } });
    const [stray] = (await listQuarantined(lake.ports.items)).filter(w => w.table === '');
    expect(await replay(lake.ports, declared.lake, stray!.id)).toMatchObject([
      { table: 'later', outcome: 'taken-in', rows: 1 },
      { outcome: 'quarantined', badRows: 1 },
    ]);
    const again = await deliver(declared, records);
    expect(again.tables.map(t => t.outcome)).toEqual(['seen', 'seen']);
    expect(await rowsOf(declared, 'later')).toEqual(['2 2 x']);
    expect(await logOf(declared, 'later')).toHaveLength(1);
    await replay(lake.ports, declared.lake, stray!.id);
    expect(await logOf(declared, 'later')).toHaveLength(1);
  });

  test('bad.table: a table that takes no records keeps none of the others from theirs', async () => {
    const lake = streamLake({
      tables: {
        one: TABLE,
        four: { ...TABLE, key: [] },
        five: { ...TABLE, deletedWhen: { column: 'gone', equals: true } },
      },
    });
    const names = ['one', 'four', 'five'];
    const taken = await deliver(lake, await send(lake, ...names.map((t, i) => insert(i + 2, i + 2, t))));
    expect(taken.tables.map(t => t.outcome)).toEqual(['taken-in', ...Array(2).fill('quarantined')]);
    const waiting = await listQuarantined(lake.ports.items);
    expect(Object.fromEntries(waiting.map(w => [w.table, w.code]))).toEqual({
      four: 'TM_1010',
      five: 'TM_2307',
    });
    const mended = reconfigured(lake, { tables: { one: TABLE, four: { ...TABLE } } });
    const [four] = waiting.filter(w => w.table === 'four');
    expect(await replay(lake.ports, mended.lake, four!.id)).toMatchObject([{ outcome: 'taken-in', rows: 1 }]);
    expect(await rowsOf(mended, 'four')).toEqual(['3 3 x']);
  });

  test('bad.order: a record keeps its place while it waits', async () => {
    const lake = streamLake({ tables: { one: { ...TABLE, key: [] } } });
    const records = await send(lake, insert(1, 1), insert(1, 2), insert(2, 1));
    await deliver(lake, records);
    const declared = reconfigured(lake, { tables: { one: TABLE } });
    await deliver(declared, await send(declared, insert(1, 3)));
    expect(await rowsOf(declared)).toEqual(['1 3 x']);
    const [waiting] = await listQuarantined(lake.ports.items);
    await replay(declared.ports, declared.lake, waiting!.object);
    expect(await rowsOf(declared)).toEqual(['1 3 x', '2 1 x']);
    expect((await logOf(declared)).map(r => Number(r._pos_minor)).sort()).toEqual([0, 1, 2, 3]);
    expect(await listQuarantined(lake.ports.items)).toEqual([]);
  });

  test('bad.stray: one keeps its arrival, and stands below what its table counted', async () => {
    const lake = streamLake();
    const records = await send(lake, insert(1, 1, 'later'), insert(1, 2, 'later'), insert(2, 1, 'later'));
    await deliver(lake, records);
    const declared = reconfigured(lake, { tables: { later: TABLE } });
    lake.clock.advance(-60_000);
    await deliver(declared, (await send(declared, insert(1, 3, 'later'))).slice(-1));
    const [waiting] = await listQuarantined(lake.ports.items);
    await replay(lake.ports, declared.lake, waiting!.id);
    expect(await rowsOf(declared, 'later')).toEqual(['1 3 x', '2 1 x']);
  });

  test('bad.asked: a replay takes strays into the table that is named', async () => {
    const lake = streamLake();
    await deliver(lake, await send(lake, insert(1, 1, 'unknown'), 'no json'));
    const [waiting] = await listQuarantined(lake.ports.items);
    await expect(replay(lake.ports, lake.lake, waiting!.id, { table: 'nowhere' })).rejects.toMatchObject({
      code: 'TM_2302',
    });
    await replay(lake.ports, lake.lake, waiting!.id, { table: 'two' });
    expect(await rowsOf(lake, 'two')).toEqual(['1 1 x']);
    expect(await listQuarantined(lake.ports.items)).toMatchObject([{ code: 'TM_2112', badRows: 1 }]);
  });

  test('bad.twice: two replays at once take it in once', async () => {
    const lake = streamLake();
    await deliver(lake, await send(lake, insert(1, 1, 'later')));
    const declared = reconfigured(lake, { tables: { later: TABLE } });
    const [waiting] = await listQuarantined(lake.ports.items);
    await Promise.all([1, 2].map(() => replay(lake.ports, declared.lake, waiting!.id)));
    expect(await logOf(declared, 'later')).toHaveLength(1);
  });
});

describe('answers', () => {
  test('failed.table: others are taken in, and the batch is asked for again from the first undone record', async () => {
    const lake = streamLake();
    const records = await send(lake, insert(1), insert(2, 2, 'two'), 'no json', insert(3, 3, 'two'));
    const ports = {
      ...lake.ports,
      store: {
        ...lake.ports.store,
        putIfAbsent: async (key: string, body: Parameters<typeof lake.ports.store.putIfAbsent>[1]) => {
          if (key.startsWith('deltas/two/')) throw new Error('slow down');
          return lake.ports.store.putIfAbsent(key, body);
        },
      },
    };
    const taken = await deliver(lake, records, ports);
    expect(taken.tables).toMatchObject([{ table: 'one', outcome: 'taken-in' }]);
    expect(taken.failed).toMatchObject([{ table: 'two', error: new Error('slow down') }]);
    expect(taken.retryFrom).toBe(records[1]!.sequence);
    expect(await listQuarantined(lake.ports.items)).toEqual([]);
    const again = await deliver(lake, records.slice(1));
    expect(again.tables).toMatchObject([{ table: 'two', rows: 2 }]);
    expect(again.retryFrom).toBeUndefined();
    expect(await listQuarantined(lake.ports.items)).toHaveLength(1);
  });

  test('control.noted: they are told of, and change nothing', async () => {
    const lake = streamLake();
    const control = JSON.stringify({
      control: {},
      metadata: {
        'record-type': 'control',
        operation: 'drop-table',
        'schema-name': 's',
        'table-name': 'one',
      },
    });
    const taken = await deliver(lake, await send(lake, insert(1), control));
    expect(taken.control).toMatchObject([
      { operation: 'drop-table', schema: 's', table: 'one', outcome: 'refused' },
    ]);
    expect(await rowsOf(lake)).toEqual(['1 1 x']);
    expect(await listQuarantined(lake.ports.items)).toEqual([]);
  });

  test('source.unknown: no stream of the config', async () => {
    const lake = streamLake();
    const records = await send(lake, insert(1));
    const request = { ...requestOf(lake, records), source: 'toString' };
    await expect(ingestRecords(lake.ports, lake.lake, request)).rejects.toMatchObject({ code: 'TM_2321' });
  });

  test('schema.grows with the columns that records have', async () => {
    const lake = streamLake();
    await deliver(lake, await send(lake, insert(1), { op: 'insert', data: { id: 2, more: 'm' } }));
    await mergeAll(lake, 'one');
    const rows = await readRows(lake.ports, 'one');
    expect(rows.map(r => [r.id, r.more])).toEqual([
      [1n, null],
      [2n, 'm'],
    ]);
  });

  test('omit.columns never enter the lake, whatever their names', async () => {
    const lake = streamLake({ tables: { one: { ...TABLE, omit: ['secret', '_op'] } } });
    await deliver(
      lake,
      await send(lake, { op: 'insert', data: { id: 1, a: 1, b: 'x', secret: 's', _op: 'D' } }),
    );
    expect(Object.keys((await readRows(lake.ports, 'one'))[0] ?? {})).not.toContain('secret');
    expect(await rowsOf(lake)).toEqual(['1 1 x']);
    expect(Object.keys((await readRows(lake.ports, 'one'))[0]!)).not.toContain('secret');
  });

  test('source.wider: a column that the log has wider than the config is written as wide', async () => {
    const lake = streamLake({ tables: { one: { ...TABLE, columns: { ...TABLE.columns, a: 'bigint' } } } });
    await deliver(lake, await send(lake, insert(1)));
    const narrow = reconfigured(lake, { tables: { one: TABLE } });
    await deliver(narrow, await send(narrow, insert(2)));
    expect(await rowsOf(narrow)).toEqual(['1 1 x', '2 2 x']);
  });
});

test('P6 a key change is completed from its own before-image, not from what another record’s holds', async () => {
  const lake = streamLake({ tables: { one: { ...TABLE, absent: 'unchanged' } } });
  await deliver(lake, await send(lake, insert(1), insert(2), insert(3)));
  const changes = [
    { op: 'update', data: { id: 9, a: 6 }, before: { id: 2 } },
    { op: 'update', data: { id: 1, a: 5 }, before: { id: 1, b: 'x' } },
    { op: 'update', data: { id: 9, a: 6 }, before: { id: 2 } },
    { op: 'update', data: { id: 8, a: 7 }, before: { id: 3, b: 'x' } },
  ] as const;
  const taken = await deliver(lake, await send(lake, ...changes));
  expect(taken.tables).toMatchObject([{ rows: 3, badRows: 2 }]);
  expect(await listQuarantined(lake.ports.items)).toMatchObject([{ code: 'TM_2202', badRows: 2 }]);
  expect(await rowsOf(lake)).toEqual(['1 5 x', '2 2 x', '8 7 x']);
});
