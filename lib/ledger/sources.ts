import type { ItemAction, Items } from '../ports/items';
import { firstSeenKey, instantKey, loadKey, sourceKey } from './keys';
import { numberDeltas, type Written } from './numbering';
import type { Who } from './turn';

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

/** A source object whose deltas are to count. */
export interface NewSource {
  readonly ref: SourceRef;
  readonly written: Written;
}

/** Actions of a transaction that numbers `count` sources of so many deltas in all: TRANSACT_ACTIONS_MAX at most. */
export const recordActions = (count: number, deltas: number) => 2 * count + deltas + 2;

/**
 * The one transaction that decides which deltas count (PROTOCOL.md, I3): sources of one table seen if absent, entries
 * n.. if absent, counter moved. What was seen, has to be written anew, or is a reload is taken out, and the others are
 * tried again, with new numbers. A crash before it leaves unnamed objects for vacuum; a crash after it leaves nothing to
 * do, since the sources are then seen.
 * @param sources of different identities and LOAD names, in the order of their numbers
 */
export async function recordSources<S extends NewSource>(
  items: Items,
  table: string,
  sources: readonly S[],
  who: Who,
): Promise<ReadonlyMap<S, Recorded>> {
  const became = new Map<S, Recorded>();
  for (;;) {
    const open = sources.filter(source => !became.has(source));
    if (open.length === 0) return became;
    const claims = await claimsOf(items, table, open);
    const reloads = open.filter(source => claims.get(source) === 'another');
    for (const source of reloads) became.set(source, { outcome: 'reload' });
    if (reloads.length > 0) continue;
    const numbering = await numberDeltas(
      items,
      table,
      open.map(source => source.written),
      who,
    );
    if ('outdated' in numbering) {
      const late = open.filter(source => numbering.outdated.includes(source.written));
      for (const source of late) became.set(source, { outcome: 'outdated' });
      continue;
    }
    const { firsts, actions } = numbering;
    const result = await items.transact([
      ...open.map((source, i) => seenAction(table, source, firsts[i]!)),
      ...actions,
      ...[...claims.values()].filter(claim => claim !== 'another'),
    ]);
    for (const [i, source] of open.entries()) {
      if (result.done) became.set(source, { outcome: 'recorded', first: firsts[i]! });
      else if (result.blocked.includes(i)) became.set(source, { outcome: 'seen' });
    }
  }
}

function seenAction(
  table: string,
  { ref: { identity, object }, written: { deltas } }: NewSource,
  first: number,
): ItemAction {
  const rows = deltas.reduce((sum, d) => sum + d.rows, 0);
  const dateReceived = deltas[0]?.dateReceived ?? '';
  const seen: Seen = { object, first, count: deltas.length, rows, dateReceived };
  return { put: sourceKey(table, identity), value: { ...seen }, if: 'absent' };
}

/** For each LOAD object the action that takes its name, or that another content has it. */
async function claimsOf<S extends NewSource>(
  items: Items,
  table: string,
  sources: readonly S[],
): Promise<ReadonlyMap<S, ItemAction | 'another'>> {
  const claims = new Map<S, ItemAction | 'another'>();
  for (const source of sources) {
    const { load } = source.ref;
    const claim = load && (await items.get(loadKey(table, load.place)));
    const another = claim && claim.value.identity !== load.identity;
    if (load) claims.set(source, another ? 'another' : claimOf(table, load, claim?.version));
  }
  return claims;
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
