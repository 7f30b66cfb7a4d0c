import type { Item, ItemAction, Items, ItemValue } from '../ports/items';
import { schemaGateKey, schemaKey, unreadKey, unreadPartition } from './keys';
import type { ShardRef } from './streams';

/** A writer's schema of a source. */
export interface KeptSchema {
  readonly fingerprint: string;
  readonly json: string;
}

/** The schema's JSON; undefined when nobody has announced it. */
export async function readSchema(
  items: Items,
  source: string,
  fingerprint: string,
): Promise<string | undefined> {
  return (await items.get(schemaKey(source, fingerprint)))?.value.json as string | undefined;
}

/**
 * Shards share this many gates: who puts records of a shard aside for want of their schemas holds its gate, and who
 * announces a schema moves all of them. With one, the shards of a source would wait for each other.
 */
const GATES = 8;
/** Schemas of one transaction: it takes 4 MB, and each of them may have 256 kB. */
const KEPT_AT_ONCE = 10;

/**
 * Keeps announced schemas, for good: of a fingerprint the first one stands. Whoever judges records by what was known
 * before finds the gates moved. A crash within leaves those that are kept.
 */
export async function keepSchemas(
  items: Items,
  source: string,
  announced: readonly KeptSchema[],
): Promise<void> {
  const gates = Array.from({ length: GATES }, (_, gate): ItemAction => {
    return { put: schemaGateKey(source, gate), value: {} };
  });
  for (let i = 0; i < announced.length; i += KEPT_AT_ONCE) {
    for (let left = announced.slice(i, i + KEPT_AT_ONCE); left.length > 0; ) {
      const puts = left.map(({ fingerprint, json }): ItemAction => {
        return { put: schemaKey(source, fingerprint), value: { json }, if: 'absent' };
      });
      const result = await items.transact([...puts, ...gates]);
      if (result.done) break;
      left = left.filter((_, n) => !result.blocked.includes(n));
    }
  }
}

/** A shard's gate as it stood before schemas were read. */
export type Gate = Item['version'] | 'absent';

const gateKey = (source: string, { shard }: Pick<ShardRef, 'shard'>) =>
  schemaGateKey(source, [...shard].reduce((sum, char) => sum + char.codePointAt(0)!, 0) % GATES);

export async function readGate(items: Items, source: string, at: Pick<ShardRef, 'shard'>): Promise<Gate> {
  return (await items.get(gateKey(source, at)))?.version ?? 'absent';
}

/** Fails where a schema of the source was announced since the gate was read, or another has put records aside. */
export function gateAction(source: string, at: Pick<ShardRef, 'shard'>, gate: Gate): ItemAction {
  const value: ItemValue = {};
  return { put: gateKey(source, at), value, if: gate };
}

/** Records in quarantine that wait for a schema. */
export interface Unread {
  readonly fingerprint: string;
  /** The quarantine id. */
  readonly id: string;
}

/** Goes into the transaction that puts the records aside, so that none waits unlisted. */
export const unreadAction = (source: string, { fingerprint, id }: Unread): ItemAction => ({
  put: unreadKey(source, fingerprint, id),
  value: {},
});

/** Lists records that wait already: who then asks for their schemas finds each that came meanwhile. */
export async function noteUnread(items: Items, source: string, unread: readonly Unread[]): Promise<void> {
  for (let i = 0; i < unread.length; i += PAGE)
    await items.transact(unread.slice(i, i + PAGE).map(one => unreadAction(source, one)));
}

/** They wait for their schemas no longer. A crash within leaves some listed, which wait for nothing. */
export async function forgetUnread(items: Items, source: string, unread: readonly Unread[]): Promise<void> {
  for (let i = 0; i < unread.length; i += PAGE)
    await items.transact(
      unread
        .slice(i, i + PAGE)
        .map(({ fingerprint, id }) => ({ delete: unreadKey(source, fingerprint, id) })),
    );
}

/** The first that wait for a schema. */
export async function unreadOf(
  items: Items,
  source: string,
  fingerprint: string,
  limit: number,
): Promise<Unread[]> {
  return (await items.query(unreadPartition(source), `${fingerprint}#`, { limit })).map(unreadIn);
}

/** What waits for schemas, in pages, by fingerprint. */
export async function* pagesOfUnread(items: Items, source: string): AsyncGenerator<Unread[]> {
  for (let after: string | undefined; ; ) {
    const from = after === undefined ? {} : { after };
    const page = await items.query(unreadPartition(source), '', { limit: PAGE, ...from });
    yield page.map(unreadIn);
    if (page.length < PAGE) return;
    after = page.at(-1)?.sort;
  }
}

const PAGE = 100;

function unreadIn({ sort }: Item): Unread {
  const [fingerprint, id] = sort.split('#') as [string, string];
  return { fingerprint, id };
}
