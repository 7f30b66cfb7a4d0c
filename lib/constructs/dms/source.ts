import type { ResolvedLake, ResolvedSource } from '../../config/resolved';

/** A source that AWS DMS replicates. */
export type DmsSource = Extract<ResolvedSource, { kind: 'dms-s3' | 'dms-kinesis' }>;

/** By the name the config gives them. */
export function dmsSources(lake: ResolvedLake): [string, DmsSource][] {
  return Object.entries(lake.sources).flatMap(([name, source]) =>
    source.kind === 'dms-s3' || source.kind === 'dms-kinesis' ? [[name, source]] : [],
  );
}
