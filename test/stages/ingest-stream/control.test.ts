import type { TableConfig } from '../../../lib/config/define';
import { currentSchema } from '../../../lib/iceberg/metadata';
import { openTable } from '../../../lib/table/open';
import { deliver, reconfigured, type StreamLake, send, streamLake } from './streams';

const OPEN: TableConfig = { key: ['id'], columns: { id: 'bigint' } };

const lakeOf = (table: TableConfig = OPEN) => streamLake({ tables: { one: table } });

const control = (operation: string, said: object = {}) =>
  JSON.stringify({
    control: said,
    metadata: { 'record-type': 'control', operation, 'schema-name': 's', 'table-name': 'one' },
  });

const insert = (id: number, more: object = {}) => ({ op: 'insert' as const, data: { id, ...more } });

async function columnsOf(lake: StreamLake): Promise<Record<string, string>> {
  const log = (await openTable(lake.ports, 'one_deltas'))!;
  const { fields } = currentSchema(log.metadata);
  return Object.fromEntries(
    fields.filter(f => !/^(_|date_received)/.test(f.name)).map(f => [f.name, f.type]),
  );
}

const verdicts = async (lake: StreamLake, ...records: Parameters<typeof send>[1][]) =>
  (await deliver(lake, await send(lake, ...records))).control.map(({ operation, outcome, code }) =>
    [operation, outcome, code].filter(Boolean).join(' '),
  );

test('control.addColumn: the log has it at once, typed, whatever rows say first', async () => {
  const lake = lakeOf();
  const add = control('add-column', {
    'column-def': { columns: { score: { type: 'INT8' }, blob: { type: 'BLOB' } } },
  });
  expect(await verdicts(lake, insert(1), add, insert(2, { score: 7 }))).toEqual(['add-column done']);
  expect(await columnsOf(lake)).toEqual({ id: 'long', score: 'long' });
});

test('control.createTable: columns with types; those of the config win, what is omitted stays out', async () => {
  const lake = lakeOf({ ...OPEN, columns: { id: 'bigint', price: 'decimal(12,2)' }, omit: ['secret'] });
  const columns = {
    id: { type: 'INT4' },
    price: { type: 'NUMERIC', precision: 10, scale: 2 },
    at: { type: 'DATETIME' },
    secret: { type: 'STRING' },
  };
  expect(await verdicts(lake, control('create-table', { 'table-def': { columns } }))).toEqual([
    'create-table done',
  ]);
  expect(await columnsOf(lake)).toEqual({ id: 'long', price: 'decimal(12,2)', at: 'timestamp' });
});

test('control.widened and refused: both types and the declaration are named', async () => {
  const lake = lakeOf({ ...OPEN, columns: { id: 'bigint', n: 'int' } });
  const change = (type: string) => control('column-type-change', { column: { name: 'n', type } });
  expect(await verdicts(lake, insert(1, { n: 1 }), change('INT8'))).toEqual(['column-type-change done']);
  expect(await columnsOf(lake)).toEqual({ id: 'long', n: 'long' });
  const { control: notes } = await deliver(lake, await send(lake, change('WSTRING')));
  expect(notes.at(-1)).toMatchObject({ of: 'one', outcome: 'refused', code: 'TM_3008' });
  expect(notes.at(-1)?.reason).toContain(
    "column n is long in the table and string in the source: declare n: 'long'",
  );
  expect(await columnsOf(lake)).toEqual({ id: 'long', n: 'long' });
});

test('control.rename: refused until the alias is declared, then done', async () => {
  const lake = lakeOf({ ...OPEN, columns: { id: 'bigint', ua: 'text' } });
  const rename = control('rename-column', { column: { 'old-name': 'ua', 'new-name': 'user_agent' } });
  expect(await verdicts(lake, insert(1, { ua: 'x' }), rename)).toEqual(['rename-column refused TM_2396']);
  const declared = reconfigured(lake, {
    tables: {
      one: { ...OPEN, columns: { id: 'bigint', user_agent: 'text' }, aliases: { user_agent: ['ua'] } },
    },
  });
  const { control: notes } = await deliver(declared, await send(declared, rename));
  expect(notes.at(-1)?.outcome).toBe('done');
  expect(await columnsOf(declared)).toEqual({ id: 'long', user_agent: 'string' });
});

test('control.gone: a dropped column is noted, a dropped or renamed table told of; nothing is lost, nothing waits', async () => {
  const lake = lakeOf({ ...OPEN, columns: { id: 'bigint', a: 'int' } });
  const records = await send(
    lake,
    insert(1, { a: 1 }),
    control('drop-column', { column: { name: 'a' } }),
    control('drop-table'),
    control('rename-table'),
    insert(2),
  );
  const taken = await deliver(lake, records);
  expect(taken.control.map(c => c.outcome)).toEqual(['noted', 'refused', 'refused']);
  expect(taken.tables).toMatchObject([{ rows: 2, badRows: 0 }]);
  expect(taken.strays).toBe(0);
  expect(await columnsOf(lake)).toEqual({ id: 'long', a: 'int' });
});

test('control.ofNobody: a table that nobody declared is noted', async () => {
  const other = control('add-column').replace('"one"', '"other"');
  expect(await verdicts(lakeOf(), other)).toEqual(['add-column noted']);
});

test('control.case: a name in another case is the column that rows mean by it', async () => {
  const lake = lakeOf({ ...OPEN, columns: { id: 'bigint', email: 'string' } });
  const create = control('create-table', {
    'table-def': { columns: { ID: { type: 'INT8' }, Email: { type: 'STRING' } } },
  });
  const row = (id: number) => ({ op: 'insert' as const, data: { ID: id, EMAIL: 'x' } });
  const add = control('add-column', { 'column-def': { columns: { EMAIL: { type: 'STRING' } } } });
  const taken = await deliver(lake, await send(lake, create, row(1), add, row(2)));
  expect(taken.control.map(c => c.outcome)).toEqual(['done', 'noted']);
  expect(taken.tables).toMatchObject([{ rows: 2, badRows: 0 }]);
  const again = await deliver(lake, await send(lake, add));
  expect(again.control.at(-1)?.outcome).toBe('noted');
  const widen = control('column-type-change', { column: { name: 'Email', type: 'INT8' } });
  expect((await deliver(lake, await send(lake, widen))).control.at(-1)).toMatchObject({ outcome: 'noted' });
  expect(await columnsOf(lake)).toEqual({ id: 'long', email: 'string' });
});

test('control.caseOfKey: a key that only the config names is the column of its rows', async () => {
  const lake = lakeOf({ key: ['id'] });
  const create = control('create-table', { 'table-def': { columns: { ID: { type: 'INT8' } } } });
  const taken = await deliver(lake, await send(lake, create, { op: 'insert', data: { ID: 1 } }));
  expect(taken.tables).toMatchObject([{ rows: 1, badRows: 0 }]);
  expect(await columnsOf(lake)).toEqual({ id: 'long' });
});
