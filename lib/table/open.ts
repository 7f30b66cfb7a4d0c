import { parseMetadata, type TableMetadata } from '../iceberg/metadata';
import type { Pointer } from '../ports/catalog';
import type { LakePorts } from '../ports/lake-ports';
import { lakeMoved } from './errors';

/** A table as its newest metadata says it is, and which metadata that is. */
export interface OpenTable {
  readonly name: string;
  readonly pointer: Pointer;
  readonly metadata: TableMetadata;
}

/**
 * Undefined when there is no such table.
 * @throws TM_3001 when the metadata names another place than the one it was found in
 */
export async function openTable(
  ports: Pick<LakePorts, 'catalog' | 'store'>,
  name: string,
): Promise<OpenTable | undefined> {
  const found = await ports.catalog.load(name);
  if (!found) return undefined;
  const metadata = parseMetadata(found.metadata);
  const here = ports.store.uri(name);
  if (metadata.location !== here) throw lakeMoved(name, metadata.location, here);
  return { name, pointer: found.pointer, metadata };
}
