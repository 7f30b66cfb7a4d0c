import { withMetadataLog } from '../../iceberg/evolution';
import { formatMetadata, type TableMetadata } from '../../iceberg/metadata';
import { raiseVacuumCount } from '../../ledger/counter';
import { forgetUnnamed, noteUnnamed, readUnnamed } from '../../ledger/unnamed';
import type { LakePorts } from '../../ports/lake-ports';
import { commitContended } from '../../table/errors';
import { expireBySchedule } from '../../table/expire';
import { openTable } from '../../table/open';
import { withVacuumCountRaised } from '../../table/vacuum-count';
import { type Namers, namedKeys } from './named';

export interface Vacuumed {
  /** Objects now known to be unnamed, waiting out the margin. */
  readonly waiting: number;
  readonly removed: readonly string[];
  readonly bytes: number;
  /** Time ran out first: what is left, the next run finds. */
  readonly unfinished: boolean;
}

/** The longest query and the longest writer, plus a margin. */
export const VACUUM_MARGIN_MS = 24 * 3_600_000;

const TRIES = 20;
const METADATA_VERSION = /\/metadata\/v\d+\.metadata\.json$/;

/**
 * Removes objects that nothing names, in two passes (PROTOCOL.md, V1): a run lists, reads what names objects, and
 * records the unnamed ones with its time; a later run removes those still unnamed after the margin. A file's own age
 * says nothing: it may have become unnamed a minute ago. Before it removes, it raises every table's vacuum count, so
 * that a writer who planned before writes its files anew. Numbered metadata files are emptied, their names stay: a
 * name taken twice would be two commits. A crash anywhere leaves what the next run finds.
 * @param until when to hand back, milliseconds since 1970: what notes and removes one object after the other stops there
 */
export async function vacuum(
  ports: LakePorts,
  marginMs: number = VACUUM_MARGIN_MS,
  until: number = Number.POSITIVE_INFINITY,
): Promise<Vacuumed> {
  const now = ports.clock.now();
  for (const table of await ports.catalog.list())
    await commitProperties(ports, table, md => expireBySchedule(md, now));
  const { waiting, due, namers } = await sortOut(ports, now, marginMs, until);
  if (due.size === 0) return { waiting, removed: [], bytes: 0, unfinished: ports.clock.now() >= until };
  for (const table of await ports.catalog.list()) await raiseTable(ports, table);
  for (const table of namers.logs) await raiseLog(ports, table);
  const named = await namedKeys(ports, namers);
  const removed: string[] = [];
  let bytes = 0;
  for (const [key, size] of due) {
    if (ports.clock.now() >= until) return { waiting, removed, bytes, unfinished: true };
    if (named.has(key)) continue;
    if (METADATA_VERSION.test(key)) await ports.store.put(key, new Uint8Array());
    else await ports.store.delete(key);
    await forgetUnnamed(ports.items, key);
    removed.push(key);
    bytes += size;
  }
  return { waiting, removed, bytes, unfinished: false };
}

/** Lists first, reads names afterwards: what is written in between is named or not listed. */
async function sortOut(
  ports: LakePorts,
  now: number,
  marginMs: number,
  until: number,
): Promise<{ waiting: number; due: Map<string, number>; namers: Namers }> {
  const listed = new Map<string, number>();
  const logs = new Set<string>();
  const reports = new Set<string>();
  const tables = new Set(await ports.catalog.list());
  for await (const object of ports.store.list('')) {
    const husk = object.size === 0 && METADATA_VERSION.test(object.key);
    const [folder, name] = object.key.split('/');
    if (!husk && isOwn(object.key, tables)) listed.set(object.key, object.size);
    if (folder === 'deltas' && name) logs.add(name);
    if (folder === 'staging' && name) reports.add(name);
  }
  const namers = { logs, reports };
  const named = await namedKeys(ports, namers);
  const known = await readUnnamed(ports.items);
  const due = new Map<string, number>();
  let waiting = 0;
  for (const [key, size] of listed) {
    if (ports.clock.now() >= until) break;
    if (named.has(key)) continue;
    const since = known.get(key);
    if (since === undefined) await noteUnnamed(ports.items, key, now);
    if (now - (since ?? now) >= marginMs) due.set(key, size);
    else waiting++;
  }
  for (const key of known.keys())
    if (named.has(key) || !listed.has(key)) await forgetUnnamed(ports.items, key);
  return { waiting, due, namers };
}

/** Whether the lake wrote it: below a table's metadata or data, or what waits for a commit. All else is the user's. */
function isOwn(key: string, tables: ReadonlySet<string>): boolean {
  const [folder, inner] = key.split('/');
  if (folder === 'deltas' || folder === 'staging' || folder === 'quarantine') return true;
  const within = tables.has(folder!) && (inner === 'metadata' || inner === 'data');
  return within && !key.endsWith('/version-hint.text');
}

async function raiseTable(ports: LakePorts, table: string): Promise<void> {
  await commitProperties(ports, table, md => withVacuumCountRaised(md, ports.clock.now()));
}

async function raiseLog(ports: LakePorts, table: string): Promise<void> {
  while (!(await raiseVacuumCount(ports.items, table)));
}

/** A commit without a snapshot; none when the change leaves the metadata as it is. */
async function commitProperties(
  ports: LakePorts,
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
