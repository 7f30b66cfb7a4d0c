import type { DmsSource } from './source';

/** How the replication behaves; what is not said is DMS's own. */
export function replicationSettings(source: DmsSource): Record<string, unknown> {
  return {
    Logging: { EnableLogging: true },
    FullLoadSettings: { TargetTablePrepMode: 'DO_NOTHING' },
    // A DROP or TRUNCATE at the source would delete the files that stand in the landing bucket.
    ChangeProcessingDdlHandlingPolicy: {
      HandleSourceTableDropped: false,
      HandleSourceTableTruncated: false,
      HandleSourceTableAltered: true,
    },
    // The defaults log the row and go on without it: the lake would lack it, and nobody would know.
    ErrorBehavior: { DataErrorPolicy: 'STOP_TASK', DataTruncationErrorPolicy: 'STOP_TASK' },
    ...(source.kind === 'dms-kinesis' ? { BeforeImageSettings: beforeImages } : {}),
  };
}

/** A record bears its old key, by which a key change is recognised. */
const beforeImages = { EnableBeforeImage: true, FieldName: 'before-image', ColumnFilter: 'pk-only' };
