import { createHash } from 'node:crypto';
import type { ResolvedLake } from '../../config/resolved';
import { TidemarkError } from '../../errors';
import type { SourceFile } from '../../formats/format';
import { LINE_BYTES_MAX, type Portion, recordLines } from '../../formats/record-lines';
import { eachQuarantined, type QuarantinedRow } from '../../ledger/quarantine';
import { noteStep } from '../../ledger/received';
import { beginRecordFile, endRecordFile, streamOfFiles } from '../../ledger/record-files';
import { streamId } from '../../ledger/streams';
import type { LakePorts } from '../../ports/lake-ports';
import type { ObjectStore } from '../../ports/object-store';
import { noSuchFile } from '../ingest/errors';
import type { Ingested } from '../ingest/request';
import { holdsRecords } from './aside';
import { lineTooLong } from './errors';
import type { ControlTaken } from './follow-control';
import { ingestRecords } from './ingest-records';
import { fileIdentity } from './record-range';
import type { RecordsOfFile, RecordsTaken, TableTaken } from './request';
import { routingOf } from './route';

/** A file that holds a record of a stream a line. */
export interface RecordFileRequest extends RecordsOfFile {
  readonly landing: ObjectStore;
  readonly key: string;
  /** Whose stream its records are of; plain JSON goes to the table that is from it. It need not be declared. */
  readonly source: string;
  /** Takes in a file once more that was taken in to its end before. */
  readonly again?: boolean;
  /** What is held of it at once: each portion is a batch, and a delta for each of its tables. Default: PORTION. */
  readonly portion?: Portion;
}

/** What became of a file of records. */
export interface RecordFileTaken {
  /** One for each table with records in it, and one without a table for those that are no table's. */
  readonly tables: readonly Ingested[];
  readonly control: readonly ControlTaken[];
}

const PORTION = { lines: 10_000, bytes: 16 * 1024 * 1024 };

/**
 * Takes in a file of records as a shard of its source's local stream, batch after batch. Its bytes are what it is known
 * by, whatever its name, and the table that is to have them all: what was taken in before is `seen`. All its records arrived when the file was first seen, so
 * that one that a crash cut short goes on where it stopped, at the places that its records had.
 * @throws TM_2301 without the file, TM_2105, TM_2106 and TM_2390 for one that cannot be read to its end: nothing of it
 * was taken in; TidemarkError for faults of the lake: what comes again goes on
 */
export async function ingestRecordFile(
  ports: LakePorts,
  lake: ResolvedLake,
  request: RecordFileRequest,
): Promise<RecordFileTaken> {
  routingOf(lake, { source: request.source, file: request });
  const read = await readThrough(request);
  if (!read) return { tables: [{ object: request.object, outcome: 'empty' }], control: [] };
  const { object, format, table, again = false } = request;
  const stream = streamOfFiles(request.source);
  const begun = await beginRecordFile(ports.items, stream, read.content, { now: ports.clock.now(), again });
  const { shard, arrivedAt, done } = begun.file;
  const taken = new Taken(object, shard);
  if (done) return taken.seen(done);
  const batches = {
    source: request.source,
    stream: { ...stream, shards: 'numbered' as const },
    shard,
    file: { object, format, ...(table === undefined ? {} : { table }) },
  };
  for await (const lines of recordLines(read.file, request.portion ?? PORTION)) {
    if ('tooLong' in lines) throw lineTooLong(lines.tooLong, LINE_BYTES_MAX, object);
    const records = lines.map(({ line, data }) => ({
      ...{ shard, sequence: String(line), key: '', data, arrivedAt },
    }));
    for (let tries = 1, more = true; more; tries++) {
      const batch = await ingestRecords(ports, lake, { ...batches, records });
      // Its cursors stand before what was not done: the same file again goes on there.
      if (batch.failed.length > 0) throw batch.failed[0]!.error;
      taken.add(tries === 1 ? batch : { ...batch, strays: 0, control: [] });
      // More waited for a schema than one batch takes in.
      more = batch.retryFrom !== undefined;
    }
  }
  const ingested = await taken.result(ports, streamId(stream));
  await noteWays(ports, ingested.tables);
  await endRecordFile(ports.items, begun, taken.names());
  return ingested;
}

/**
 * Reads the file to its end, before anything of it counts: what its bytes are known by, and whether all can be read.
 * Undefined for one without content.
 */
async function readThrough({
  landing,
  key,
  object,
  table,
}: Pick<RecordFileRequest, 'landing' | 'key' | 'object' | 'table'>): Promise<
  { file: SourceFile; content: string } | undefined
> {
  const info = await landing.head(key);
  if (!info) throw noSuchFile(object);
  const hash = createHash('sha256');
  const name = object.slice(object.lastIndexOf('/') + 1);
  const file = {
    ...{ name, size: info.size },
    stream: () => landing.stream(key, info.etag),
    range: (start: number, end: number) => landing.range(key, start, end),
  };
  const hashed = async function* () {
    for await (const piece of file.stream()) {
      hash.update(piece);
      yield piece;
    }
  };
  try {
    for await (const lines of recordLines({ ...file, stream: hashed }, PORTION)) {
      if ('tooLong' in lines) throw lineTooLong(lines.tooLong, LINE_BYTES_MAX, object);
    }
  } catch (error) {
    if (error instanceof TidemarkError && error.code === 'TM_2108') return undefined;
    throw error;
  }
  const bytes = hash.digest('hex').slice(0, 32);
  // For another table they are another file's.
  return { file, content: table === undefined ? bytes : fileIdentity(bytes, table) };
}

/** What came of the batches together. */
class Taken {
  private readonly tables = new Map<string, TableTaken>();
  private readonly control: ControlTaken[] = [];
  private strays = 0;

  constructor(
    private readonly object: string,
    private readonly shard: string,
  ) {}

  add({ tables, strays, control }: RecordsTaken): void {
    for (const one of tables) this.tables.set(one.table, together(this.tables.get(one.table), one));
    this.strays += strays;
    this.control.push(...control);
  }

  names(): string[] {
    return [...this.tables.keys()];
  }

  seen(tables: readonly string[]): RecordFileTaken {
    const outcome = 'seen' as const;
    if (tables.length === 0) return { tables: [{ object: this.object, outcome }], control: [] };
    return { tables: tables.map(table => ({ ...this.about(table), outcome, rows: 0 })), control: [] };
  }

  async result(ports: LakePorts, stream: string): Promise<RecordFileTaken> {
    const waiting = await this.waiting(ports, stream);
    const tables = [...this.tables.values()].map(
      ({ table, outcome, first, count, rows, badRows, leftOut, repeated }): Ingested => {
        const error = waiting.get(table);
        const numbered = first === undefined ? {} : { first };
        return {
          ...{ ...this.about(table), outcome, ...numbered, count, rows, badRows },
          ...(leftOut ? { leftOut } : {}),
          ...(repeated ? { repeated } : {}),
          ...(error && badRows > 0 ? { error } : {}),
        };
      },
    );
    const error = waiting.get('');
    if (this.strays > 0 && error) {
      const outcome = 'quarantined';
      tables.push({ object: this.object, outcome, rows: 0, badRows: this.strays, error });
    }
    if (tables.length === 0) tables.push({ object: this.object, outcome: 'empty' });
    return { tables, control: this.control };
  }

  private about(table: string) {
    return { object: this.object, table, identity: fileIdentity(this.shard, table) };
  }

  /** The first reason for which records of each table wait. */
  private async waiting(
    ports: LakePorts,
    stream: string,
  ): Promise<Map<string, NonNullable<Ingested['error']>>> {
    const reasons = new Map<string, NonNullable<Ingested['error']>>();
    if (this.strays === 0 && [...this.tables.values()].every(({ badRows }) => badRows === 0)) return reasons;
    for await (const record of eachQuarantined(ports.items)) {
      if (!holdsRecords(record) || streamId(record.records.stream) !== stream) continue;
      const [row] = record.rows;
      if (row && record.object === this.object && !reasons.has(record.table))
        reasons.set(record.table, errorOf(row, this.object));
    }
    return reasons;
  }
}

function errorOf({ code, reason, line }: QuarantinedRow, object: string): NonNullable<Ingested['error']> {
  const show = `see tidemark quarantine show ${object.slice(object.lastIndexOf('/') + 1)}`;
  const message = `[${code}] ${reason} · ${object}, line ${line} · ${show}`;
  return { code, reason: `line ${line}: ${reason}`, message };
}

function together(before: TableTaken | undefined, one: TableTaken): TableTaken {
  if (!before) return one;
  const rows = before.rows + one.rows;
  const badRows = before.badRows + one.badRows;
  const first = before.first ?? one.first;
  const seen = before.outcome === 'seen' && one.outcome === 'seen';
  const part = badRows === 0 ? 'taken-in' : rows > 0 ? 'rows-quarantined' : 'quarantined';
  return {
    ...{ table: one.table, outcome: seen ? 'seen' : part, count: before.count + one.count, rows, badRows },
    ...(first === undefined ? {} : { first }),
    leftOut: (before.leftOut ?? 0) + (one.leftOut ?? 0),
    repeated: (before.repeated ?? 0) + (one.repeated ?? 0),
  };
}

/** Notes the file's way to each table, for trace. */
async function noteWays({ items, clock }: LakePorts, tables: readonly Ingested[]): Promise<void> {
  for (const { object, table, identity, first, count } of tables) {
    if (identity === undefined || table === undefined) continue;
    const step = first === undefined ? { what: 'received' as const } : { what: 'taken-in' as const, first };
    const counted = first === undefined ? {} : { count: count ?? 0 };
    await noteStep(items, { identity, object, table }, { at: clock.now(), ...step, ...counted });
  }
}
