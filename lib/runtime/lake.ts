import type { ResolvedLake, ResolvedReport, ResolvedTable } from '../config/resolved';
import type { StreamFormat } from '../formats/stream-formats';
import type { Quarantined } from '../ledger/quarantine';
import type { LakePorts } from '../ports/lake-ports';
import type { Rows } from '../ports/query-engine';
import type { TableDiff } from '../query/diff';
import type { LakeQuery } from '../query/open';
import type { Compacted } from '../stages/compact/compact';
import type { Ingested, IngestRequest } from '../stages/ingest/request';
import type { RecordFileTaken } from '../stages/ingest-stream/ingest-record-file';
import type { Rebuilt } from '../stages/rebuild';
import type { ReportCheck } from '../stages/report';
import type { AppliedSchema, ApplyOptions } from '../stages/schema/apply';
import type { SchemaChange } from '../stages/schema/change';
import type { ShownColumn } from '../stages/schema/show';
import type { SourceStatus } from '../stages/source-status';
import type { LakeStatus } from '../stages/status';
import type { Tag } from '../stages/tags';
import type { Trace } from '../stages/trace';
import type { Touch } from '../stages/trace-key';
import type { Vacuumed } from '../stages/vacuum/vacuum';
import type { Loads } from './load';

/** How a file is to be taken in. */
export type FileOptions = Pick<IngestRequest, 'date' | 'table'> & {
  readonly dryRun?: boolean;
  /** Takes in a plain file once more that was taken in before. */
  readonly again?: boolean;
  /** Told of the bytes as they are read; a file is read twice, for its checksum and for its rows. */
  readonly onRead?: (bytes: number) => void;
  /** false: where functions of the lake take it in, they are not waited for. Default: true. */
  readonly wait?: boolean;
};

/** How a file of records is to be taken in: with a format, or as the records of a source that is declared. */
export type RecordFileOptions = Pick<FileOptions, 'table' | 'again' | 'onRead'> & {
  readonly format?: StreamFormat;
  readonly source?: string;
};

/** What became of a file. sent: the lake's functions have it, and nobody waited for them. */
export type Arrival = Omit<Ingested, 'outcome'> & { readonly outcome: Ingested['outcome'] | 'sent' };

/**
 * What the merges of one table came to. Where the lake's functions did them, what they changed and wrote is not known
 * here, only how the table stands after it.
 */
export interface Tally {
  readonly table: string;
  readonly merges: number;
  readonly entries: number;
  readonly through: number;
  readonly rows: {
    readonly new?: number;
    /** Written anew in place of one that stood, whether or not a value differs. */
    readonly changed?: number;
    readonly deleted?: number;
    readonly total: number;
  };
  readonly bytes: { readonly written?: number; readonly total: number };
}

/** What merges came to that were done here. */
export interface OwnTally extends Tally {
  readonly rows: Required<Tally['rows']>;
  readonly bytes: Required<Tally['bytes']>;
}

/** A date of a report as it was built. started: a query builds it, and nobody waited. */
export type Built = BuiltReport | { readonly outcome: 'started' };

export interface BuiltReport {
  readonly outcome: 'built';
  readonly rows: number;
  readonly bytes: number;
  /** Whether the date stood before. */
  readonly replaced: boolean;
}

export type QueueName = 'ingest' | 'merge' | 'report';

/** A message, or a batch of a stream, that a function of the lake failed at each time it came. */
export interface DeadLetter {
  readonly id: string;
  readonly queue: QueueName | 'stream';
  /** What it asks to look at: an object of the landing, a table, a report's date. */
  readonly about: string;
  readonly table?: string;
  /** When it was first sent, milliseconds since 1970. */
  readonly at: number;
}

export interface WaitOptions {
  /** false: what the lake's functions do is not waited for. Default: true. */
  readonly wait?: boolean;
}

export interface MergeOptions extends WaitOptions {
  /** The entry that was just taken in: the merge that has it may have happened by itself meanwhile. */
  readonly after?: number;
}

/** What the tables' columns are, against what the config declares. */
export interface LakeSchema {
  show(table: ResolvedTable): Promise<ShownColumn[]>;
  diff(table: ResolvedTable): Promise<SchemaChange[]>;
  /** @throws TM_3099 */
  apply(table: ResolvedTable, options?: ApplyOptions): Promise<AppliedSchema>;
}

/** Names of snapshots. */
export interface LakeTags {
  /** @param point as `query` takes it. Default: the newest snapshot */
  add(table: string, name: string, point?: string): Promise<Tag>;
  drop(table: string, name: string): Promise<boolean>;
  list(): Promise<Tag[]>;
}

/** A lake, wherever it stands: each of its methods is what a command does. */
export interface Lake {
  readonly config: ResolvedLake;
  readonly configFile: string;
  /** The lake's own folder, where it stands in one: nothing in there is to be taken in. */
  readonly folder?: string;
  readonly ports: LakePorts;
  /**
   * Names what stands below an address of the landing (`s3://bucket/prefix`) as paths for `ingest`, and has the lake
   * begin with it. @throws TM_7010 for an address that is not the landing's
   */
  announce(address: string): Promise<string[]>;
  ingest(path: string, options?: FileOptions): Promise<Arrival>;
  /**
   * Takes in a file of records, one a line, as a stream brings them; bytes that no file holds are kept in one while they
   * are read. @throws TM_2321 without a format for a source that is no stream of the config, TM_2302, TM_2390
   */
  ingestRecords(from: string | AsyncIterable<unknown>, options: RecordFileOptions): Promise<RecordFileTaken>;
  /** Sees to it that what waits is merged; undefined when nothing waits, or the table is paused. */
  merge(table: ResolvedTable, options?: MergeOptions): Promise<Tally | undefined>;
  /** From here on what is taken in waits. False: it was paused before. */
  pause(table: ResolvedTable): Promise<boolean>;
  /** Ends a pause. False: there was none. */
  resume(table: ResolvedTable): Promise<boolean>;
  status(): Promise<LakeStatus>;
  /** Where changes come from, and how far behind each is. Of a deployed lake it asks the streams, a few calls a shard. */
  sources(): Promise<SourceStatus[]>;
  /** A file's way, by the last parts of its name. */
  trace(name: string): Promise<Trace[]>;
  quarantined(): Promise<Quarantined[]>;
  /** Messages that wait for a person; none where there are no queues. */
  deadLetters(): Promise<DeadLetter[]>;
  /** Takes in again what waits under a quarantine id or a file's name. @throws TM_2306, TM_2308 */
  replay(which: string, asked?: Pick<IngestRequest, 'date' | 'table'>): Promise<Ingested[]>;
  /** Sends a dead letter to its function once more; a stream's batch is taken in here, and this says what it became. */
  resend(letter: DeadLetter): Promise<Ingested[]>;
  /** Folds the log again into new files; undefined when there is no log. */
  rebuild(table: ResolvedTable): Promise<Rebuilt | undefined>;
  /** Joins some small files of the table or its log in one commit; undefined when nothing is worth it. */
  compactNext(table: ResolvedTable): Promise<Compacted | undefined>;
  readonly schema: LakeSchema;
  readonly tags: LakeTags;
  vacuum(): Promise<Vacuumed>;
  /** Loads of copies of whole tables. @throws TM_7020 where the lake was deployed without them */
  loads(): Promise<Loads>;
  /** Builds one date of a report, `YYYY-MM-DD`. */
  report(report: ResolvedReport, date: string, options?: WaitOptions): Promise<Built>;
  /** What it would give, found without running it. */
  checkReport(report: ResolvedReport, date: string): Promise<ReportCheck>;
  /** The date of this moment in the lake's timezone. */
  today(): string;
  /** SQL over the lake; with `asOf` (a snapshot id, a date, a time, `5 minutes ago`) as readers saw it then. */
  query(asOf?: string): Promise<LakeQuery>;
  /** Every state of one row; the key's values as text, in the key's order. */
  history(table: string, key: readonly string[]): Promise<Rows>;
  /** Every file that touched one row. */
  traceKey(table: ResolvedTable, key: readonly string[]): Promise<Touch[]>;
  /** What changed in a table since a point in time, as `query` reads it. */
  diff(table: string, since: string): Promise<TableDiff>;
  close(): Promise<void>;
}
