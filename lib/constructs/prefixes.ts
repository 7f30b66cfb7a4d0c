import { FAILED_BATCHES } from '../config/deployed';

/**
 * Where things stand in the lake's bucket. Of every table, `<table>/metadata/` and `<table>/data/`; what reports
 * stage has the same two below `staging/`.
 */
export const PREFIXES = {
  deltas: 'deltas/',
  /** Deltas that compaction has joined. */
  joined: 'deltas/*/joined/',
  staging: 'staging/',
  quarantine: 'quarantine/',
  metadata: '*/metadata/',
  data: '*/data/',
  /** Batches of a stream that failed for good, under the name that Lambda gives them. */
  failedBatches: FAILED_BATCHES,
} as const;
