import { listQuarantined } from '../../../lib/ledger/quarantine';
import { keepSchemas, pagesOfUnread, readSchema } from '../../../lib/ledger/schemas';
import type { StreamRecord } from '../../../lib/ports/change-stream';
import { ingestRecords } from '../../../lib/stages/ingest-stream/ingest-records';
import { putUnjudgedAside } from '../../../lib/stages/ingest-stream/unjudged';
import { replay } from '../../../lib/stages/replay';
import { announcement, headed, singleObject } from '../../support/avro';
import { mergeAll, readRows } from '../../support/lake';
import { deliver, entriesOf, rowsOf, START, STREAM, type StreamLake, send, streamLake } from './streams';

const ROW = {
  type: 'record',
  name: 'Row',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'a', type: ['null', 'int'] },
    { name: 'b', type: ['null', 'string'] },
  ],
};
const row = (id: number, a: number | null, b: string | null) => ({
  id: BigInt(id),
  a: a === null ? null : { int: a },
  b: b === null ? null : { string: b },
});
const written = (id: number, a: number | null, b: string | null) => singleObject(ROW, row(id, a, b));

/** A table from a stream of plain events, in Avro or not. */
const avroLake = (format: 'auto' | 'avro' = 'auto', more: object = {}): StreamLake =>
  streamLake({
    sources: { source: { kind: 'kinesis', format } },
    tables: {
      one: { key: ['id'], columns: { id: 'bigint', a: 'int', b: 'string' }, from: 'source', ...more },
    },
  });

/** A record of another shard of the same stream. */
const elsewhere = (data: Uint8Array, sequence = '7', at = 5): StreamRecord => ({
  shard: 'shardId-000000000001',
  sequence,
  key: 'k',
  data,
  arrivedAt: START + at,
});

async function deliverElsewhere(lake: StreamLake, ...records: StreamRecord[]) {
  const shards = async () => ['0', '1'].map(n => ({ id: `shardId-00000000000${n}`, parents: [] }));
  const stream = { ...STREAM, shards };
  return ingestRecords(lake.ports, lake.lake, {
    source: 'source',
    stream,
    shard: records[0]!.shard,
    records,
  });
}

const waiting = async (lake: StreamLake) =>
  (await listQuarantined(lake.ports.items)).map(q => `${q.table || '-'} ${q.code} ${q.badRows}`).sort();

/** The same items, and how many calls they got. */
function counted(items: StreamLake['ports']['items']) {
  const calls = { get: 0, query: 0, transact: 0 };
  const counting: typeof items = {
    get: key => {
      calls.get++;
      return items.get(key);
    },
    query: (...asked) => {
      calls.query++;
      return items.query(...asked);
    },
    transact: actions => {
      calls.transact++;
      return items.transact(actions);
    },
  };
  return { items: counting, calls };
}

const unread = async (lake: StreamLake) => {
  const all: string[] = [];
  for await (const page of pagesOfUnread(lake.ports.items, 'source'))
    all.push(...page.map(({ fingerprint }) => fingerprint));
  return all;
};

describe('avro.announced', () => {
  test('records behind the announcement, before it in their batch, and later ones come in', async () => {
    const lake = avroLake();
    const records = await send(
      lake,
      written(1, 1, 'x'),
      announcement(ROW),
      written(2, null, 'y'),
      '{"id":3,"b":"z"}',
    );
    const { strays, retryFrom } = await deliver(lake, records);
    expect({ strays, retryFrom }).toEqual({ strays: 0, retryFrom: undefined });
    await deliver(lake, await send(lake, written(1, 5, null)));
    expect(await rowsOf(lake)).toEqual(['1 5 null', '2 null y', '3 null z']);
    expect(await waiting(lake)).toEqual([]);
  });

  test('a ServiceEvent and a change of Debezium in Avro go the way of their shape', async () => {
    const lake = streamLake({
      sources: { source: { kind: 'kinesis' } },
      tables: {
        one: { key: ['id'], columns: { id: 'bigint', a: 'int', b: 'string' } },
        two: {
          key: ['id'],
          columns: { id: 'bigint', amount: 'decimal(9,2)', at: 'datetime', raw: 'binary' },
        },
      },
    });
    const event = {
      type: 'record',
      name: 'Event',
      fields: [
        ...['source', 'type', 'uuid'].map(name => ({ name, type: 'string' })),
        { name: 'event_date', type: { type: 'long', logicalType: 'timestamp-micros' } },
        { name: 'data', type: ROW },
      ],
    };
    const value = {
      type: 'record',
      name: 'Value',
      fields: [
        { name: 'id', type: 'long' },
        { name: 'amount', type: { type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 } },
        { name: 'at', type: { type: 'long', 'connect.name': 'io.debezium.time.Timestamp' } },
        // Hex of four characters is base64 too: which of the two nobody has to guess here.
        { name: 'raw', type: 'bytes' },
      ],
    };
    const change = {
      type: 'record',
      name: 'Envelope',
      fields: [
        { name: 'before', type: ['null', value] },
        { name: 'after', type: ['null', 'Value'] },
        {
          name: 'source',
          type: {
            type: 'record',
            name: 'Source',
            fields: [
              ...['db', 'table', 'file'].map(name => ({ name, type: 'string' })),
              ...['ts_ms', 'pos'].map(name => ({ name, type: 'long' })),
              { name: 'row', type: 'int' },
            ],
          },
        },
        { name: 'op', type: 'string' },
      ],
    };
    const source = { db: 's', table: 'two', file: 'bin.000001', ts_ms: 5n, pos: 4n, row: 0 };
    const after = {
      Value: { id: 9n, amount: Buffer.from('3039', 'hex'), at: 0n, raw: Buffer.from('ab', 'hex') },
    };
    await deliver(
      lake,
      await send(
        lake,
        announcement(event),
        announcement(change),
        singleObject(event, {
          source: 'one',
          type: 'create',
          uuid: 'u',
          event_date: 1n,
          data: row(1, 2, 'c'),
        }),
        singleObject(change, { before: null, after, source, op: 'c' }),
      ),
    );
    expect(await waiting(lake)).toEqual([]);
    expect(await rowsOf(lake)).toEqual(['1 2 c']);
    await mergeAll(lake, 'two');
    const [found] = await readRows(lake.ports, 'two');
    expect(found).toMatchObject({ id: 9n, amount: 12345n, at: 0n, raw: new Uint8Array([0xab]) });
  });

  test('strictly avro takes announcements and records in Avro alone', async () => {
    const lake = avroLake('avro');
    await deliver(lake, await send(lake, announcement(ROW), written(1, 1, 'x'), '{"id":2}', 'x'));
    expect(await rowsOf(lake)).toEqual(['1 1 x']);
    const [stray] = await listQuarantined(lake.ports.items);
    expect(stray!.rows.map(r => r.code)).toEqual(['TM_2193', 'TM_2112']);
  });

  test('a source of another format knows no announcements', async () => {
    const lake = streamLake({}, 'json');
    await deliver(lake, await send(lake, announcement(ROW)));
    expect((await lake.ports.items.query('schemas#source', '')).length).toBe(0);
  });

  test('a broken one waits, and one of a known fingerprint with another meaning', async () => {
    const lake = avroLake();
    const dated = (logicalType?: string) => ({
      ...ROW,
      name: 'Dated',
      fields: [{ name: 'id', type: { type: 'long', ...(logicalType ? { logicalType } : {}) } }],
    });
    await deliver(lake, await send(lake, announcement({ type: 'furlong' }), announcement(dated())));
    await deliver(lake, await send(lake, announcement(dated('timestamp-millis')), announcement(dated())));
    const faults = (await listQuarantined(lake.ports.items)).flatMap(q => q.rows.map(r => r.reason));
    expect(faults.length).toBe(2);
    expect(faults.some(reason => reason.includes('furlong'))).toBe(true);
    expect(faults.some(reason => reason.includes('other logical types'))).toBe(true);
  });
});

describe('avro.unknown', () => {
  test('waits, and comes in by itself when its schema comes on another shard', async () => {
    const lake = avroLake();
    const records = await send(lake, written(1, 1, 'x'), '{"id":9}', written(2, 2, 'y'));
    const first = await deliver(lake, records);
    expect(first.strays).toBe(2);
    expect(await waiting(lake)).toEqual(['- TM_2393 2']);
    expect(await unread(lake)).toHaveLength(1);
    const { tables, retryFrom } = await deliverElsewhere(lake, elsewhere(announcement(ROW)));
    expect(retryFrom).toBeUndefined();
    expect(tables).toMatchObject([{ table: 'one', outcome: 'taken-in', rows: 2 }]);
    expect(await waiting(lake)).toEqual([]);
    expect(await unread(lake)).toEqual([]);
    expect(await rowsOf(lake)).toEqual(['1 1 x', '2 2 y', '9 null null']);
  });

  test('keeps its place: later records of its key that were read before it stay the newest', async () => {
    const lake = avroLake();
    const older = { ...ROW, name: 'Older' };
    await deliver(
      lake,
      await send(lake, announcement(ROW), singleObject(older, row(1, 1, 'older')), written(1, 2, 'newer')),
    );
    await deliverElsewhere(lake, elsewhere(announcement(older)));
    expect(await entriesOf(lake)).toHaveLength(2);
    expect(await rowsOf(lake)).toEqual(['1 2 newer']);
  });

  test('counts once when the schema came between two tries of the batch', async () => {
    for (const lost of ['aside', 'tables'] as const) {
      const lake = avroLake('auto', { mode: 'append', key: [] });
      const records = await send(lake, written(1, 1, 'x'), '{"id":9}', written(2, 2, 'y'));
      let writes = 0;
      const { items } = lake.ports;
      const dies = {
        ...lake.ports,
        items: {
          ...items,
          get: items.get.bind(items),
          query: items.query.bind(items),
          transact: async (actions: Parameters<typeof items.transact>[0]) => {
            if (++writes > (lost === 'aside' ? 0 : 1)) throw new Error('died');
            return items.transact(actions);
          },
        },
      };
      await deliver(lake, records, dies).catch(() => undefined);
      await deliverElsewhere(lake, elsewhere(announcement(ROW)));
      await deliver(lake, records);
      await deliver(lake, records);
      expect(await waiting(lake)).toEqual([]);
      expect(await rowsOf(lake)).toEqual(['1 1 x', '2 2 y', '9 null null']);
    }
  });

  test('a batch that did not know of the schema reads it before it puts records aside', async () => {
    const lake = avroLake();
    const records = await send(lake, written(1, 1, 'x'));
    const { items } = lake.ports;
    let announced = false;
    const slow = {
      ...lake.ports,
      items: {
        get: items.get.bind(items),
        query: items.query.bind(items),
        transact: async (actions: Parameters<typeof items.transact>[0]) => {
          // The other shard's batch comes in between.
          if (!announced) {
            announced = true;
            await deliverElsewhere(lake, elsewhere(announcement(ROW)));
          }
          return items.transact(actions);
        },
      },
    };
    expect((await deliver(lake, records, slow)).strays).toBe(0);
    expect(await rowsOf(lake)).toEqual(['1 1 x']);
    expect(await waiting(lake)).toEqual([]);
  });

  test('what cannot be read with its schema stays, with its own reason, and the others come in', async () => {
    const lake = avroLake();
    const cut = written(3, 3, 'z').subarray(0, -1);
    const long = Buffer.concat([written(4, 4, 'z'), Buffer.from([0])]);
    const branch = headed(ROW, Buffer.from([2, 8]));
    await deliver(
      lake,
      await send(lake, cut, written(1, 1, 'x'), long, branch, Buffer.from('c301ff', 'hex')),
    );
    await deliverElsewhere(lake, elsewhere(announcement(ROW)));
    expect(await rowsOf(lake)).toEqual(['1 1 x']);
    const left = (await listQuarantined(lake.ports.items)).filter(q => q.object.endsWith('?unread'));
    expect(left.flatMap(q => q.rows.map(r => `${r.code} ${r.column ?? ''}`))).toEqual([
      'TM_2193 b',
      'TM_2193 ',
      'TM_2193 a',
    ]);
    const [headless] = (await listQuarantined(lake.ports.items)).filter(q => !q.object.endsWith('?unread'));
    expect(headless!.code).toBe('TM_2193');
    expect(await unread(lake)).toEqual([]);
  });

  test('of a hundred unknown schemas in one batch ninety are waited for, and a replay takes in the rest', async () => {
    const lake = avroLake();
    const schemas = Array.from({ length: 100 }, (_, i) => ({ ...ROW, name: `R${i}` }));
    const { items, calls } = counted(lake.ports.items);
    const records = await send(lake, ...schemas.map((schema, i) => singleObject(schema, row(i, i, 'x'))));
    await deliver(lake, records, { ...lake.ports, items });
    expect(calls.transact).toBe(1);
    expect(await unread(lake)).toHaveLength(90);
    const [aside] = await listQuarantined(lake.ports.items);
    expect(aside!.rows.filter(({ code }) => code === 'TM_2394')).toHaveLength(10);
    const rest = schemas.slice(90).map((schema, i) => elsewhere(announcement(schema), String(100 + i)));
    expect((await deliverElsewhere(lake, ...rest)).tables).toEqual([]);
    await replay(lake.ports, lake.lake, aside!.id);
    expect(await rowsOf(lake)).toHaveLength(10);
    const announcing = schemas.map((schema, i) => elsewhere(announcement(schema), String(200 + i)));
    expect((await deliverElsewhere(lake, ...announcing)).retryFrom).toBeUndefined();
    await deliver(lake, records);
    expect(await unread(lake)).toEqual([]);
    expect(await waiting(lake)).toEqual([]);
    expect(await entriesOf(lake)).toHaveLength(2);
    expect(await rowsOf(lake)).toHaveLength(100);
  });

  test('an announcement asks for what waits for it, whatever else waits', async () => {
    const lake = avroLake();
    for (let i = 0; i < 5; i++) {
      const schemas = Array.from({ length: 90 }, (_, n) => ({ ...ROW, name: `R${i}x${n}` }));
      await deliver(lake, await send(lake, ...schemas.map(schema => singleObject(schema, row(1, 1, 'x')))));
    }
    const { items, calls } = counted(lake.ports.items);
    const announcing = Array.from({ length: 20 }, (_, i) =>
      elsewhere(announcement({ ...ROW, name: `N${i}` }), String(500 + i)),
    );
    const request = {
      source: 'source',
      stream: { ...STREAM, shards: async () => [] },
      shard: announcing[0]!.shard,
    };
    await ingestRecords({ ...lake.ports, items }, lake.lake, { ...request, records: announcing });
    // Asked for, kept ten at a time, read again; then what waits for each. One get is the shard's cursor.
    expect(calls).toEqual({ get: 41, query: 20, transact: 2 });
  });

  test('a batch that was given up before any run put its schema aside counts once, when its schema comes', async () => {
    const lake = avroLake();
    const records = await send(
      lake,
      written(1, 1, 'x'),
      written(2, 2, 'y'),
      written(3, 3, 'z'),
      written(4, 4, 'z'),
    );
    await deliver(lake, records.slice(1, 2));
    await deliver(lake, records.slice(3));
    const stream = { ...STREAM, shards: lake.stream.shards };
    const fault = { code: 'TM_2324', reason: 'x' } as const;
    await putUnjudgedAside(lake.ports, {
      source: 'source',
      stream,
      fault,
      id: 'given',
      records: records.slice(0, 3),
    });
    await replay(lake.ports, lake.lake, 'given');
    await deliverElsewhere(lake, elsewhere(announcement(ROW)));
    expect(await waiting(lake)).toEqual([]);
    expect(await unread(lake)).toEqual([]);
    await deliver(lake, records.slice(1, 2));
    await deliver(lake, records.slice(3));
    expect((await entriesOf(lake)).reduce((rows, e) => rows + ('rows' in e ? Number(e.rows) : 0), 0)).toBe(4);
    expect(await rowsOf(lake)).toEqual(['1 1 x', '2 2 y', '3 3 z', '4 4 z']);
  });

  test('a larger batch around one that waits already waits beside it, each record once', async () => {
    const lake = avroLake('auto', { mode: 'append', key: [] });
    const ids = Array.from({ length: 9 }, (_, i) => i + 1);
    const records = await send(lake, ...ids.map(id => written(id, id, 'x')));
    await deliver(lake, records.slice(3, 5));
    await deliver(lake, records.slice(6, 7));
    await deliver(lake, records);
    await deliver(lake, records.slice(2));
    expect(await waiting(lake)).toEqual(['1', '1', '2', '2', '3'].map(n => `- TM_2393 ${n}`));
    await deliverElsewhere(lake, elsewhere(announcement(ROW)));
    await deliver(lake, records);
    expect(await rowsOf(lake)).toEqual(ids.map(id => `${id} ${id} x`));
  });

  test('an announcement whose replay fails comes again', async () => {
    const lake = avroLake();
    await deliver(lake, await send(lake, written(1, 1, 'x')));
    const { store } = lake.ports;
    const broken = {
      ...lake.ports,
      store: Object.create(store, { get: { value: async () => Promise.reject(new Error('no store')) } }),
    };
    const announcing = [elsewhere(announcement(ROW))];
    const stream = { ...STREAM, shards: async () => [{ id: 'shardId-000000000001', parents: [] }] };
    const request = { source: 'source', stream, shard: announcing[0]!.shard, records: announcing };
    const { retryFrom, failed } = await ingestRecords(broken, lake.lake, request);
    expect({ retryFrom, failed: failed.length }).toEqual({ retryFrom: '7', failed: 1 });
    await deliverElsewhere(lake, ...announcing);
    expect(await rowsOf(lake)).toEqual(['1 1 x']);
  });

  test('records that were given up unread bring their announcement, and what was put aside before counts once', async () => {
    const lake = avroLake();
    const records = await send(lake, written(1, 1, 'x'), '{"id":9}');
    await deliver(lake, records);
    const given = {
      source: 'source',
      stream: { ...STREAM, shards: lake.stream.shards },
      fault: { code: 'TM_2324', reason: 'x' },
    } as const;
    await putUnjudgedAside(lake.ports, { ...given, id: 'first', records });
    await deliverElsewhere(lake, elsewhere(announcement({ ...ROW, name: 'Other' })));
    const late = await send(lake, announcement(ROW));
    await putUnjudgedAside(lake.ports, { ...given, id: 'second', records: late.slice(-1) });
    await replay(lake.ports, lake.lake, 'second');
    await replay(lake.ports, lake.lake, 'first');
    expect(await waiting(lake)).toEqual([]);
    expect((await entriesOf(lake)).reduce((rows, e) => rows + ('rows' in e ? Number(e.rows) : 0), 0)).toBe(2);
    expect(await rowsOf(lake)).toEqual(['1 1 x', '9 null null']);
  });
});

describe('avro.reader', () => {
  const reader = {
    type: 'record',
    name: 'Row',
    fields: [
      { name: 'id', type: 'long' },
      { name: 'b', type: ['null', 'string'], aliases: ['name'] },
      { name: 'a', type: 'int', default: 7 },
    ],
  };
  const other = {
    type: 'record',
    name: 'other.Row',
    fields: [
      { name: 'name', type: 'string' },
      { name: 'id', type: 'int' },
      { name: 'secret', type: 'string' },
    ],
  };

  test('reads rows as the table has them: aliases, defaults, promotions, and nothing else', async () => {
    const lake = avroLake('auto', { reader });
    await deliver(
      lake,
      await send(
        lake,
        announcement(other),
        singleObject(other, { name: 'n', id: 1, secret: 's' }),
        '{"id":2,"a":1}',
      ),
    );
    expect(await rowsOf(lake)).toEqual(['1 7 n', '2 1 null']);
    expect(Object.keys((await readRows(lake.ports, 'one'))[0]!)).not.toContain('secret');
  });

  test('a pair that does not resolve waits for its table, names the field, and the others go on', async () => {
    const lake = avroLake('auto', { reader });
    const lacking = { ...other, fields: other.fields.slice(0, 1) };
    await deliver(
      lake,
      await send(
        lake,
        announcement(lacking),
        announcement(other),
        singleObject(lacking, { name: 'n' }),
        singleObject(other, { name: 'n', id: 1, secret: '' }),
      ),
    );
    expect(await rowsOf(lake)).toEqual(['1 7 n']);
    const [bad] = await listQuarantined(lake.ports.items);
    expect(bad).toMatchObject({ table: 'one', rows: [{ code: 'TM_2194', column: 'id' }] });
    // The table's schema was mended.
    const mended = avroLake('auto', {
      reader: {
        ...reader,
        fields: reader.fields.map(f => ({ ...f, ...(f.name === 'id' ? { default: 5 } : {}) })),
      },
    });
    await replay(lake.ports, mended.lake, bad!.id);
    expect(await rowsOf(lake)).toEqual(['1 7 n', '5 7 n']);
  });

  test('of a ServiceEvent it reads the data', async () => {
    const lake = streamLake({
      sources: { source: { kind: 'kinesis' } },
      tables: { one: { key: ['id'], columns: { id: 'bigint', a: 'int', b: 'string' }, reader } },
    });
    const event = {
      type: 'record',
      name: 'E',
      fields: [
        ...['source', 'type', 'uuid', 'event_date'].map(name => ({ name, type: 'string' })),
        { name: 'data', type: other },
      ],
    };
    const value = {
      source: 'one',
      type: 'create',
      uuid: 'u',
      event_date: '2026-01-01',
      data: { name: 'n', id: 4, secret: '' },
    };
    await deliver(lake, await send(lake, announcement(event), singleObject(event, value)));
    expect(await rowsOf(lake)).toEqual(['4 7 n']);
  });
});

describe('avro.ledger', () => {
  test('a schema is written once: a second one of its fingerprint changes nothing', async () => {
    const { items } = avroLake().ports;
    const keep = (fingerprint: string, json: string) => keepSchemas(items, 's', [{ fingerprint, json }]);
    await keep('f', '"int"');
    await keep('f', '"long"');
    const many = Array.from({ length: 30 }, (_, i) => `f${i}`);
    await keepSchemas(
      items,
      's',
      ['f', ...many].map(fingerprint => ({ fingerprint, json: `"${fingerprint}"` })),
    );
    expect(await readSchema(items, 's', 'f')).toBe('"int"');
    for (const fingerprint of many)
      expect(await readSchema(items, 's', fingerprint)).toBe(`"${fingerprint}"`);
    expect(await readSchema(items, 's', 'none')).toBeUndefined();
  });
});
