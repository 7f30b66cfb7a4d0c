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
export type { Cell, ResultColumn, RowStream, Rows, SqlParameter } from './ports/query-engine';
export type { ColumnChange, RowChange, TableDiff } from './query/diff';
export type { ReadFrom, TableSummary } from './query/open';
export type { BuiltReport, OwnTally } from './runtime/lake';
export type { Loaded, LoadOptions, LoadPlan } from './runtime/load';
export type { LoadsOfTable } from './runtime/load-status';
