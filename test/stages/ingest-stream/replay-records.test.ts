import type { TableConfig } from '../../../lib/config/define';
import { eventRecord } from '../../../lib/formats/intake-event';
import { currentSchema } from '../../../lib/iceberg/metadata';
import { listQuarantined } from '../../../lib/ledger/quarantine';
import type { StreamRecord } from '../../../lib/ports/change-stream';
import type { LakePorts } from '../../../lib/ports/lake-ports';
import { ingestRecordFile } from '../../../lib/stages/ingest-stream/ingest-record-file';
import { isOfRecords } from '../../../lib/stages/ingest-stream/record-range';
import { putUnjudgedAside } from '../../../lib/stages/ingest-stream/unjudged';
import { replay } from '../../../lib/stages/replay';
import { logTableOf } from '../../../lib/table/columns';
import { openTable } from '../../../lib/table/open';
import {
  deliver,
  entriesOf,
  logOf,
  reconfigured,
  requestOf,
  rowsOf,
  START,
  STREAM,
  type StreamLake,
  send,
  streamLake,
  TABLE,
} from './streams';

const insert = (id: number, a: unknown = id, table = 'one') =>
  ({ op: 'insert', data: { id, a, b: 'x' }, table }) as const;

/** What Lambda's failure destination kept, as a quarantine record. */
async function giveUp(lake: StreamLake, records: readonly StreamRecord[], id = 'given-up'): Promise<string> {
  const { source, stream } = requestOf(lake, records);
  const fault = { code: 'TM_2324', reason: 'given up' } as const;
  await putUnjudgedAside(lake.ports, { id, source, stream, records, fault });
  return id;
}

const waitingIn = async ({ ports }: StreamLake) =>
  (await listQuarantined(ports.items)).map(({ table, badRows }) => [table, badRows]);

const idsOf = async (lake: StreamLake, table = 'one') =>
  (await logOf(lake, table)).map(row => Number(row.id)).sort((a, b) => a - b);

test('failure.hours: events of more than a day come in whole', async () => {
  const lake = streamLake({
    sources: { source: { kind: 'http' } },
    tables: { one: { mode: 'append', from: 'one', columns: { id: 'bigint' } } },
  });
  const records = Array.from({ length: 60 }, (_, hour): StreamRecord => {
    const receivedAt = START + hour * 3_600_000;
    const data = eventRecord({ id: `e${hour}`, table: 'one', receivedAt, data: `{"id":${hour}}` });
    return { shard: 'a', sequence: String(hour + 1), key: 'k', arrivedAt: receivedAt, data };
  });
  lake.clock.advance(61 * 3_600_000);
  const stream = { ...STREAM, shards: async () => [{ id: 'a', parents: [] }] };
  const fault = { code: 'TM_2324', reason: 'given up' } as const;
  await putUnjudgedAside(lake.ports, { id: 'given-up', source: 'source', stream, records, fault });
  const taken = await replay(lake.ports, lake.lake, 'given-up');
  expect(taken.map(({ rows }) => rows)).toEqual([24, 24, 12]);
  expect(await idsOf(lake)).toEqual(records.map((_, hour) => hour));
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
});

describe('failure.stray', () => {
  const records = (lake: StreamLake) => send(lake, insert(1), insert(2, 2, 'old'), insert(3));

  test('comes into the table that is asked for, after it was found a stray', async () => {
    const lake = streamLake({ tables: { one: TABLE } });
    const id = await giveUp(lake, await records(lake));
    await replay(lake.ports, lake.lake, id);
    expect(await waitingIn(lake)).toEqual([['', 1]]);
    await replay(lake.ports, lake.lake, id, { table: 'one' });
    expect(await idsOf(lake)).toEqual([1, 2, 3]);
    expect(await waitingIn(lake)).toEqual([]);
  });

  test('comes into the table that takes it later, though a batch took in what stands around it', async () => {
    const lake = streamLake({ tables: { one: TABLE } });
    const all = await records(lake);
    // The batch died before it put the stray aside.
    await deliver(
      lake,
      all.filter((_, i) => i !== 1),
    );
    const id = await giveUp(lake, all);
    await replay(lake.ports, lake.lake, id);
    expect(await waitingIn(lake)).toEqual([['', 1]]);
    const later = reconfigured(lake, { tables: { one: { ...TABLE, from: 'old' } } });
    await replay(lake.ports, later.lake, id);
    expect(await idsOf(lake)).toEqual([1, 2, 3]);
    expect(await waitingIn(lake)).toEqual([]);
  });

  test('comes into the table that is asked for at once, and what that table has is not doubled', async () => {
    const lake = streamLake({ tables: { one: TABLE } });
    const all = await records(lake);
    await deliver(
      lake,
      all.filter((_, i) => i !== 1),
    );
    await replay(lake.ports, lake.lake, await giveUp(lake, all), { table: 'one' });
    expect(await idsOf(lake)).toEqual([1, 2, 3]);
    expect(await waitingIn(lake)).toEqual([]);
  });
});

test('failure.control: what the source says of a table is followed before its rows', async () => {
  const lake = streamLake({ tables: { one: { key: ['id'], columns: { id: 'bigint' } } } });
  const metadata = {
    'record-type': 'control',
    operation: 'create-table',
    'schema-name': 's',
    'table-name': 'one',
  };
  const columns = { id: { type: 'INT8' }, a: { type: 'INT8' }, b: { type: 'STRING' } };
  const said = JSON.stringify({ control: { 'table-def': { columns } }, metadata });
  const id = await giveUp(lake, await send(lake, said, insert(1)));
  await replay(lake.ports, lake.lake, id);
  const log = await openTable(lake.ports, logTableOf('one'));
  expect(currentSchema(log!.metadata).fields.find(({ name }) => name === 'a')?.type).toBe('long');
  expect(await idsOf(lake)).toEqual([1]);
  expect(await waitingIn(lake)).toEqual([]);
});

test('copy.gone: nothing counts as dealt with, and the quarantine record stays', async () => {
  const lake = streamLake();
  await deliver(lake, await send(lake, insert(1, 'bad')));
  const [waiting] = await listQuarantined(lake.ports.items);
  const get = async (key: string) => (key === waiting!.copy ? undefined : lake.ports.store.get(key));
  const ports: LakePorts = { ...lake.ports, store: { ...lake.ports.store, get } };
  await expect(replay(ports, lake.lake, waiting!.id)).rejects.toMatchObject({ code: 'TM_2328' });
  expect(await waitingIn(lake)).toEqual([['one', 1]]);
});

describe('changed.config', () => {
  const append = (a: 'int' | 'string') =>
    ({ mode: 'append', from: 'src', columns: { id: 'bigint', a, k: 'string' } }) as const;
  const two = append('string');

  test('a record of a file is not given again to a table that had it', async () => {
    const lake = streamLake({ sources: {}, tables: { one: { ...append('int'), where: { k: 'p' } }, two } });
    await lake.landing.put('f', Buffer.from('{"id":1,"a":"bad","k":"p"}\n{"id":2,"a":"2","k":"p"}\n'));
    const file = { landing: lake.landing, key: 'f', object: 'f', source: 'src', format: 'json' } as const;
    await ingestRecordFile(lake.ports, lake.lake, file);
    const [waiting] = await listQuarantined(lake.ports.items);
    const alone = reconfigured(lake, { sources: {}, tables: { two } });
    for (const asked of [{}, { table: 'two' }]) {
      expect(await replay(lake.ports, alone.lake, waiting!.id, asked)).toMatchObject([
        { outcome: 'quarantined' },
      ]);
      expect(await idsOf(alone, 'two')).toEqual([1, 2]);
    }
    // It is lost to nobody: the table that it waits for may come back, and a third never had it.
    const back = reconfigured(lake, { sources: {}, tables: { two, three: { ...two, where: { k: 'p' } } } });
    expect(await replay(lake.ports, back.lake, waiting!.id)).toMatchObject([{ table: 'three', rows: 1 }]);
    expect(await waitingIn(lake)).toEqual([]);
    const sources = (await Promise.all(['two', 'three'].map(name => entriesOf(lake, name)))).flat();
    expect(sources.map(({ source }) => isOfRecords(source))).toEqual([true, true]);
  });

  test('a record that waits for two tables is given once to a third, when both are gone', async () => {
    const z: TableConfig = { ...TABLE, from: 'z' };
    const lake = streamLake({ tables: { one: TABLE } });
    await deliver(lake, await send(lake, insert(1, 1, 'z')));
    const [waiting] = await listQuarantined(lake.ports.items);
    const keyless = { two: { ...z, key: [], where: { b: 'x' } }, three: { ...z, key: [] } };
    await replay(lake.ports, reconfigured(lake, { tables: keyless }).lake, waiting!.id);
    expect(await waitingIn(lake)).toEqual([['', 2]]);
    await replay(lake.ports, reconfigured(lake, { tables: { one: z } }).lake, waiting!.id);
    expect(await idsOf(lake)).toEqual([1]);
    expect(await waitingIn(lake)).toEqual([]);
  });

  test('a record of a stream is given to a table that never had it, whatever stands around it', async () => {
    const y = { ...TABLE, from: 'y' };
    const lake = streamLake({ tables: { one: { ...TABLE, from: 'x' }, two: y } });
    await deliver(lake, await send(lake, insert(1, 1, 'y'), insert(2, 'bad', 'x'), insert(3, 3, 'y')));
    const [waiting] = await listQuarantined(lake.ports.items);
    const still = reconfigured(lake, { tables: { two: { ...TABLE, from: 'x' } } });
    expect(await replay(lake.ports, still.lake, waiting!.id)).toMatchObject([{ outcome: 'quarantined' }]);
    expect(await waitingIn(lake)).toEqual([['one', 1]]);
    const wide: TableConfig = { ...TABLE, columns: { id: 'bigint', b: 'string' }, omit: ['a'], from: 'x' };
    const other = reconfigured(lake, { tables: { two: y, three: wide } });
    expect(await replay(lake.ports, other.lake, waiting!.id)).toMatchObject([{ table: 'three', rows: 1 }]);
    expect(await idsOf(other, 'three')).toEqual([2]);
    expect(await rowsOf(other, 'two')).toEqual(['1 1 x', '3 3 x']);
  });
});

test('replay.unfit: what does not fit the table that is asked for goes on waiting, and says why', async () => {
  const two: TableConfig = { mode: 'append', columns: { id: 'bigint', a: 'string' }, where: { b: 'y' } };
  const lake = streamLake({ tables: { one: TABLE, two } });
  await deliver(lake, await send(lake, insert(1, 'bad'), insert(2)));
  expect(await idsOf(lake)).toEqual([2]);
  const [waiting] = await listQuarantined(lake.ports.items);
  const answers = await replay(lake.ports, lake.lake, waiting!.id, { table: 'two' });
  expect(answers).toMatchObject([{ outcome: 'quarantined' }]);
  expect(await waitingIn(lake)).toEqual([['one', 1]]);
  expect((await listQuarantined(lake.ports.items))[0]).toMatchObject({ rows: [{ code: 'TM_2329' }] });
  const wide: TableConfig = { ...two, where: { b: 'x' } };
  const mended = reconfigured(lake, { tables: { one: TABLE, two: wide } });
  expect(await replay(lake.ports, mended.lake, waiting!.id, { table: 'two' })).toMatchObject([{ rows: 1 }]);
  expect(await waitingIn(lake)).toEqual([]);
  expect(await idsOf(mended, 'two')).toEqual([1]);
});
