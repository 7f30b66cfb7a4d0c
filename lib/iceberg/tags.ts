/** Names of snapshots, which no expiry drops. @see https://iceberg.apache.org/spec/#snapshot-references */
import { tagTaken } from './errors';
import type { SnapshotRef, TableMetadata } from './metadata';

/** The snapshot that a tag or branch names. */
export function taggedSnapshot(md: TableMetadata, name: string): bigint | undefined {
  return refOf(md, name)?.['snapshot-id'];
}

export function tagsOf(md: TableMetadata): { readonly name: string; readonly snapshotId: bigint }[] {
  return Object.entries(md.refs)
    .filter(([, ref]) => ref.type === 'tag')
    .map(([name, ref]) => ({ name, snapshotId: ref['snapshot-id'] }));
}

/** The metadata with a tag on a snapshot that it has; as it is where the tag is there. Throws TM_4026. */
export function withTag(md: TableMetadata, name: string, snapshotId: bigint): TableMetadata {
  const ref = refOf(md, name);
  if (ref?.type === 'tag' && ref['snapshot-id'] === snapshotId) return md;
  if (ref) throw tagTaken(name, ref.type, ref['snapshot-id']);
  return { ...md, refs: { ...md.refs, [name]: { type: 'tag', 'snapshot-id': snapshotId } } };
}

/** The metadata without a tag; as it is where there is none. A branch is its maker's. */
export function withoutTag(md: TableMetadata, name: string): TableMetadata {
  if (refOf(md, name)?.type !== 'tag') return md;
  const { [name]: _, ...refs } = md.refs;
  return { ...md, refs };
}

function refOf({ refs }: TableMetadata, name: string): SnapshotRef | undefined {
  return Object.hasOwn(refs, name) ? refs[name] : undefined;
}
