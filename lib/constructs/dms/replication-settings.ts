import type { DmsSource } from './source';

/** How the replication behaves; what is not said is DMS's own. */
export function replicationSettings(source: DmsSource): Record<string, unknown> {
  return {
    Logging: { EnableLogging: true },
    TargetMetadata: limitedLobs(source.lobKiBMax),
    FullLoadSettings: { TargetTablePrepMode: 'DO_NOTHING', CommitRate: commitRate(source.lobKiBMax) },
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

/**
 * Texts and blobs whole, up to a length: into S3 DMS knows neither full nor inline LOB mode. What is longer it cuts off
 * and says so in its log alone, at 32 KB if nobody says otherwise.
 * Source: DMS User Guide, CHAP_Tasks.LOBSupport.html and CHAP_Target.S3.html (limitations).
 */
const limitedLobs = (kibibytes: number) => ({
  SupportLobs: true,
  FullLobMode: false,
  LimitedSizeLobMode: true,
  LobMaxSize: kibibytes,
});

/** A load's memory for each column of LOBs is their greatest length times the rows of a commit: DMS's own defaults. */
const LOAD_KIB = 32 * 10_000;

/** Rows of a load's commit. As many as DMS's own setting at most; fewer where LOBs may be long. */
const commitRate = (kibibytes: number) => Math.min(10_000, Math.max(1, Math.floor(LOAD_KIB / kibibytes)));

/** A record bears its old key, by which a key change is recognised. */
const beforeImages = { EnableBeforeImage: true, FieldName: 'before-image', ColumnFilter: 'pk-only' };
