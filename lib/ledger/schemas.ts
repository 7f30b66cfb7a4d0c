import type { Item, ItemAction, Items, ItemValue } from '../ports/items';
import { schemaKey, schemasPartition, unreadKey, unreadPartition } from './keys';
import { compareSequences, type ShardRef, streamId } from './streams';

/**
 * What the ledger knows of a writer's schema of a source: its JSON, once it was announced, and how far the records of
 * each shard were put aside before. Both stand in one item, so that a record is either put aside or read, never both:
 * whoever puts records aside asks in the same transaction that nobody has announced the schema meanwhile.
 */
export interface KeptSchema {
  readonly fingerprint: string;
  /** Undefined: nobody has announced it. */
  readonly json?: string;
  /** Through which sequence number the records of a shard that bear the fingerprint were put aside. */
  readonly held: Readonly<Record<string, string>>;
  readonly version: number | 'absent';
}

/** As many schemas are asked for one by one. */
const GETS_MAX = 16;
const PAGE = 100;

/** What is known of these fingerprints, by fingerprint. */
export async function readSchemas(
  items: Items,
  source: string,
  fingerprints: readonly string[],
): Promise<Map<string, KeptSchema>> {
  const found = new Map<string, KeptSchema>();
  for (const fingerprint of fingerprints)
    found.set(fingerprint, { fingerprint, held: {}, version: 'absent' });
  if (fingerprints.length <= GETS_MAX) {
    for (const fingerprint of fingerprints) {
      const item = await items.get(schemaKey(source, fingerprint));
      if (item) found.set(fingerprint, keptOf(item));
    }
    return found;
  }
  for await (const item of each(items, schemasPartition(source)))
    if (found.has(item.sort)) found.set(item.sort, keptOf(item));
  return found;
}

function keptOf({ sort, value, version }: Item): KeptSchema {
  const { json, held } = value;
  return {
    fingerprint: sort,
    ...(typeof json === 'string' ? { json } : {}),
    held: held as Record<string, string>,
    version,
  };
}

/** Keeps an announced schema. The first of its fingerprint stands for good. */
export async function keepSchema(
  items: Items,
  source: string,
  fingerprint: string,
  json: string,
): Promise<void> {
  for (;;) {
    const known = (await readSchemas(items, source, [fingerprint])).get(fingerprint)!;
    if (known.json !== undefined) return;
    const { done } = await items.transact([putAction(source, { ...known, json })]);
    if (done) return;
  }
}

const shardName = ({ stream, shard }: ShardRef) => `${streamId(stream)}#${shard}`;

/** Whether a record of the shard was put aside before its schema was announced. */
export function isHeld({ held }: KeptSchema, at: ShardRef, sequence: string): boolean {
  const through = held[shardName(at)];
  return through !== undefined && compareSequences(sequence, through) <= 0;
}

/** Notes that records of the shard through this one are put aside: fails where the schema was announced meanwhile. */
export function holdAction(source: string, known: KeptSchema, at: ShardRef, through: string): ItemAction {
  return putAction(source, { ...known, held: { ...known.held, [shardName(at)]: through } });
}

function putAction(source: string, { fingerprint, json, held, version }: KeptSchema): ItemAction {
  const value: ItemValue = { ...(json === undefined ? {} : { json }), held };
  return { put: schemaKey(source, fingerprint), value, if: version };
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

/** They wait for their schema no longer. */
export async function forgetUnread(items: Items, source: string, { fingerprint, id }: Unread): Promise<void> {
  await items.transact([{ delete: unreadKey(source, fingerprint, id) }]);
}

/** What waits for a schema, by fingerprint. */
export async function* eachUnread(items: Items, source: string): AsyncGenerator<Unread> {
  for await (const { sort } of each(items, unreadPartition(source))) {
    const [fingerprint, id] = sort.split('#') as [string, string];
    yield { fingerprint, id };
  }
}

async function* each(items: Items, partition: string): AsyncGenerator<Item> {
  for (let after: string | undefined; ; ) {
    const page = await items.query(partition, '', { limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)?.sort;
  }
}
