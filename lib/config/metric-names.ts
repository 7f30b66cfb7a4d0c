/**
 * What the functions count, by the dimensions `service` (METRICS_SERVICE) and `lake`: for the lake as a whole. Of a
 * table with `watch: true` it is counted by `service`, `lake` and `table` too.
 */
export const METRICS = {
  filesTakenIn: 'FilesTakenIn',
  rowsTakenIn: 'RowsTakenIn',
  /** Events that were answered 202: they are in their stream. */
  eventsAccepted: 'EventsAccepted',
  /** Files and stream batches of which something went to quarantine. */
  quarantined: 'Quarantined',
  merges: 'Merges',
  entriesMerged: 'EntriesMerged',
  /** Seconds that a table's deltas have waited beyond what it allows: of each waiting table once a minute, 0 if none. */
  secondsBehind: 'SecondsBehind',
  /** Objects of the landing that a listing found and no event had announced. */
  objectsMissed: 'ObjectsMissed',
  reportsFailed: 'ReportsFailed',
  objectsVacuumed: 'ObjectsVacuumed',
  filesCompacted: 'FilesCompacted',
  /** Pieces of work that failed within an invocation that went on. */
  failures: 'Failures',
} as const;

export const METRICS_NAMESPACE = 'Tidemark';
export const METRICS_SERVICE = 'tidemark';
