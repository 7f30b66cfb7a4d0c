import type { EntryStatus, ManifestEntry } from '../iceberg/data-file';
import { decodeManifest, encodeManifest } from '../iceberg/manifest';
import { allFields, currentSchema, specById, type TableMetadata } from '../iceberg/metadata';
import type { LakePorts } from '../ports/lake-ports';
import type { LiveFile, LiveFiles } from './live-files';

/** How a table's files would change: what comes, and what goes by its path. */
export interface FilesChange {
  readonly added: LiveFiles;
  readonly removed: ReadonlySet<string>;
}

/** Never below the table's location, as nothing that waits for a commit (PROTOCOL.md, I2). */
const folderOf = (table: string) => `deltas/${table}/aside`;

/**
 * Writes down files that no commit names yet, as the manifests of one would name them. A crash leaves some that nothing
 * names.
 * @param base what the change is of
 * @returns the manifests' keys
 */
export async function writeAsideFiles(
  ports: Pick<LakePorts, 'store' | 'ids'>,
  table: { readonly name: string; readonly metadata: TableMetadata },
  base: LiveFiles,
  { added, removed }: FilesChange,
): Promise<string[]> {
  const keys: string[] = [];
  const schema = currentSchema(table.metadata);
  for (const content of ['data', 'deletes'] as const) {
    const entries = [
      ...added[content].map(entryOf('added')),
      ...base[content].filter(({ file }) => removed.has(file.path)).map(entryOf('deleted')),
    ];
    for (const specId of new Set(entries.map(({ file }) => file.specId))) {
      const own = entries.filter(({ file }) => file.specId === specId);
      const spec = specById(table.metadata, specId);
      const key = `${folderOf(table.name)}/${ports.ids.fresh()}.avro`;
      await ports.store.putIfAbsent(key, encodeManifest({ entries: own, schema, spec, content }));
      keys.push(key);
    }
  }
  return keys;
}

const entryOf =
  (status: EntryStatus) =>
  ({ file, sequenceNumber }: LiveFile): ManifestEntry => ({
    status,
    snapshotId: null,
    sequenceNumber,
    fileSequenceNumber: sequenceNumber,
    file,
  });

/** The change again; undefined when a manifest is gone. */
export async function readAsideFiles(
  { store }: Pick<LakePorts, 'store'>,
  metadata: TableMetadata,
  manifests: readonly string[],
): Promise<FilesChange | undefined> {
  const added = { data: [] as LiveFile[], deletes: [] as LiveFile[] };
  const removed = new Set<string>();
  for (const key of manifests) {
    const bytes = await store.get(key);
    if (!bytes) return undefined;
    const shape = { fields: allFields(metadata), specs: metadata['partition-specs'], where: key };
    for (const { status, file, sequenceNumber } of decodeManifest(bytes, shape).entries) {
      if (status === 'deleted') removed.add(file.path);
      else added[file.content === 0 ? 'data' : 'deletes'].push({ file, sequenceNumber: sequenceNumber ?? 0 });
    }
  }
  return { added, removed };
}
