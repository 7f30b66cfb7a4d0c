import { withMetadataLog } from '../iceberg/evolution';
import { formatMetadata, type TableMetadata } from '../iceberg/metadata';
import type { LakePorts } from '../ports/lake-ports';
import { commitContended } from './errors';
import { openTable } from './open';

const TRIES = 20;

/**
 * A commit without a snapshot; none when the change leaves the metadata as it is, or there is no such table. It is one swap:
 * a crash leaves it done or not.
 */
export async function commitMetadata(
  ports: Pick<LakePorts, 'store' | 'catalog' | 'clock'>,
  table: string,
  change: (metadata: TableMetadata) => TableMetadata,
): Promise<void> {
  for (let i = 0; i < TRIES; i++) {
    const open = await openTable(ports, table);
    if (!open) return;
    const changed = change(open.metadata);
    if (changed === open.metadata) return;
    const previous = { uri: open.pointer.uri, updatedMs: open.metadata['last-updated-ms'] };
    const next = withMetadataLog(changed, previous, ports.clock.now());
    const result = await ports.catalog.swap(table, open.pointer, formatMetadata(next));
    if (result.swapped) return;
  }
  throw commitContended(table, TRIES);
}
