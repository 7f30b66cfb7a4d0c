import { parseMetadata, type Snapshot, type TableMetadata } from '../../iceberg/metadata';
import { readAside } from '../../ledger/aside';
import { listAttempts } from '../../ledger/attempts';
import { type Entry, entriesAfter, isLoad } from '../../ledger/entries';
import { openLoad } from '../../ledger/loads';
import { eachQuarantined } from '../../ledger/quarantine';
import { heldReload } from '../../ledger/reloads';
import type { LakePorts } from '../../ports/lake-ports';
import { readAsideFiles } from '../../table/aside-files';
import { statedCursor } from '../../table/cursor';
import { readManifest, readManifests } from '../../table/live-files';
import { isPackOf, loadFolder, readLoadFiles } from '../../table/load-files';
import { type OpenTable, openTable } from '../../table/open';
import { isOwn } from './own';
import { type Run, slices } from './run';

/** Manifest lists, or manifests, that are read at once: each is a request, and memory holds all of them. */
const READS_AT_ONCE = 4;

/** Names are given in groups of at most this many. */
const GROUP_MAX = 1000;

/**
 * Those of the keys that nothing names: no retained snapshot of any table, no ledger entry, open attempt or quarantine
 * record. Memory grows with the keys asked about, never with the names there are.
 * @returns in the order of the keys; undefined when the run's time was over first: then nothing is known of any of them
 */
export async function unnamedAmong(run: Run, keys: Iterable<string>): Promise<Set<string> | undefined> {
  const unnamed = new Set(keys);
  for await (const group of namesFor(run.ports, unnamed)) {
    for (const key of group) unnamed.delete(key);
    if (unnamed.size === 0) break;
    if (run.over()) return undefined;
  }
  run.judged = true;
  return unnamed;
}

type Names = AsyncGenerator<readonly string[]>;

/**
 * What waits for a commit goes first, then the tables: what is read in between as committed is named by the table then. A
 * load that is under way becomes an entry; an entry's packs, what is folded aside and an attempt's files become a
 * table's; never the other way.
 */
async function* namesFor(ports: LakePorts, asked: ReadonlySet<string>): Names {
  const folders = new Set([...asked].map(key => key.split('/', 2).join('/')));
  const loaded = new Set<string>();
  for (const folder of folders) {
    const [kind = '', name = ''] = folder.split('/');
    if (kind === 'deltas') loaded.add(name);
    else if (kind === 'staging') yield* namesOfAttempts(ports, name, asked);
    else if (name === 'data') loaded.add(kind);
  }
  for (const table of loaded) {
    yield* namesOfLoading(ports, table, asked);
    yield* namesOfReload(ports, table, asked);
    yield* namesOfEntries(ports, table);
    yield* namesOfAside(ports, table);
  }
  for (const table of await ports.catalog.list()) {
    if (await isOwn(ports, table)) {
      const open = await openTable(ports, table);
      if (open) yield* namesOfTable(ports, open);
    } else yield* namesOfForeign(ports, table);
  }
  for await (const { copy } of eachQuarantined(ports.items)) yield [copy];
}

/**
 * Another's table may share files with ours (a copy that another engine made without copying). Where it cannot be
 * read, its names are not known: what is not ours must not stop what is.
 */
async function* namesOfForeign(ports: LakePorts, name: string): Names {
  try {
    const found = await ports.catalog.load(name);
    if (!found) return;
    const metadata = parseMetadata(found.metadata);
    yield* namesOfTable(ports, { name, pointer: found.pointer, metadata });
  } catch {
    // As far as it could be read.
  }
}

/** Everything that the table's metadata leads to: metadata files, lists, manifests, data, delete and statistics files. */
async function* namesOfTable(ports: LakePorts, { pointer, metadata }: OpenTable): Names {
  const root = ports.store.uri('x').slice(0, -1);
  // Cut, not checked: what is no key of the store names nothing in it.
  const keysOf = (uris: readonly string[]) =>
    uris.filter(uri => uri.startsWith(root)).map(uri => uri.slice(root.length));
  yield keysOf([pointer.uri, ...metadata['metadata-log'].map(l => l['metadata-file'])]);
  yield keysOf(statisticsOf(metadata));
  const known = new Set<string>();
  for (const snapshots of slices(metadata.snapshots, READS_AT_ONCE)) {
    yield keysOf(snapshots.map(s => s['manifest-list']));
    const lists = await Promise.all(snapshots.map((s: Snapshot) => readManifests(ports.store, s)));
    const fresh = new Map(lists.flat().map(m => [m.path, m] as const));
    for (const path of known) fresh.delete(path);
    for (const manifests of slices([...fresh.values()], READS_AT_ONCE)) {
      yield keysOf(manifests.map(m => m.path));
      const files = await Promise.all(
        manifests.map(async manifest =>
          (await readManifest(ports.store, metadata, manifest)).flatMap(({ status, file }) =>
            status === 'deleted' ? [] : [file.path],
          ),
        ),
      );
      for (const manifest of manifests) known.add(manifest.path);
      for (const paths of files) yield keysOf(paths);
    }
  }
}

function statisticsOf(metadata: TableMetadata): string[] {
  const files = ['statistics', 'partition-statistics'].flatMap(
    kind => (metadata[kind] ?? []) as { 'statistics-path': string }[],
  );
  return files.map(file => file['statistics-path']);
}

/** Where the rows of each entry stand now: in its delta, or in a file of joined ones. */
async function* namesOfEntries(ports: LakePorts, table: string): Names {
  let group: string[] = [];
  for await (const entry of entriesAfter(ports.items, table, 0)) {
    group.push(entry.joined?.key ?? entry.key);
    if (isLoad(entry)) yield* namesOfLoad(ports, table, entry);
    if (group.length < GROUP_MAX) continue;
    yield group;
    group = [];
  }
  yield group;
}

/** A load's files are the log's; its packs are its own until a commit of the table names them. */
async function* namesOfLoad(ports: LakePorts, table: string, entry: Entry): Names {
  const { parts, packs } = await readLoadFiles(ports, entry);
  yield parts.map(part => part.key);
  const open = await openTable(ports, table);
  const merged = open && (statedCursor(open.metadata)?.through ?? 0) >= entry.n;
  if (!merged) yield packs.map(pack => pack.key);
}

/** What merges have folded of a load is named by the ledger, until a commit of the table names it. */
async function* namesOfAside(ports: LakePorts, table: string): Names {
  const standing = await readAside(ports.items, table);
  const open = standing && (await openTable(ports, table));
  if (!open || (statedCursor(open.metadata)?.through ?? 0) >= standing.note.n) return;
  const { manifests } = standing.note;
  yield manifests;
  const change = await readAsideFiles(ports, open.metadata, manifests);
  if (change) yield [...change.added.data, ...change.added.deletes].map(f => ports.store.keyOf(f.file.path));
}

/** What a load that is under way has written so far is its own: its files bear its name. */
async function* namesOfLoading({ items }: LakePorts, table: string, asked: ReadonlySet<string>): Names {
  const loading = await openLoad(items, table);
  if (!loading) return;
  const { id } = loading.load;
  const folder = `${loadFolder(table, id)}/`;
  yield [...asked].filter(key => key.startsWith(folder) || isPackOf(id, key));
}

/** A load that is committed may not have ended its reload yet: what it knows of the objects is not found elsewhere. */
async function* namesOfReload({ items }: LakePorts, table: string, asked: ReadonlySet<string>): Names {
  if (!(await heldReload(items, table))) return;
  const folder = loadFolder(table, '');
  yield [...asked].filter(key => key.startsWith(folder) && key.includes('/read/'));
}

/** What an open attempt of the report has staged so far is its own, whatever stands there. */
async function* namesOfAttempts({ items }: LakePorts, report: string, asked: ReadonlySet<string>): Names {
  const attempts = await listAttempts(items, report);
  const open = attempts.filter(a => a.state === 'open').map(({ id }) => `staging/${report}/${id}`);
  yield [...asked].filter(key => open.some(folder => key.startsWith(folder)));
}
