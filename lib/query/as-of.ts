import { currentSchema, type Snapshot, snapshotById, type TableMetadata } from '../iceberg/metadata';
import { taggedSnapshot } from '../iceberg/tags';
import { beforeFirstSnapshot, snapshotUnknown, tagUnknown, timeUnreadable } from './errors';

/** A point that a user asks for: a snapshot by its id or its tag, or an instant in milliseconds since 1970. */
export type AsOf = { readonly snapshotId: bigint } | { readonly tag: string } | { readonly at: number };

/** What stands for a table at the point asked for. `behindMs`: how long before the instant asked for it was committed. */
export interface SnapshotAt {
  readonly table: string;
  readonly snapshotId: bigint;
  readonly committedAt: number;
  readonly behindMs?: number;
}

const UNITS: Readonly<Record<string, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};

/**
 * Reads a snapshot id, a date (its start), a date and time, `now`, `today`, `yesterday` or `5 minutes ago`; any other word
 * is a tag. Times without a zone are of `timezone`.
 * @throws TM_6005
 */
export function parseAsOf(text: string, now: number, timezone: string): AsOf {
  const words = text.trim().toLowerCase();
  if (/^\d{8,}$/.test(words)) return { snapshotId: BigInt(words) };
  if (words === 'now') return { at: now };
  if (words === 'today') return { at: startOfDay(now, timezone, 0) };
  if (words === 'yesterday') return { at: startOfDay(now, timezone, -1) };
  const ago = /^(\d+(?:\.\d+)?)\s*(second|minute|hour|day|week)s? ago$/.exec(words);
  if (ago) return { at: Math.floor(now - Number(ago[1]) * UNITS[ago[2]!]!) };
  if (isTagName(text.trim())) return { tag: text.trim() };
  return { at: instantOf(text.trim(), timezone) };
}

/** A word that is no point in time. */
export function isTagName(text: string): boolean {
  return /^[a-z][\w.-]{0,99}$/i.test(text) && !/^(now|today|yesterday)$/i.test(text);
}

const INSTANT =
  /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(:\d{2})?(\.\d{1,6})?\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;

function instantOf(text: string, timezone: string): number {
  const m = INSTANT.exec(text);
  if (!m) throw timeUnreadable(text);
  const [, date, time = '00:00', seconds = ':00', fraction = '', zone] = m;
  const wall = Date.parse(`${date}T${time}${seconds}${fraction.slice(0, 4)}Z`);
  if (Number.isNaN(wall) || new Date(wall).toISOString().slice(0, 10) !== date) throw timeUnreadable(text);
  if (zone === undefined) return fromWall(wall, timezone);
  if (zone.toUpperCase() === 'Z') return wall;
  const [, sign, hours, minutes = '0'] = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone)!;
  return wall - (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

function startOfDay(now: number, timezone: string, days: number): number {
  const midnight = Math.floor(toWall(now, timezone) / UNITS.day!) * UNITS.day!;
  return fromWall(midnight + days * UNITS.day!, timezone);
}

/** What clocks of the zone show, as if it were UTC. */
function toWall(instant: number, timezone: string): number {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  const ms = ((instant % 1000) + 1000) % 1000;
  return Date.parse(`${format.format(instant).replace(' ', 'T')}Z`) + ms;
}

/** Twice, as the first guess may stand on the other side of a change of the clocks. */
function fromWall(wall: number, timezone: string): number {
  const guess = wall - (toWall(wall, timezone) - wall);
  return guess - (toWall(guess, timezone) - wall);
}

/**
 * The snapshot that readers saw at that point: the snapshot log says, rollbacks included; before its start, the
 * newest retained one. A snapshot id that is another table's stands for its time.
 * @throws TM_6003 before the first retained snapshot, TM_6004 for an id that is not the table's, TM_6025 for such a tag
 */
export function snapshotAt(table: string, metadata: TableMetadata, asOf: AsOf): Snapshot {
  if ('snapshotId' in asOf) {
    const found = snapshotById(metadata, asOf.snapshotId);
    if (!found) throw snapshotUnknown(String(asOf.snapshotId), `table ${table}`);
    return found;
  }
  if ('tag' in asOf) {
    const id = taggedSnapshot(metadata, asOf.tag);
    const found = id === undefined ? undefined : snapshotById(metadata, id);
    if (!found) throw tagUnknown(asOf.tag, `table ${table}`);
    return found;
  }
  const { at } = asOf;
  const logged = metadata['snapshot-log'].findLast(item => item['timestamp-ms'] <= at);
  const found = (logged && snapshotById(metadata, logged['snapshot-id'])) ?? newestBefore(metadata, at);
  if (found) return found;
  const first = metadata.snapshots.reduce(
    (least, s) => Math.min(least, s['timestamp-ms']),
    metadata['last-updated-ms'],
  );
  // Only a current table with a key has one.
  const hasHistory = currentSchema(metadata).identifierFieldIds.length > 0;
  throw beforeFirstSnapshot(table, iso(at), iso(first), hasHistory);
}

/**
 * The same for a comparison: before the table's very first snapshot there was nothing of it.
 * @throws TM_6003 only where the first retained snapshot is not the very first: rows of those before it may be gone
 */
export function snapshotOrNothing(table: string, metadata: TableMetadata, asOf: AsOf): Snapshot | undefined {
  const isBefore = 'at' in asOf && metadata.snapshots.every(s => s['timestamp-ms'] > asOf.at);
  const isWhole = metadata.snapshots.some(s => s['sequence-number'] === 1 && !s['parent-snapshot-id']);
  const isUnborn = metadata.snapshots.length === 0 && metadata['last-sequence-number'] === 0;
  return isBefore && (isWhole || isUnborn) ? undefined : snapshotAt(table, metadata, asOf);
}

function newestBefore(metadata: TableMetadata, at: number): Snapshot | undefined {
  return [...metadata.snapshots]
    .filter(s => s['timestamp-ms'] <= at)
    .sort((a, b) => a['sequence-number'] - b['sequence-number'])
    .at(-1);
}

/** How an answer names what it was read from. */
export function named(table: string, snapshot: Snapshot, at: number | undefined): SnapshotAt {
  const committedAt = snapshot['timestamp-ms'];
  return {
    table,
    snapshotId: snapshot['snapshot-id'],
    committedAt,
    ...(at === undefined ? {} : { behindMs: Math.max(0, at - committedAt) }),
  };
}

const iso = (ms: number) => new Date(ms).toISOString();
