import type { DataFile, ManifestEntry } from '../iceberg/data-file';
import { encodeManifest } from '../iceberg/manifest';
import { type ManifestFile, summariseManifest } from '../iceberg/manifest-list';
import { currentSchema, specById } from '../iceberg/metadata';
import type { LakePorts } from '../ports/lake-ports';
import { readManifest } from './live-files';
import type { OpenTable } from './open';

/** Who writes the manifests of one commit. */
export interface ManifestWriter {
  readonly ports: LakePorts;
  readonly base: OpenTable;
  readonly snapshotId: bigint;
  readonly sequenceNumber: number;
}

/** Manifests without a removed file are carried as they are; the others are written anew with it marked deleted. */
export async function carryManifests(
  writer: ManifestWriter,
  manifests: readonly ManifestFile[],
  removed: ReadonlySet<string>,
): Promise<{ manifests: ManifestFile[]; removed: DataFile[] }> {
  const carried: ManifestFile[] = [];
  const gone: DataFile[] = [];
  for (const manifest of manifests) {
    if (manifest.addedFiles + manifest.existingFiles === 0) continue;
    if (removed.size === 0) {
      carried.push(manifest);
      continue;
    }
    const entries = await readManifest(writer.ports.store, writer.base.metadata, manifest);
    const live = entries.filter(entry => entry.status !== 'deleted');
    const dying = live.filter(entry => removed.has(entry.file.path));
    if (dying.length === 0) {
      carried.push(manifest);
      continue;
    }
    gone.push(...dying.map(entry => entry.file));
    const rewritten = live.map(entry => ({
      ...entry,
      status: removed.has(entry.file.path) ? ('deleted' as const) : ('existing' as const),
      snapshotId: removed.has(entry.file.path) ? writer.snapshotId : entry.snapshotId,
    }));
    carried.push(await writeManifest(writer, rewritten, manifest.specId, manifest.content));
  }
  return { manifests: carried, removed: gone };
}

export async function addManifests(
  writer: ManifestWriter,
  added: readonly DataFile[],
): Promise<ManifestFile[]> {
  const written: ManifestFile[] = [];
  for (const content of ['data', 'deletes'] as const) {
    const files = added.filter(file => (file.content === 0) === (content === 'data'));
    // A file's partition is that of its own spec: another engine may have made another the default since.
    for (const specId of new Set(files.map(file => file.specId))) {
      const entries = files
        .filter(file => file.specId === specId)
        .map(file => ({
          status: 'added' as const,
          snapshotId: writer.snapshotId,
          sequenceNumber: null,
          fileSequenceNumber: null,
          file,
        }));
      written.push(await writeManifest(writer, entries, specId, content));
    }
  }
  return written;
}

/** Small manifests that a commit leaves, about. */
export const MANIFESTS_MAX = 100;
/** As other engines' commit.manifest.target-size-bytes. */
export const MANIFEST_BYTES = 8 << 20;

export async function joinManifests(
  writer: ManifestWriter,
  manifests: readonly ManifestFile[],
): Promise<ManifestFile[]> {
  const sets = manifestsToJoin(manifests.filter(m => m.addedSnapshotId !== writer.snapshotId));
  const joined: ManifestFile[] = [];
  for (const set of sets) joined.push(await joinOf(writer, set));
  return [...manifests.filter(m => !sets.some(set => set.includes(m))), ...joined];
}

/**
 * Which manifests become one each: from MANIFESTS_MAX small ones on the smallest of a kind. A commit's cost must not
 * grow for ever, so a manifest stays as it is from half of MANIFEST_BYTES on, and one with more files than all smaller
 * ones have together waits for others of its size: a file's line is written a few times, however many files there are.
 */
export function manifestsToJoin(standing: readonly ManifestFile[]): ManifestFile[][] {
  const small = standing.filter(m => liveBytes(m) < MANIFEST_BYTES / 2);
  if (small.length < MANIFESTS_MAX) return [];
  const kinds = [...new Set(small.map(kindOf))];
  return kinds.map(kind => smallest(small.filter(m => kindOf(m) === kind))).filter(set => set.length > 1);
}

const kindOf = ({ content, specId }: ManifestFile) => `${content} ${specId}`;
const filesOf = ({ addedFiles, existingFiles }: ManifestFile) => addedFiles + existingFiles;

/** Bytes of the lines that are not deleted. */
function liveBytes(manifest: ManifestFile): number {
  const files = filesOf(manifest);
  return (manifest.length * files) / Math.max(1, files + manifest.deletedFiles);
}

function smallest(manifests: readonly ManifestFile[]): ManifestFile[] {
  const chosen: ManifestFile[] = [];
  let bytes = 0;
  let files = 0;
  for (const manifest of [...manifests].sort((a, b) => filesOf(a) - filesOf(b))) {
    const isLarger = chosen.length > MANIFESTS_MAX / 2 && filesOf(manifest) > files;
    if (isLarger || bytes + liveBytes(manifest) > MANIFEST_BYTES) break;
    chosen.push(manifest);
    bytes += liveBytes(manifest);
    files += filesOf(manifest);
  }
  return chosen;
}

async function joinOf(writer: ManifestWriter, manifests: readonly ManifestFile[]): Promise<ManifestFile> {
  const entries: ManifestEntry[] = [];
  for (const manifest of manifests) {
    for (const entry of await readManifest(writer.ports.store, writer.base.metadata, manifest))
      if (entry.status !== 'deleted') entries.push({ ...entry, status: 'existing' });
  }
  const { specId, content } = manifests[0]!;
  return writeManifest(writer, entries, specId, content);
}

async function writeManifest(
  writer: ManifestWriter,
  entries: ManifestEntry[],
  specId: number,
  content: 'data' | 'deletes',
): Promise<ManifestFile> {
  const { ports, base, snapshotId, sequenceNumber } = writer;
  const schema = currentSchema(base.metadata);
  const spec = specById(base.metadata, specId);
  const bytes = encodeManifest({ entries, schema, spec, content });
  const key = `${base.name}/metadata/${ports.ids.fresh()}-m0.avro`;
  await ports.store.putIfAbsent(key, bytes);
  const path = ports.store.uri(key);
  const length = bytes.length;
  return summariseManifest({ path, length, entries, schema, spec, content, snapshotId, sequenceNumber });
}
