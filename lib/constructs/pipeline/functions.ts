import {
  buildsTables,
  catalog,
  governed,
  keepsFailedBatches,
  ledger,
  listsLanding,
  opensKey,
  queriesLake,
  type Right,
  readsLake,
  readsLanding,
  removes,
  sends,
  stagingCatalog,
  startsQueries,
  writesDeltas,
  writesJoined,
  writesMetadata,
  writesStaging,
  writesTables,
} from './rights';
import type { FunctionName } from './timeouts';

/** What each function may do; reading its own queue or stream comes with the event source. */
export const RIGHTS: Readonly<Record<FunctionName, readonly Right[]>> = {
  'ingest-files': [
    ledger,
    opensKey,
    readsLake,
    catalog,
    readsLanding,
    writesDeltas,
    writesMetadata,
    sends('merge'),
  ],
  'ingest-stream': [
    ...[ledger, opensKey, readsLake, catalog, writesDeltas, writesMetadata, sends('merge')],
    keepsFailedBatches,
  ],
  // A merge that changed a schema replaces the history view, which is a statement of Athena's.
  merge: [
    ...[ledger, opensKey, readsLake, catalog, writesTables, sends('merge')],
    ...[startsQueries, queriesLake, governed],
  ],
  report: [
    ...[ledger, opensKey, readsLake, catalog, stagingCatalog, writesTables, writesStaging],
    ...[startsQueries, queriesLake, buildsTables, governed],
  ],
  // It wakes what merges and reports; history views whose query failed or was forgotten it starts again itself.
  sweep: [
    ...[ledger, opensKey, readsLake, catalog, listsLanding, sends('ingest', 'merge', 'report')],
    ...[startsQueries, queriesLake, governed],
  ],
  compact: [ledger, opensKey, readsLake, catalog, writesTables, writesJoined],
  vacuum: [ledger, opensKey, readsLake, catalog, writesMetadata, removes],
};
