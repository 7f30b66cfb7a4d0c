/** The functions of a lake; each is a folder of `lambdas/`. */
export type FunctionName =
  | 'ingest-files'
  | 'ingest-stream'
  | 'merge'
  | 'report'
  | 'sweep'
  | 'compact'
  | 'vacuum'
  | 'load';

/** How long each may run, in seconds. What reads a queue hands back long before; its queue waits 30 s more. */
export const TIMEOUT_SECONDS: Readonly<Record<FunctionName, number>> = {
  'ingest-files': 300,
  'ingest-stream': 300,
  merge: 300,
  report: 120,
  sweep: 120,
  compact: 900,
  vacuum: 900,
  load: 900,
};
