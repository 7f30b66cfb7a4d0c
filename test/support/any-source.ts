import { memoryStream } from '../../lib/adapters/memory/change-stream';
import { type FixedClock, fixedClock } from '../../lib/adapters/memory/clock';
import { columnFromScalars } from '../../lib/columnar/kernels';
import type { LakeConfig } from '../../lib/config/define';
import { encodeRowGroup } from '../../lib/parquet/wasm';
import { ingestRecords } from '../../lib/stages/ingest-stream/ingest-records';
import type { RecordsTaken } from '../../lib/stages/ingest-stream/request';
import { logTableOf } from '../../lib/table/columns';
import { mergeAll, type Row, readRows, type TestLake, take, testLake } from './lake';

/** A row as its source writes it: names of the source's own; undefined: the row has no such member. */
export type SourceRow = Readonly<Record<string, string | null | undefined>>;

/** A lake that takes the same rows from files and from a stream of plain events, `events`. */
export interface AnyLake extends TestLake {
  readonly clock: FixedClock;
  readonly stream: ReturnType<typeof memoryStream>;
}

export const START = Date.UTC(2026, 0, 1);

export function anyLake(tables: LakeConfig['tables'], config: Partial<LakeConfig> = {}): AnyLake {
  const clock = fixedClock(START);
  const sources: LakeConfig['sources'] = { events: { kind: 'kinesis', format: 'json' } };
  return { ...testLake({ name: 'any', tables, sources, ...config }), clock, stream: memoryStream(clock) };
}

export const WAYS = ['csv', 'json-lines', 'parquet', 'stream'] as const;
export type Way = (typeof WAYS)[number];

/** The rows, written one way and taken in by a table. */
export async function takeRows(
  lake: AnyLake,
  table: string,
  way: Way,
  rows: readonly SourceRow[],
): Promise<void> {
  if (way === 'stream') await deliver(lake, rows.map(jsonOf));
  else {
    const [name, bytes] = fileOf(way, rows);
    const taken = await take(lake, `${name}`, bytes, { table });
    expect(taken.error).toBeUndefined();
  }
}

/** Puts records on the stream, and gives all it holds to ingest. */
export async function deliver(lake: AnyLake, texts: readonly string[]): Promise<RecordsTaken> {
  for (const text of texts) {
    lake.clock.advance(1);
    await lake.stream.put([{ key: 'k', data: Buffer.from(text) }]);
  }
  const [first] = await lake.stream.shards();
  const records = await lake.stream.read(first!.id, undefined, 10_000);
  const stream = { name: 'events', createdAt: START, shards: lake.stream.shards };
  return ingestRecords(lake.ports, lake.lake, { source: 'events', stream, shard: first!.id, records });
}

export const jsonOf = (row: SourceRow) => JSON.stringify(row);

export function fileOf(way: Exclude<Way, 'stream'>, rows: readonly SourceRow[]): [string, Uint8Array] {
  const names = [...new Set(rows.flatMap(row => Object.keys(row)))];
  if (way === 'json-lines') return ['rows.jsonl', Buffer.from(`${rows.map(jsonOf).join('\n')}\n`)];
  if (way === 'csv') {
    const quoted = (text: string | null | undefined) =>
      text == null ? '' : `"${text.replaceAll('"', '""')}"`;
    const lines = [names.join(','), ...rows.map(row => names.map(name => quoted(row[name])).join(','))];
    return ['rows.csv', Buffer.from(`${lines.join('\n')}\n`)];
  }
  const batch = {
    length: rows.length,
    fields: names.map((name, i) => ({ id: i + 1, name, type: 'string' as const, required: false })),
    columns: names.map(name =>
      columnFromScalars(
        'string',
        rows.map(row => row[name] ?? null),
      ),
    ),
  };
  return ['rows.parquet', encodeRowGroup(batch)];
}

/** The log's rows after a merge, and the table's. */
export async function rowsOf(lake: AnyLake, table: string): Promise<{ log: Row[]; current: Row[] }> {
  await mergeAll(lake, table);
  return { log: await readRows(lake.ports, logTableOf(table)), current: await readRows(lake.ports, table) };
}

/** Some columns of rows, in an order of their own, to be compared. */
export const shown = (rows: readonly Row[], names: readonly string[]) =>
  rows.map(row => names.map(name => String(row[name])).join('|')).sort();
