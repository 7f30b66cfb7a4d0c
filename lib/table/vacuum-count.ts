import { setProperties } from '../iceberg/evolution';
import type { TableMetadata } from '../iceberg/metadata';

const COUNT = 'tidemark.vacuum-count';

/**
 * Raised by a commit before vacuum removes objects. Whoever wrote files before that and has not committed them
 * writes them anew: nothing named them when vacuum looked (PROTOCOL.md, V1).
 */
export function vacuumCountOf(metadata: TableMetadata): number {
  return Number(metadata.properties[COUNT] ?? 0);
}

export function withVacuumCountRaised(metadata: TableMetadata, now: number): TableMetadata {
  return setProperties(metadata, { [COUNT]: String(vacuumCountOf(metadata) + 1) }, [], now);
}
