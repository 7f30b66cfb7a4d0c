export type { QuarantinedRow } from './ledger/quarantine';
export type {
  FileTaken,
  IngestOptions,
  KeyValue,
  LocalLake,
  OpenOptions,
  QueryOptions,
} from './library/lake';
export type { LoadRunOptions } from './library/loads';
export { openLake } from './library/open-lake';
export type { RecordOptions, Records, RecordsTaken } from './library/records';
export type { SchemaApplied } from './library/schema';
export type { Cell, ResultColumn, RowStream, Rows, SqlParameter } from './ports/query-engine';
export type { ColumnChange, RowChange, TableDiff } from './query/diff';
export type { ReadFrom, TableSummary } from './query/open';
export type { BuiltReport, OwnTally } from './runtime/lake';
export type { Loaded, LoadOptions, LoadPlan } from './runtime/load';
export type { LoadsOfTable } from './runtime/load-status';
export type { ApplyOptions } from './stages/schema/apply';
export type { SchemaChange } from './stages/schema/change';
export type { ShownColumn } from './stages/schema/show';
export type { Uncastable } from './stages/schema/uncastable';
export type { SourceStatus } from './stages/source-status';
