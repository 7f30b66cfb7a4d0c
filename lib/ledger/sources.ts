import type { ItemAction, Items } from '../ports/items';
import { firstSeenKey, instantKey, loadKey, sourceKey } from './keys';
import { numberDeltas, type Written } from './numbering';

/** A source object taken in: its entries are first .. first + count - 1. */
export interface Seen {
  readonly object: string;
  readonly first: number;
  readonly count: number;
  readonly rows: number;
  readonly dateReceived: string;
}

export async function readSeen(items: Items, table: string, identity: string): Promise<Seen | undefined> {
  const item = await items.get(sourceKey(table, identity));
  return item && (item.value as unknown as Seen);
}

export type Recorded =
  | { readonly outcome: 'recorded'; readonly first: number }
  | { readonly outcome: 'seen' }
  /** The deltas can no longer be numbered: write them anew under fresh names. */
  | { readonly outcome: 'outdated' }
  /** A LOAD object whose name another content took meanwhile. */
  | { readonly outcome: 'reload' };

/** A source object as the ledger knows it; `identity` is its rows' own where only some of them are taken in. */
export interface SourceRef {
  readonly table: string;
  readonly identity: string;
  readonly object: string;
  readonly load?: LoadRef;
}

/** A LOAD object by its name in the layout, and the file that it is. */
export interface LoadRef {
  readonly place: string;
  readonly identity: string;
}

/**
 * The one transaction that decides which deltas count (PROTOCOL.md, I3): source seen if absent, entries n.. if
 * absent, counter moved. A crash before it leaves unnamed objects for vacuum; a crash after it leaves nothing to
 * do, since the source is then seen.
 */
export async function recordSource(
  items: Items,
  { table, identity, object, load }: SourceRef,
  written: Written,
): Promise<Recorded> {
  const { deltas } = written;
  const rows = deltas.reduce((sum, d) => sum + d.rows, 0);
  const dateReceived = deltas[0]?.dateReceived ?? '';
  for (;;) {
    const numbering = await numberDeltas(items, table, identity, written);
    if (!numbering) return { outcome: 'outdated' };
    const claim = load && (await items.get(loadKey(table, load.place)));
    if (claim && claim.value.identity !== load.identity) return { outcome: 'reload' };
    const { first } = numbering;
    const seen: Seen = { object, first, count: deltas.length, rows, dateReceived };
    const result = await items.transact([
      { put: sourceKey(table, identity), value: { ...seen }, if: 'absent' },
      ...numbering.actions,
      ...(load ? [claimOf(table, load, claim?.version)] : []),
    ]);
    if (result.done) return { outcome: 'recorded', first };
    if (result.blocked.includes(0)) return { outcome: 'seen' };
  }
}

function claimOf(table: string, { place, identity }: LoadRef, version: number | undefined): ItemAction {
  return { put: loadKey(table, place), value: { identity }, if: version ?? 'absent' };
}

/** Where a plain file stands among those of its instant: given once, kept for a replay (PROTOCOL.md, P3). */
export interface FirstSeen {
  readonly instant: bigint;
  readonly n: number;
}

/**
 * The instant and count of a plain file, given at its first sight and the same ever after.
 * @param instant UTC micros for a file that is new here
 */
export async function firstSight(
  items: Items,
  table: string,
  identity: string,
  instant: bigint,
): Promise<FirstSeen> {
  for (;;) {
    const known = await items.get(firstSeenKey(table, identity));
    if (known) return { instant: BigInt(known.value.instant as string), n: known.value.n as number };
    const count = await items.get(instantKey(table, instant));
    const n = (count?.value.files as number | undefined) ?? 0;
    await items.transact([
      { put: firstSeenKey(table, identity), value: { instant: String(instant), n }, if: 'absent' },
      { put: instantKey(table, instant), value: { files: n + 1 }, if: count?.version ?? 'absent' },
    ]);
  }
}

/**
 * Whether a LOAD object must wait: its name was taken in with other content, which is a reload, and from then on
 * every LOAD object of the table belongs to it (PROTOCOL.md, L).
 */
export async function holdsLoad(items: Items, { table, load }: SourceRef): Promise<boolean> {
  if (load === undefined) return false;
  if (await items.get(loadKey(table, HELD))) return true;
  const claimed = await items.get(loadKey(table, load.place));
  if (!claimed || claimed.value.identity === load.identity) return false;
  await items.transact([{ put: loadKey(table, HELD), value: { since: load.place } }]);
  return true;
}

/** No object's name: those are paths. */
const HELD = '*';
