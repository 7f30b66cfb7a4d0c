import fc from 'fast-check';
import type { LakeConfig, TableConfig } from '../../../lib/config/define';
import { tablesFor } from '../../../lib/config/resolved';
import { tableOfStrings } from '../../../lib/config/undeclared';
import { currentSchema } from '../../../lib/iceberg/metadata';
import { listQuarantined } from '../../../lib/ledger/quarantine';
import { noteUndeclared } from '../../../lib/ledger/undeclared-tables';
import { intake } from '../../../lib/stages/intake/intake';
import { replay } from '../../../lib/stages/replay';
import { applySchema } from '../../../lib/stages/schema/apply';
import { planSchema } from '../../../lib/stages/schema/plan';
import { learnUndeclared } from '../../../lib/stages/undeclared';
import { liveFiles } from '../../../lib/table/live-files';
import { openTable } from '../../../lib/table/open';
import { mergeAll, readFiles, readRows, type TestLake, take } from '../../support/lake';
import { debeziumRecords, dmsRecords, TYPED_COLUMNS, typedHistory } from '../../support/typed-changes';
import { allOf, deliver, type StreamLake, send, streamLake } from '../ingest-stream/streams';

const STRINGS: Partial<LakeConfig> = {
  tables: {},
  undeclared: 'strings',
  sources: { source: { kind: 'kinesis' } },
};

const declared = (table: TableConfig): Partial<LakeConfig> => ({ ...STRINGS, tables: { one: table } });

/** The same lake as another process has it: the config read anew, with what the ledger has noted. */
async function elsewhere<L extends TestLake>(lake: L, config: Partial<LakeConfig> = STRINGS): Promise<L> {
  const { lake: anew } = streamLake(config);
  await learnUndeclared(lake.ports, anew);
  return { ...lake, lake: anew };
}

const tableOf = ({ lake }: TestLake, name = 'one') => lake.tables.find(table => table.name === name)!;

async function replayAll(lake: TestLake): Promise<void> {
  for (const { id } of await listQuarantined(lake.ports.items)) await replay(lake.ports, lake.lake, id);
}

const waitingOf = async (lake: TestLake) =>
  (await listQuarantined(lake.ports.items)).map(({ table, code, reason }) => ({ table, code, reason }));

const user = ({ _pos_major, _pos_minor, _changed_at, ...row }: Record<string, unknown>) => row;

const rowsOf = async (lake: TestLake, name = 'one') => (await readRows(lake.ports, name)).map(user);

const event = (name: string) =>
  `{"tidemark":"event","id":"${name}","table":"${name}","received_at":"2026-01-01T00:00:00.000Z","data":{"a":1}}`;

const insert = (id: number | null, a: number, table = 'one') =>
  ({ op: 'insert', data: { id, a }, table }) as const;

const KEYED: TableConfig = {
  key: ['id'],
  columns: { id: 'bigint', a: 'int' },
  partitionBy: ['bucket(2, id)'],
};

/** Two inserts, an update and a move, of a table that nobody declared. */
async function received(): Promise<StreamLake> {
  const lake = streamLake(STRINGS);
  await deliver(
    lake,
    await send(
      lake,
      insert(1, 10),
      insert(2, 20),
      { op: 'update', data: { id: 1, a: 11 }, before: { id: 1, a: 10 } },
      { op: 'update', data: { id: 3, a: 20 }, before: { id: 2, a: 20 } },
    ),
  );
  return lake;
}

test('undeclared.strings: inserts are rows of an append table, other changes wait for a key', async () => {
  const lake = await received();
  await mergeAll(lake, 'one');
  expect(await rowsOf(lake)).toEqual([
    { id: '1', a: '10' },
    { id: '2', a: '20' },
  ]);
  expect(await waitingOf(lake)).toMatchObject([{ table: 'one', code: 'TM_2385' }]);
  expect(tableOf(lake)).toMatchObject({
    mode: 'append',
    from: { schema: 's', table: 'one' },
    undeclared: true,
  });
});

test('undeclared.key: declared, applied and replayed, it is the table of every change', async () => {
  const before = await received();
  await mergeAll(before, 'one');
  const lake = await elsewhere(before, declared(KEYED));
  // Until the log has the key, what comes waits, and nothing is merged.
  const late = (await send(before, insert(4, 40))).slice(-1);
  await deliver(lake, late);
  expect((await waitingOf(lake)).map(({ code }) => code).sort()).toEqual(['TM_2385', 'TM_3010']);
  await expect(mergeAll(lake, 'one')).rejects.toMatchObject({
    code: 'TM_3010',
    next: expect.stringContaining('tidemark schema apply one'),
  });
  expect((await planSchema(lake.ports, tableOf(lake))).map(c => [c.kind, c.column])).toEqual([
    ['retype', 'id'],
    ['retype', 'a'],
    ['key', 'id'],
  ]);
  expect((await applySchema(lake.ports, lake.lake, tableOf(lake))).stopped).toBeUndefined();
  expect(await planSchema(lake.ports, tableOf(lake))).toEqual([]);
  expect(await rowsOf(lake)).toEqual([
    { id: 1n, a: 10 },
    { id: 2n, a: 20 },
  ]);
  await replayAll(lake);
  await mergeAll(lake, 'one');
  expect(await waitingOf(lake)).toEqual([]);
  const rows = (await rowsOf(lake)).sort((x, y) => Number(x.id) - Number(y.id));
  expect(rows).toEqual([
    { id: 1n, a: 11 },
    { id: 3n, a: 20 },
    { id: 4n, a: 40 },
  ]);
});

test('undeclared.noKey: rows without their key are listed, and nothing is done', async () => {
  const before = streamLake(STRINGS);
  await deliver(
    before,
    await send(before, insert(1, 10), insert(null, 20), { op: 'insert', data: { a: 1 } }),
  );
  await mergeAll(before, 'one');
  const lake = await elsewhere(before, declared(KEYED));
  const { stopped, uncastable } = await applySchema(lake.ports, lake.lake, tableOf(lake), {
    nullWhatDoesNotCast: true,
  });
  expect(stopped?.code).toBe('TM_3097');
  expect(uncastable).toMatchObject({ count: 2, ofKey: 2, keyless: 2 });
  expect(uncastable.first.map(({ column, reason }) => `${column} ${reason}`)).toEqual([
    'id NULL is no value of a key',
    'id NULL is no value of a key',
  ]);
  const same = await elsewhere(before);
  await deliver(same, (await send(before, insert(5, 50))).slice(-1));
  await mergeAll(same, 'one');
  expect(await rowsOf(same)).toHaveLength(4);
  const other = await elsewhere(before, declared({ key: ['nobody'] }));
  expect(await planSchema(other.ports, tableOf(other))).toMatchObject([
    { kind: 'refused', why: { code: 'TM_3095' } },
  ]);
});

test('undeclared.processes: what one has noted another merges, and both at once note it once', async () => {
  const first = streamLake(STRINGS);
  const second = await elsewhere(first);
  const [one, two] = [await send(first, insert(1, 10)), await send(first, insert(2, 20))];
  await Promise.all([deliver(first, one), deliver(second, two)]);
  const third = await elsewhere(first);
  expect(third.lake.tables.map(table => table.name)).toEqual(['one']);
  await mergeAll(third, 'one');
  expect((await rowsOf(third)).map(row => row.id).sort()).toEqual(['1', '2']);
});

test('undeclared.names: made legal; what is taken, or beyond the bound, strays and says why', async () => {
  const lake = streamLake({ ...STRINGS, tables: { taken: { mode: 'append', from: 'elsewhere' } } });
  await deliver(
    lake,
    await send(
      lake,
      insert(1, 1, 'Order Items'),
      insert(1, 1, 'ORDER_ITEMS'),
      insert(1, 1, 'taken'),
      insert(1, 1, '***'),
      insert(1, 1, 'a_deltas'),
    ),
  );
  expect(lake.lake.tables.map(table => table.name)).toEqual(['taken', 'order_items', 'a_deltas_table']);
  const [waiting] = await listQuarantined(lake.ports.items);
  expect(waiting).toMatchObject({ table: '', code: 'TM_2322', badRows: 3 });
  expect(waiting!.reason).toContain('order_items is the name of another');
});

test('undeclared.bound: a thousand names and no more', async () => {
  const lake = streamLake(STRINGS);
  for (let n = 0; n < 998; n++)
    await noteUndeclared(lake.ports.items, n, { name: `t${n}`, table: `t${n}`, at: 0 });
  const records = await send(lake, ...['t998', 't999', 't1000', 't7'].map(event));
  const taken = await deliver(lake, records);
  expect(taken).toMatchObject({ strays: 1, failed: [] });
  const other = await elsewhere(lake);
  expect(other.lake.tables).toHaveLength(1000);
  expect(await deliver(other, records)).toMatchObject({ failed: [] });
  expect((await listQuarantined(lake.ports.items)).map(({ reason }) => reason)).toEqual([
    expect.stringContaining('1000 tables came in undeclared'),
  ]);
});

test('undeclared.intake: events of names that the source says are let through, and make a table', async () => {
  const lake = streamLake({ ...STRINGS, tables: { taken: { mode: 'append', from: 'elsewhere' } } });
  const post = async (name: string, under = lake.lake) => {
    const request = { method: 'POST', path: `/events/${name}`, contentType: 'application/json' };
    const source = { bodyBytesMax: 1000, tables: ['visits', 'taken'] };
    const options = { source, onFailure: () => undefined };
    const body = Buffer.from('{"a":1}');
    const ports = { ...lake.ports, clock: lake.clock, stream: lake.stream };
    return (await intake(ports, under, { ...request, body }, options)).status;
  };
  expect(await post('visits')).toBe(202);
  expect(await post('taken')).toBe(404);
  expect(await post('others')).toBe(404);
  expect(await post('visits', streamLake().lake)).toBe(404);
  await deliver(lake, await allOf(lake));
  await mergeAll(lake, 'visits');
  expect(await rowsOf(lake, 'visits')).toEqual([{ a: '1' }]);
});

test('undeclared.types: what the source says of its columns types none of them', async () => {
  const lake = streamLake(STRINGS);
  const control = (operation: string) =>
    JSON.stringify({
      control: { 'table-def': { columns: { id: { type: 'INT64' }, b: { type: 'INT32' } } } },
      metadata: { 'record-type': 'control', operation, 'schema-name': 's', 'table-name': 'one' },
    });
  await deliver(lake, await send(lake, control('create-table'), insert(1, 10)));
  await deliver(lake, await send(lake, control('add-column'), { op: 'insert', data: { id: 2, a: 1, b: 3 } }));
  await mergeAll(lake, 'one');
  expect(await rowsOf(lake)).toEqual([
    { id: '1', a: '10', b: null },
    { id: '2', a: '1', b: '3' },
  ]);
});

test('undeclared.nothingNumbered: a log without rows gets the key by schema apply too, as others may be about to write', async () => {
  const before = streamLake(STRINGS);
  const update = { op: 'update', data: { id: 1, a: 11 }, before: { id: 1, a: 10 } } as const;
  await deliver(before, await send(before, update));
  const lake = await elsewhere(before, declared(KEYED));
  await replayAll(lake);
  expect(await waitingOf(lake)).toMatchObject([{ code: 'TM_3010' }]);
  await deliver(before, (await send(before, insert(2, 20))).slice(-1));
  expect((await applySchema(lake.ports, lake.lake, tableOf(lake))).stopped).toBeUndefined();
  await replayAll(lake);
  await mergeAll(lake, 'one');
  expect(await rowsOf(lake)).toEqual([
    { id: 1n, a: 11 },
    { id: 2n, a: 20 },
  ]);
  const keyed = await elsewhere(before);
  await deliver(keyed, (await send(before, insert(3, 30))).slice(-1));
  expect(await waitingOf(lake)).toMatchObject([{ code: 'TM_3010' }]);
});

test('undeclared.oldConfig: a process that does not know the table makes no log anew that one who does has made', async () => {
  const before = streamLake(STRINGS);
  const lake = await elsewhere(before, declared(KEYED));
  await deliver(lake, await send(before, { op: 'insert', data: { id: 1, a: 'many' } }));
  const old = await elsewhere(before);
  await deliver(old, (await send(before, insert(2, 20))).slice(-1));
  expect((await waitingOf(lake)).map(({ code }) => code).sort()).toEqual(['TM_2103', 'TM_3010']);
  await deliver(lake, (await send(before, insert(3, 30))).slice(-1));
  await replayAll(lake);
  await mergeAll(lake, 'one');
  expect((await rowsOf(lake)).map(({ id }) => id).sort()).toEqual([2n, 3n]);
});

test('undeclared.keyAlone: a key of strings, and the newest row of each', async () => {
  const before = streamLake(STRINGS);
  const again = { op: 'insert', data: { id: 1, a: 11 } } as const;
  await deliver(before, await send(before, insert(1, 10), insert(2, 20), again));
  await mergeAll(before, 'one');
  const lake = await elsewhere(before, declared({ key: ['id'] }));
  await applySchema(lake.ports, lake.lake, tableOf(lake));
  expect(await planSchema(lake.ports, tableOf(lake))).toEqual([]);
  expect((await rowsOf(lake)).sort((x, y) => Number(x.id) - Number(y.id))).toEqual([
    { id: '1', a: '11' },
    { id: '2', a: '20' },
  ]);
  const { metadata } = (await openTable(lake.ports, 'one'))!;
  const { fields, identifierFieldIds } = currentSchema(metadata);
  const id = fields.find(({ name }) => name === 'id')!;
  expect([id.required, identifierFieldIds]).toEqual([true, [id.id]]);
  const order = metadata['sort-orders'].find(o => o['order-id'] === metadata['default-sort-order-id']);
  expect(order?.fields.map(f => f['source-id'])).toEqual([id.id]);
  const [first] = metadata.snapshots;
  const then = await readFiles(lake.ports, await liveFiles(lake.ports.store, metadata, first), fields);
  expect(then).toHaveLength(3);
});

test('undeclared.emptyKey: a key that no row has brought, where there is no row', async () => {
  const before = streamLake(STRINGS);
  await deliver(before, await send(before, { op: 'delete', data: { id: 1 } }));
  const lake = await elsewhere(before, declared({ key: ['nobody'] }));
  expect((await applySchema(lake.ports, lake.lake, tableOf(lake))).stopped).toBeUndefined();
  expect(await planSchema(lake.ports, tableOf(lake))).toEqual([]);
});

test('undeclared.file: waits though its table came in from a stream', async () => {
  const lake = await received();
  for (const asked of [{}, { table: 'one' }])
    expect(await take(lake, 'one-2024-01-01.csv', 'id,a\n5,50\n', asked)).toMatchObject({
      outcome: 'quarantined',
      error: { code: 'TM_2302' },
    });
});

test('undeclared.table: as one that is declared so; a declared one comes first, in any schema', () => {
  const from = { schema: 's', table: 'one' };
  const { lake } = streamLake({ ...STRINGS, tables: { one: { mode: 'append', from: 's.one' } } });
  const own = tableOfStrings(lake, 'one', from);
  expect(own).toEqual({ ...lake.tables[0], undeclared: true });
  const any = { ...lake.tables[0]!, name: 'any', from: { table: 'one' } };
  expect(tablesFor({ tables: [own, any] }, from)).toEqual([any]);
  expect(tablesFor({ tables: [own] }, from)).toEqual([own]);
  expect(tablesFor({ tables: [own] }, { schema: 'other', table: 'one' })).toEqual([]);
});

const RUNS = Number(process.env.TIDEMARK_RUNS ?? 12);

test('undeclared.anyHistory: declared at any moment, however batched, it is the table declared from the start', async () => {
  const way = fc.record({
    format: fc.constantFrom('dms' as const, 'debezium' as const),
    cuts: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
    declared: fc.double({ min: 0, max: 1, noNaN: true }),
    applied: fc.nat({ max: 3 }),
    merged: fc.nat({ max: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(typedHistory, way, async (history, { format, cuts, declared: at, applied, merged }) => {
      const before = streamLake(STRINGS);
      const after = streamLake(declared({ key: ['id'], columns: TYPED_COLUMNS }));
      const records =
        format === 'dms' ? dmsRecords(history.changes, 'one') : debeziumRecords(history.changes, 'one', true);
      for (const record of records) {
        before.clock.advance(1);
        await before.stream.put([{ key: 'k', data: Buffer.from(record) }]);
      }
      const all = await allOf(before);
      const lakes = { before, after: { ...before, lake: after.lake } };
      const redeclared = Math.floor(all.length * at);
      let isApplied = false;
      const apply = async () => {
        const table = tableOf(lakes.after);
        const { stopped } = await applySchema(lakes.after.ports, lakes.after.lake, table);
        expect(stopped).toBeUndefined();
        isApplied = true;
      };
      for (let from = 0, i = 0, since = 0; from < all.length; i++) {
        const lake = from < redeclared ? lakes.before : lakes.after;
        if (from >= redeclared && since++ === applied) await apply();
        const end = from + cuts[i % cuts.length]!;
        const until = from < redeclared ? Math.min(end, redeclared) : end;
        expect(await deliver(lake, all.slice(Math.max(0, from - 2), until))).toMatchObject({ failed: [] });
        if (i % 4 === merged && tableOf(lake) && (lake === lakes.before || isApplied))
          await mergeAll(lake, 'one');
        from = until;
      }
      await apply();
      await replayAll(lakes.after);
      expect(await waitingOf(lakes.after)).toEqual([]);
      await mergeAll(lakes.after, 'one');
      const rows = await rowsOf(lakes.after);
      const byId = (some: readonly Record<string, unknown>[]) =>
        [...some].sort((x, y) => (x.id! < y.id! ? -1 : 1));
      const names = Object.keys(TYPED_COLUMNS);
      const whole = rows.map(row => Object.fromEntries(names.map(name => [name, row[name] ?? null])));
      expect(byId(whole)).toEqual(byId(history.rows));
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
}, 300_000);
