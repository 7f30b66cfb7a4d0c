import { snapshotById } from '../iceberg/metadata';
import { tagsOf, withoutTag, withTag } from '../iceberg/tags';
import type { LakePorts } from '../ports/lake-ports';
import { type AsOf, isTagName, snapshotAt } from '../query/as-of';
import { tableUnknown, tagNameUnfit } from '../query/errors';
import { commitMetadata } from '../table/commit-metadata';
import { type OpenTable, openTable } from '../table/open';

/** A snapshot under a name: it stays, and its files, until the tag is dropped. */
export interface Tag {
  readonly table: string;
  readonly name: string;
  readonly snapshotId: bigint;
  /** Milliseconds since 1970; undefined where another engine left a tag on nothing. */
  readonly committedAt?: number;
}

/**
 * Names the snapshot that readers saw at a point. The same again changes nothing.
 * @throws TM_4026 where the name is taken, TM_6026 for one that reads as a time, TM_6002 to TM_6004
 */
export async function addTag(ports: LakePorts, table: string, name: string, asOf: AsOf): Promise<Tag> {
  if (!isTagName(name)) throw tagNameUnfit(name);
  const open = await opened(ports, table);
  let snapshot = snapshotAt(table, open.metadata, asOf);
  await commitMetadata(ports, table, metadata => {
    // Another commit may have thinned it meanwhile: what is named must be there.
    snapshot = snapshotAt(table, metadata, { snapshotId: snapshot['snapshot-id'] });
    return withTag(metadata, name, snapshot['snapshot-id']);
  });
  return { table, name, snapshotId: snapshot['snapshot-id'], committedAt: snapshot['timestamp-ms'] };
}

/** False: there was none. Its snapshot goes with those of its age. */
export async function dropTag(ports: LakePorts, table: string, name: string): Promise<boolean> {
  const open = await opened(ports, table);
  if (!tagsOf(open.metadata).some(tag => tag.name === name)) return false;
  await commitMetadata(ports, table, metadata => withoutTag(metadata, name));
  return true;
}

/** Of the lake's tables, their logs and reports. */
export async function listTags(ports: LakePorts): Promise<Tag[]> {
  const tags: Tag[] = [];
  for (const table of await ports.catalog.list()) {
    const open = await openTable(ports, table);
    for (const { name, snapshotId } of open ? tagsOf(open.metadata) : []) {
      const committedAt = snapshotById(open!.metadata, snapshotId)?.['timestamp-ms'];
      tags.push({ table, name, snapshotId, ...(committedAt === undefined ? {} : { committedAt }) });
    }
  }
  return tags;
}

async function opened(ports: LakePorts, table: string): Promise<OpenTable> {
  const open = await openTable(ports, table);
  if (!open) throw tableUnknown(table, await ports.catalog.list());
  return open;
}
