import {
  CreateTableCommand,
  DeleteTableCommand,
  type GlueClient,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import type { Pointer, StagingCatalog, SwapResult } from '../../ports/catalog';
import type { Ids } from '../../ports/ids';
import type { ObjectStore } from '../../ports/object-store';
import { unpacked } from '../store-catalog';
import { pause } from './backoff';
import { metadataGone, triesSpent } from './errors';
import { isTransient, nameOf } from './failures';
import { codedGlue, entryOf, type GlueEntry, listEntries, METADATA_LOCATION } from './glue-entry';
import { type GlueMetadata, readHeader, tableInput } from './glue-table';

const TRIES_MAX = 10;

interface GluePlace {
  readonly client: GlueClient;
  readonly database: string;
  readonly store: ObjectStore;
  readonly ids: Ids;
}

/**
 * The tables of a Glue database whose files are in `store`. A table's entry names its newest metadata file, and
 * changing that entry is the commit (PROTOCOL.md, M5): UpdateTable with the version of the entry that was read, so
 * that of two writers one is refused. Metadata files are `<location>/metadata/<version>-<fresh id>.metadata.json`:
 * a writer that dies between its file and the entry leaves a file that nothing names, and blocks no name.
 *
 * The client's own retries stay on. A repeated or unanswered UpdateTable is settled by reading the entry back.
 */
export function glueCatalog(
  client: GlueClient,
  options: { database: string; store: ObjectStore; ids: Ids },
): StagingCatalog {
  const place: GluePlace = { client, ...options };
  return {
    load: table => load(place, table),
    create: (table, metadata) => publish(place, table, undefined, metadata),
    swap: (table, base, metadata) => publish(place, table, base, metadata),
    list: () => list(place),
    forget: table => forget(place, table),
  };
}

async function load(
  { client, database, store }: GluePlace,
  table: string,
): Promise<{ pointer: Pointer; metadata: Uint8Array } | undefined> {
  for (let missed: string | undefined; ; ) {
    const entry = await entryOf(client, database, table);
    if (!entry) return undefined;
    const bytes = await store.get(store.keyOf(entry.metadata));
    if (bytes) return { pointer: pointerOf(entry.metadata), metadata: unpacked(entry.metadata, bytes) };
    // Gone since the entry was read: then the entry names a newer one by now.
    if (missed === entry.metadata) throw metadataGone(table, entry.metadata);
    missed = entry.metadata;
  }
}

/**
 * Writes the metadata file after `base` (the first one without it), then makes the entry name it. A crash between
 * the two leaves a file that nothing names, for vacuum; a crash after them a commit that stands.
 */
async function publish(
  place: GluePlace,
  table: string,
  base: Pointer | undefined,
  metadata: Uint8Array,
): Promise<SwapResult> {
  const before = await entryOf(place.client, place.database, table);
  if (before?.metadata !== base?.uri) return { swapped: false };
  const header = readHeader(metadata, place.store.uri(table));
  const pointer = await writeMetadata(place, header, base, metadata);

  const call = base ? 'UpdateTable' : 'CreateTable';
  let failure: unknown;
  for (let attempt = 0, entry = before; attempt < TRIES_MAX; attempt++) {
    try {
      await write(place, table, entry, header, pointer);
      return { swapped: true, pointer };
    } catch (error) {
      // An entry that is gone under an update was dropped since; under a create it is the database that is missing.
      const dropped = base && nameOf(error) === 'EntityNotFoundException';
      if (!dropped && !isUnclear(error)) throw codedGlue(call, place.database, table, error);
      failure = error;
    }
    // The entry says what became of it. Ours: done, whoever answered what. Another's: refused; whether ours is an
    // ancestor of it is for the caller to see (PROTOCOL.md, M6). The base still: nothing happened, or something else
    // of the entry changed, or our request is still on its way and will change nothing, as the version has moved.
    await pause(attempt);
    entry = await entryOf(place.client, place.database, table);
    if (entry?.metadata === pointer.uri) return { swapped: true, pointer };
    if (entry?.metadata !== base?.uri) return { swapped: false };
  }
  throw triesSpent(call, `Glue ${place.database}.${table}`, TRIES_MAX, failure);
}

async function writeMetadata(
  { store, ids }: GluePlace,
  { location }: GlueMetadata,
  base: Pointer | undefined,
  metadata: Uint8Array,
): Promise<Pointer> {
  const version = base ? base.version + 1 : 0;
  const name = `${String(version).padStart(5, '0')}-${ids.fresh()}.metadata.json`;
  const key = `${store.keyOf(location)}/metadata/${name}`;
  if (!(await store.putIfAbsent(key, metadata))) throw new Error(`the fresh name ${key} was taken`);
  return { version, uri: store.uri(key) };
}

async function write(
  { client, database }: GluePlace,
  table: string,
  before: GlueEntry | undefined,
  header: GlueMetadata,
  pointer: Pointer,
): Promise<void> {
  const TableInput = tableInput(table, before?.table, header, pointer.uri);
  if (!before) {
    await client.send(new CreateTableCommand({ DatabaseName: database, TableInput }));
    return;
  }
  const { VersionId } = before.table;
  // Glue keeps 100,000 versions of its entries; the metadata log and the snapshots are the history here.
  await client.send(
    new UpdateTableCommand({ DatabaseName: database, TableInput, VersionId, SkipArchive: true }),
  );
}

/** Only the entry as it stands now says what became of the write. */
function isUnclear(error: unknown): boolean {
  return CONTENDED.has(nameOf(error)) || isTransient(error);
}

const CONTENDED = new Set([
  'AlreadyExistsException',
  'ConcurrentModificationException',
  'ConditionCheckFailureException',
  'OperationTimeoutException',
  'ResourceNotReadyException',
  'VersionMismatchException',
]);

/** Tables of this lake: a view, a Hive table, or a table whose metadata lies elsewhere is none. */
async function list({ client, database, store }: GluePlace): Promise<string[]> {
  const names: string[] = [];
  const root = store.uri('x').slice(0, -1);
  for await (const { Name, Parameters } of listEntries(client, database)) {
    if (Parameters?.[METADATA_LOCATION]?.startsWith(root)) names.push(Name ?? '');
  }
  return names;
}

async function forget({ client, database }: GluePlace, table: string): Promise<void> {
  try {
    await client.send(new DeleteTableCommand({ DatabaseName: database, Name: table }));
  } catch (error) {
    if (nameOf(error) !== 'EntityNotFoundException') throw codedGlue('DeleteTable', database, table, error);
  }
}

/** The number in the file's name, which every engine's catalog counts up; 0 for a name without one. */
function pointerOf(uri: string): Pointer {
  const match = /^v?(\d+)/.exec(uri.slice(uri.lastIndexOf('/') + 1));
  return { version: match ? Number(match[1]) : 0, uri };
}
