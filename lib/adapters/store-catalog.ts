import { gunzipSync } from 'node:zlib';
import type { Catalog, Pointer, SwapResult } from '../ports/catalog';
import type { ObjectStore } from '../ports/object-store';
import { metadataUnreadable, pointerUnsettled } from './errors';
import { listVersions, metadataFolder, type VersionFile } from './metadata-files';

/** How often a pointer is looked for again when its file was gone by the time it was read. */
const LOAD_ATTEMPTS_MAX = 10;

const HINT = 'version-hint.text';

/**
 * A catalog that needs nothing but a store: the newest version by listing is the pointer, and put-if-absent of
 * the next number is the swap (PROTOCOL.md, M5). A table `t` lives at `t/metadata/v<N>.metadata.json`.
 *
 * Empty versions are names only, never the pointer: old ones were emptied by vacuum, which leaves the names so
 * that a writer who slept since then cannot take one again; a newest one is what another engine's writer left
 * that made its file before filling it, and died. Numbers go on above it. It must not be removed or filled
 * later: a commit may stand above it by then that does not know it.
 */
export function catalogOverStore(store: ObjectStore): Catalog {
  return {
    load: table => load(store, table),
    create: (table, metadata) => publish(store, table, undefined, metadata),
    swap: (table, base, metadata) => publish(store, table, base, metadata),
    list: () => listTables(store),
  };
}

async function load(
  store: ObjectStore,
  table: string,
): Promise<{ pointer: Pointer; metadata: Uint8Array } | undefined> {
  for (let attempt = 0; attempt < LOAD_ATTEMPTS_MAX; attempt++) {
    const newest = await pointedAt(store, await listVersions(store, table));
    if (!newest) return undefined;
    const bytes = await store.get(newest.key);
    // Missing or emptied since it was listed: newer versions stand by now.
    if (bytes && bytes.length > 0) {
      const uri = store.uri(newest.key);
      return { pointer: { version: newest.version, uri }, metadata: unpacked(uri, bytes) };
    }
  }
  throw pointerUnsettled(table, LOAD_ATTEMPTS_MAX);
}

/** Writes `metadata` as the version after `base`, or as the first one; refused if another stands there. */
async function publish(
  store: ObjectStore,
  table: string,
  base: Pointer | undefined,
  metadata: Uint8Array,
): Promise<SwapResult> {
  const refused: SwapResult = { swapped: false };
  const before = await listVersions(store, table);
  const newest = await pointedAt(store, before);
  if ((newest && store.uri(newest.key)) !== base?.uri) return refused;

  const version = (before[0]?.version ?? 0) + 1;
  const name = `v${version}.metadata.json`;
  const key = metadataFolder(table) + name;
  // As an empty version this would be no commit, and it would use up the number.
  if (metadata.length === 0) throw metadataUnreadable(store.uri(key), 'to be written is empty');
  // The commit point. A crash before it leaves nothing; one after it leaves a commit that its writer, or
  // whoever reads the pointer next, finds standing.
  if (!(await store.putIfAbsent(key, metadata))) return refused;

  // Our number may have been taken and its name removed by another engine while we slept since the listing.
  // Then newer versions stand that do not know ours, and ours is a dead branch.
  const after = live(await listVersions(store, table));
  if (after && after.version > version && !(await descends(store, after, base, metadata))) return refused;

  // Last, as readers that trust the hint must find the file it names. The commit stands whether the hint can
  // be written or not: an error here would report it as failed, and the next commit writes the hint again.
  await raiseHint(store, table, version).catch(() => undefined);
  return { swapped: true, pointer: { version, uri: store.uri(key) } };
}

/** The version that is the pointer, from a list that is newest first. */
function live(versions: readonly VersionFile[]): VersionFile | undefined {
  return versions.find(file => !file.empty);
}

/**
 * The pointer: the newest version, or what another engine's own catalog put on top of it. Such catalogs count
 * NNNNN-<uuid> by themselves, from 0, so a file's number says nothing there: its metadata log names the file
 * before it.
 */
async function pointedAt(
  store: ObjectStore,
  versions: readonly VersionFile[],
): Promise<VersionFile | undefined> {
  let newest = live(versions);
  let named = versions.filter(file => file.rank === 2 && !file.empty && file !== newest);
  while (newest && named.length > 0) {
    const before = await metadataLog(store, newest);
    named = named.filter(file => !before.includes(store.uri(file.key)));
    const uri = store.uri(newest.key);
    const logs = await Promise.all(named.map(file => metadataLog(store, file)));
    const next = named.find((_, i) => logs[i]!.at(-1) === uri);
    if (!next) return newest;
    newest = { ...next, version: newest.version };
  }
  return newest;
}

async function metadataLog(store: ObjectStore, file: VersionFile): Promise<string[]> {
  const bytes = await store.get(file.key);
  try {
    const json = JSON.parse(Buffer.from(unpacked('', bytes ?? new Uint8Array())).toString());
    return (json['metadata-log'] ?? []).map((entry: { 'metadata-file': string }) => entry['metadata-file']);
  } catch {
    return [];
  }
}

/**
 * Whether `newer` was committed on top of ours: it holds the snapshots that ours added to its base. Their ids
 * are random, while the metadata log's names and times may be those of another writer's version of our number.
 * No is also the answer where this cannot be known: ours added none (a change of schema or properties), they
 * have expired since, or the base was emptied. It may be wrong, and a refused writer reads back (M6); yes is not.
 */
async function descends(
  store: ObjectStore,
  newer: VersionFile,
  base: Pointer | undefined,
  ours: Uint8Array,
): Promise<boolean> {
  const before = base ? snapshotIds(await store.get(store.keyOf(base.uri))) : new Set<number>();
  const theirs = snapshotIds(await store.get(newer.key));
  const added = [...(snapshotIds(ours) ?? [])].filter(id => !before?.has(id));
  return before !== undefined && added.length > 0 && added.every(id => theirs?.has(id));
}

/**
 * Undefined for what is gone, empty or torn: whoever loads it says so, here it only proves nothing. The ids
 * lose their last bits in JSON.parse, the same ones on every side: enough to tell random numbers apart.
 */
function snapshotIds(bytes: Uint8Array | undefined): Set<number> | undefined {
  if (!bytes) return undefined;
  try {
    const { snapshots = [] } = JSON.parse(Buffer.from(unpacked('', bytes)).toString()) as {
      snapshots?: { 'snapshot-id': number }[];
    };
    return new Set(snapshots.map(snapshot => snapshot['snapshot-id']));
  } catch {
    return undefined;
  }
}

/** The bytes of a metadata file, decompressed if they are gzip. */
export function unpacked(uri: string, bytes: Uint8Array): Uint8Array {
  // By its first bytes, whatever its name says: engines disagree on where `gz` stands.
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return new Uint8Array(gunzipSync(bytes));
  } catch (cause) {
    throw metadataUnreadable(uri, 'is compressed and does not decompress', cause);
  }
}

/**
 * Writes the hint unless it is there or beyond. Two writers may pass that test and put theirs in the wrong
 * order, so each looks for a next version after its own put: whoever puts last raises it.
 */
async function raiseHint(store: ObjectStore, table: string, committed: number): Promise<void> {
  const folder = metadataFolder(table);
  for (let version = committed; ; ) {
    const hint = await store.get(folder + HINT);
    if (hint && Number(Buffer.from(hint).toString()) >= version) return;
    await store.put(folder + HINT, Buffer.from(String(version)));
    if (!(await store.head(`${folder}v${version + 1}.metadata.json`))) return;
    // A file named NNNNN-<uuid> is no version that the hint can name.
    version = live((await listVersions(store, table)).filter(file => file.rank < 2))?.version ?? version;
  }
}

/** One look per folder at the top of the store, whatever stands in it: the listing leaps over each. */
async function listTables(store: ObjectStore): Promise<string[]> {
  const tables: string[] = [];
  for (let after: string | undefined; ; ) {
    const key = await firstKey(store, after);
    if (key === undefined) return tables;
    const slash = key.indexOf('/');
    if (slash < 0) {
      after = key;
      continue;
    }
    const folder = key.slice(0, slash);
    if (live(await listVersions(store, folder))) tables.push(folder);
    // '0' is the character after '/': all that stands in the folder comes before this.
    after = `${folder}0`;
  }
}

async function firstKey(store: ObjectStore, after: string | undefined): Promise<string | undefined> {
  for await (const { key } of store.list('', after)) return key;
  return undefined;
}
