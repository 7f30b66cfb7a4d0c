import { opensCopies, readsCopies } from './copies';
import {
  buildsTables,
  catalog,
  governed,
  keepsFailedBatches,
  ledger,
  listsLanding,
  opensKey,
  opensStreams,
  queriesLake,
  type Right,
  readsAnswers,
  readsLanding,
  readsMetadata,
  readsTables,
  removes,
  sends,
  stagingCatalog,
  startsQueries,
  writesDeltas,
  writesJoined,
  writesLoads,
  writesMetadata,
  writesStaging,
  writesTables,
} from './rights';
import type { FunctionName } from './timeouts';

const TAKES_IN: readonly Right[] = [
  ...[ledger, opensKey, readsMetadata, catalog('GetTable', 'CreateTable', 'UpdateTable')],
  ...[writesDeltas, writesMetadata, sends('merge')],
];

/** What each function may do; reading its own queue or stream comes with the event source. */
export const RIGHTS: Readonly<Record<FunctionName, readonly Right[]>> = {
  // What it has no time for it announces anew.
  'ingest-files': [...TAKES_IN, readsLanding, sends('ingest')],
  'ingest-stream': [...TAKES_IN, opensStreams, keepsFailedBatches],
  // A merge that changed a schema replaces the history view, which is a statement of Athena's.
  merge: [
    ...[ledger, opensKey, readsTables, catalog('GetTable', 'CreateTable', 'UpdateTable'), writesTables],
    ...[sends('merge'), startsQueries, queriesLake, governed],
  ],
  report: [
    ...[ledger, opensKey, readsTables, catalog('GetTable', 'CreateTable', 'UpdateTable'), writesTables],
    ...[stagingCatalog, writesStaging, startsQueries, readsAnswers, queriesLake, buildsTables, governed],
  ],
  // It wakes what merges and reports. History views whose query failed or was forgotten it starts again itself; their
  // entries are written by Athena in its name.
  sweep: [
    ...[ledger, opensKey, readsTables, catalog('GetTable', 'CreateTable', 'UpdateTable'), listsLanding],
    ...[sends('ingest', 'merge', 'report'), startsQueries, queriesLake, governed],
  ],
  compact: [
    ...[ledger, opensKey, readsTables, catalog('GetTable', 'UpdateTable')],
    ...[writesTables, writesJoined],
  ],
  vacuum: [
    ...[ledger, opensKey, readsMetadata, catalog('GetTable', 'GetTables', 'UpdateTable')],
    ...[writesMetadata, removes],
  ],
  // The entry of the log, where there is none yet, and its metadata; the table's own are the merge's.
  load: [
    ...[ledger, opensKey, readsTables, catalog('GetTable', 'CreateTable', 'UpdateTable'), writesLoads],
    // The landing has the reloads of DMS tasks.
    ...[readsCopies, opensCopies, readsLanding, sends('merge')],
  ],
};
