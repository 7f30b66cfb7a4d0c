import { memoryStream } from '../../../lib/adapters/memory/change-stream';
import { type FixedClock, fixedClock } from '../../../lib/adapters/memory/clock';
import type { LakeConfig, TableConfig } from '../../../lib/config/define';
import { type Entry, entriesAfter } from '../../../lib/ledger/entries';
import type { StreamRecord } from '../../../lib/ports/change-stream';
import type { LakePorts } from '../../../lib/ports/lake-ports';
import { ingestRecords } from '../../../lib/stages/ingest-stream/ingest-records';
import type { RecordsRequest, RecordsTaken } from '../../../lib/stages/ingest-stream/request';
import { logTableOf } from '../../../lib/table/columns';
import { mergeAll, type Row, readRows, type TestLake, testLake } from '../../support/lake';

/** When the streams of these tests began; later records arrive milliseconds after. */
export const START = Date.UTC(2026, 0, 1);

/** A lake with two tables from one DMS stream, and one table of plain events. */
export interface StreamLake extends TestLake {
  readonly clock: FixedClock;
  readonly stream: ReturnType<typeof memoryStream>;
}

export const TABLE: TableConfig = {
  key: ['id'],
  columns: { id: 'bigint', a: 'int', b: 'string' },
};

export function streamLake(config: Partial<LakeConfig> = {}, format: 'dms' | 'json' = 'dms'): StreamLake {
  const clock = fixedClock(START);
  const tables: LakeConfig['tables'] =
    format === 'dms' ? { one: TABLE, two: TABLE } : { one: { ...TABLE, from: 'source' } };
  const lake = testLake({
    name: 'streams',
    tables,
    sources: { source: { kind: 'kinesis', format } },
    ...config,
  });
  return { ...lake, clock, stream: memoryStream(clock) };
}

/** The same lake under another config. */
export function reconfigured<L extends TestLake>(lake: L, config: Partial<LakeConfig>): L {
  return { ...lake, lake: streamLake(config).lake };
}

export interface DmsChange {
  readonly op: 'load' | 'insert' | 'update' | 'delete';
  readonly data?: object;
  readonly before?: object;
  readonly table?: string;
  readonly seq?: string;
}

export function dms({ op, data = {}, before, table = 'one', seq }: DmsChange): Uint8Array {
  return Buffer.from(
    JSON.stringify({
      data: { ...data, ...(seq === undefined ? {} : { AR_H_CHANGE_SEQ: seq }) },
      ...(before ? { 'before-image': before } : {}),
      metadata: { 'record-type': 'data', operation: op, 'schema-name': 's', 'table-name': table },
    }),
  );
}

/** Puts records, one a millisecond later than the one before; answers all that the stream's first shard holds. */
export async function send(lake: StreamLake, ...records: (DmsChange | Uint8Array | string)[]) {
  for (const record of records) {
    lake.clock.advance(1);
    const bytes = typeof record === 'string' ? Buffer.from(record) : record;
    const data = bytes instanceof Uint8Array ? bytes : dms(bytes);
    await lake.stream.put([{ key: 'k', data }]);
  }
  return allOf(lake);
}

export async function allOf({ stream }: StreamLake): Promise<StreamRecord[]> {
  const [first] = await stream.shards();
  return [...(await stream.read(first!.id, undefined, 10_000))];
}

export const STREAM = { name: 'changes', createdAt: START };

export function requestOf(lake: StreamLake, records: readonly StreamRecord[]): RecordsRequest {
  const shard = records[0]?.shard ?? 'shardId-000000000000';
  return { source: 'source', stream: { ...STREAM, shards: lake.stream.shards }, shard, records };
}

export function deliver(
  lake: StreamLake,
  records: readonly StreamRecord[],
  ports: LakePorts = lake.ports,
): Promise<RecordsTaken> {
  return ingestRecords(ports, lake.lake, requestOf(lake, records));
}

export async function entriesOf(lake: TestLake, table = 'one'): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of entriesAfter(lake.ports.items, table, 0)) entries.push(entry);
  return entries;
}

/** The log's rows after a merge, in the order of entries. */
export async function logOf(lake: TestLake, table = 'one'): Promise<Row[]> {
  await mergeAll(lake, table);
  return readRows(lake.ports, logTableOf(table));
}

/** `id a b` of each row of the merged table. */
export async function rowsOf(lake: TestLake, table = 'one'): Promise<string[]> {
  await mergeAll(lake, table);
  const rows = await readRows(lake.ports, table);
  return rows.map(r => `${r.id} ${r.a} ${r.b}`).sort();
}
