import { TidemarkError } from '../../lib/errors';
import { pauseTable } from '../../lib/ledger/paused';
import { ingestRecordFile } from '../../lib/stages/ingest-stream/ingest-record-file';
import { ingestRecords } from '../../lib/stages/ingest-stream/ingest-records';
import { type SourceStream, sourceStatus } from '../../lib/stages/source-status';
import { mergeAll, readRows } from '../support/lake';
import {
  deliver,
  requestOf,
  START,
  STREAM,
  type StreamLake,
  send,
  streamLake,
  TABLE,
} from './ingest-stream/streams';

const insert = (id: number, a: unknown = id, table = 'one') =>
  ({ op: 'insert', data: { id, a, b: 'x' }, table }) as const;
const CONTROL = JSON.stringify({
  control: {},
  metadata: { 'record-type': 'control', operation: 'create-table', 'schema-name': 's', 'table-name': 'one' },
});

/** The lake's one stream, as it is asked; the time is its clock's. */
function statusOf(lake: StreamLake) {
  const watched: SourceStream = {
    source: 'source',
    open: async () => ({ stream: STREAM, watched: lake.stream }),
  };
  return sourceStatus({ ...lake.ports, clock: lake.clock }, lake.lake, [watched]);
}
const streamStatus = async (lake: StreamLake) => (await statusOf(lake)).find(({ kind }) => kind === 'stream');

test('lag.stream: how long the oldest record that is not in has waited, and when the newest that is in arrived', async () => {
  const lake = streamLake();
  expect(await streamStatus(lake)).toEqual({
    source: 'source',
    kind: 'stream',
    paused: [],
    quarantined: 0,
    lagMs: 0,
  });
  const records = await send(lake, insert(1), insert(2, 2, 'two'), insert(3));
  lake.clock.advance(60_000);
  expect(await streamStatus(lake)).toMatchObject({ lagMs: 60_002 });
  await deliver(lake, records.slice(0, 2));
  expect(await streamStatus(lake)).toMatchObject({ lagMs: 60_000, lastAt: START + 2 });
  await deliver(lake, records);
  expect(await streamStatus(lake)).toMatchObject({ lagMs: 0, lastAt: START + 3 });
});

test('lag.nobody’s: what is put aside is dealt with, and what changes no row is no lag', async () => {
  const lake = streamLake();
  await deliver(lake, await send(lake, insert(1), insert(2, 'many'), 'no json', 'no json'));
  await send(lake, CONTROL);
  lake.clock.advance(60_000);
  expect(await streamStatus(lake)).toMatchObject({ lagMs: 0, quarantined: 3 });
});

test('lag.shards: a closed shard that was not read to its end counts, one that was does not', async () => {
  const lake = streamLake();
  const records = await send(lake, insert(1), insert(2));
  const [parent] = await lake.stream.shards();
  lake.stream.split(parent!.id);
  await send(lake, insert(3));
  lake.clock.advance(5_000);
  await deliver(lake, records.slice(0, 1));
  expect(await streamStatus(lake)).toMatchObject({ lagMs: 5_001 });
  await deliver(lake, records);
  expect(await streamStatus(lake)).toMatchObject({ lagMs: 5_000 });
  for (const { id } of (await lake.stream.shards()).slice(1)) {
    const own = await lake.stream.read(id, undefined, 10);
    if (own.length > 0) await ingestRecords(lake.ports, lake.lake, requestOf(lake, own));
  }
  expect(await streamStatus(lake)).toMatchObject({ lagMs: 0 });
});

test('lag.denied: who may not read a stream is told of it, and of the rest', async () => {
  const lake = streamLake();
  const fault = new TidemarkError('TM_5201', 'no right', 'stream s', 'ask for it');
  const open = async (): Promise<never> => {
    throw fault;
  };
  expect(await sourceStatus(lake.ports, lake.lake, [{ source: 'source', open }])).toEqual([
    { source: 'files', kind: 'files', paused: [], quarantined: 0 },
    { source: 'source', kind: 'stream', paused: [], quarantined: 0, fault },
  ]);
});

test('lag.paused: a paused table takes a stream’s records in, and merges none of them', async () => {
  const lake = streamLake();
  await deliver(lake, await send(lake, insert(1)));
  await mergeAll(lake, 'one');
  await pauseTable(lake.ports.items, 'one', START);
  const taken = await deliver(lake, await send(lake, insert(2), insert(3, 3, 'two')));
  expect(taken.tables.map(({ outcome }) => outcome)).toEqual(['taken-in', 'taken-in']);
  expect(await streamStatus(lake)).toMatchObject({ paused: ['one'], lagMs: 0 });
  await mergeAll(lake, 'one');
  expect(await readRows(lake.ports, 'one')).toHaveLength(1);
});

test('sources.files of records stand by their source, apart from files of rows', async () => {
  const lake = streamLake({ tables: { one: TABLE } });
  await lake.ports.store.put('in.jsonl', Buffer.from('{"id":1}\n{"id":"x"}\n'));
  const file = { landing: lake.ports.store, key: 'in.jsonl', object: 'in.jsonl', format: 'json' } as const;
  const clock = { ...lake.ports.clock, now: () => START + 9 };
  await ingestRecordFile({ ...lake.ports, clock }, lake.lake, { ...file, source: 'web', table: 'one' });
  expect(await sourceStatus(lake.ports, lake.lake)).toEqual([
    { source: 'files', kind: 'files', paused: [], quarantined: 0 },
    { source: 'web', kind: 'records', lastAt: START + 9, paused: [], quarantined: 1 },
  ]);
});

test('sources.intake: what came over HTTP into a lake in a folder, in any run of it', async () => {
  const lake = streamLake({ tables: { one: TABLE }, sources: { source: { kind: 'http' } } });
  const event = (id: string, now: number) =>
    JSON.stringify({
      tidemark: 'event',
      id,
      table: 'one',
      received_at: new Date(now).toISOString(),
      data: { id: 1 },
    });
  for (const [i, id] of [
    '0e37df36-f698-11e6-8dd4-cb9ced3df976',
    '1e37df36-f698-11e6-8dd4-cb9ced3df976',
  ].entries()) {
    const records = await send(lake, event(id, START + i));
    const request = requestOf(lake, records.slice(-1));
    await ingestRecords(lake.ports, lake.lake, {
      ...request,
      stream: { ...request.stream, name: 'source', createdAt: START + i },
    });
  }
  const [, intake] = await sourceStatus(lake.ports, lake.lake);
  expect(intake).toEqual({ source: 'source', kind: 'stream', lastAt: START + 2, paused: [], quarantined: 0 });
});
