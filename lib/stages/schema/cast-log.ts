import type { ResolvedLake } from '../../config/resolved';
import type { DataFile } from '../../iceberg/data-file';
import { withMetadataLog } from '../../iceberg/evolution';
import { currentSchema, formatMetadata, type TableMetadata } from '../../iceberg/metadata';
import { entriesAfter, isLoad, type Mark, markJoined } from '../../ledger/entries';
import type { LakePorts } from '../../ports/lake-ports';
import { lackingIn, withAbsent } from '../../table/absent';
import { FOOTERS_AT_ONCE, mapAtOnce } from '../../table/at-once';
import { logTableOf } from '../../table/columns';
import { commit } from '../../table/commit';
import { cursorSummary, readCursor } from '../../table/cursor';
import { openFile, SMALL_FILE_BYTES } from '../../table/data-file';
import { commitContended, rowsDoNotAddUp } from '../../table/errors';
import { deltasIn, joinedFolder } from '../../table/joined-deltas';
import { type LiveFile, liveFiles } from '../../table/live-files';
import { type OpenTable, openTable } from '../../table/open';
import { isCast } from '../../table/retyped';
import { vacuumCountOf } from '../../table/vacuum-count';
import { writeFiles } from '../../table/write-files';

const TRIES = 20;

/**
 * Gives the log another schema, and in the same commit, beside the texts of retyped columns, their values: files that
 * have the texts alone are written anew, one for one, so that no reader of the log ever sees a retyped column without
 * values. Called again it does what is left: files of writers that began before it. Then the ledger's entries are told
 * where their rows stand.
 *
 * A crash before the commit leaves files that nothing names; one after it leaves entries that name their deltas still,
 * which hold the same rows as texts. Where another engine's deletes stand against the log, its files stay as they are,
 * as they do in compaction, and other engines see NULL; the table is right all the same.
 * @param evolve the log's metadata with the schema it is to have; as it is, where it has that
 */
export async function castLog(
  ports: LakePorts,
  table: string,
  evolve: (log: OpenTable) => Promise<TableMetadata>,
  limits: ResolvedLake['limits'],
): Promise<void> {
  const name = logTableOf(table);
  const written = new Map<string, DataFile>();
  let under = '';
  for (let i = 0; i < TRIES; i++) {
    const open = (await openTable(ports, name))!;
    const metadata = await evolve(open);
    // Files that were written for a try before hold good while vacuum has not looked and the columns are the same.
    const base = `${vacuumCountOf(open.metadata)} ${JSON.stringify(currentSchema(metadata).fields)}`;
    if (base !== under) written.clear();
    under = base;
    const { data, deletes } = await liveFiles(ports.store, open.metadata);
    const cast = deletes.length > 0 ? [] : await withTextsAlone(ports, metadata, data);
    const left = cast.filter(live => !written.has(live.file.path));
    const files = await eachFile(left, file => castFile(ports, { name: table, metadata }, file, limits));
    for (const [{ path }, file] of files) written.set(path, file);
    if (cast.length === 0 && metadata === open.metadata) return noteMoved(ports, table);
    const done =
      cast.length === 0
        ? await swapMetadata(ports, open, metadata)
        : await commit(
            ports,
            { ...open, metadata },
            {
              operation: 'replace',
              added: cast.map(live => written.get(live.file.path)!),
              removed: new Set(cast.map(live => live.file.path)),
              summary: cursorSummary(readCursor(name, open.metadata)),
            },
          );
    if (done.committed) return noteMoved(ports, table);
  }
  throw commitContended(name, TRIES);
}

/** Memory holds small files, FOOTERS_AT_ONCE of them, or a row group of a larger one: those go one after the other. */
async function eachFile<R>(
  files: readonly LiveFile[],
  work: (file: DataFile) => Promise<R>,
): Promise<(readonly [DataFile, R])[]> {
  const one = async ({ file }: LiveFile) => [file, await work(file)] as const;
  const isSmall = ({ file }: LiveFile) => file.size <= SMALL_FILE_BYTES;
  const done = await mapAtOnce(files.filter(isSmall), FOOTERS_AT_ONCE, one);
  for (const live of files) if (!isSmall(live)) done.push(await one(live));
  return done;
}

/** A commit without a snapshot. */
export async function swapMetadata(
  ports: LakePorts,
  open: OpenTable,
  metadata: TableMetadata,
): Promise<{ readonly committed: boolean }> {
  const previous = { uri: open.pointer.uri, updatedMs: open.metadata['last-updated-ms'] };
  const next = withMetadataLog(metadata, previous, ports.clock.now());
  const { swapped: committed } = await ports.catalog.swap(open.name, open.pointer, formatMetadata(next));
  return { committed };
}

/** A file whose writer stated no counts is asked itself. */
async function withTextsAlone(
  { store }: LakePorts,
  metadata: TableMetadata,
  data: readonly LiveFile[],
): Promise<LiveFile[]> {
  const { fields } = currentSchema(metadata);
  const isText = await mapAtOnce(data, FOOTERS_AT_ONCE, async ({ file }) => {
    const { valueCounts } = file.metrics;
    const ids =
      valueCounts.size > 0
        ? new Set(valueCounts.keys())
        : new Set((await openFile(store, file)).footer.columns.flatMap(c => c.fieldId ?? []));
    return fields.some(f => isCast(f, id => ids.has(id)));
  });
  return data.filter((_, i) => isText[i]);
}

/** The same rows in the same order, with the values of what is cast. */
async function castFile(
  ports: LakePorts,
  { name, metadata }: { readonly name: string; readonly metadata: TableMetadata },
  listed: DataFile,
  limits: ResolvedLake['limits'],
): Promise<DataFile> {
  const { fields } = currentSchema(metadata);
  const file = await openFile(ports.store, listed);
  const lacking = lackingIn(file, fields);
  const rows = async function* () {
    for (let group = 0; group < file.footer.rowGroups.length; group++)
      for await (const batch of file.pieces(group, fields)) yield withAbsent(batch, lacking);
  };
  const { specId, partition } = listed;
  const place = { folder: joinedFolder(name), fields, specId, partition, sortOrderId: null };
  const whole = { ...limits, fileBytesMax: Number.POSITIVE_INFINITY };
  const [cast] = await writeFiles(ports, place, rows(), whole);
  if (cast?.recordCount !== listed.recordCount)
    throw rowsDoNotAddUp(name, listed.recordCount, cast?.recordCount ?? 0);
  return cast;
}

/** Entries that are marked at once. */
const MARKS_MAX = 500;

/**
 * Tells the entries whose rows the log has in other files where those stand, by what the log's own files say; only then
 * may vacuum have the old ones. Those of loads stay: their manifests name them.
 */
async function noteMoved(ports: LakePorts, table: string): Promise<void> {
  const { metadata } = (await openTable(ports, logTableOf(table)))!;
  const { fields } = currentSchema(metadata);
  const folder = `${ports.store.uri(joinedFolder(table))}/`;
  const { data } = await liveFiles(ports.store, metadata);
  const live = new Set(data.map(({ file }) => file.path));
  const places = new Map<string, Mark & { readonly rows: number }>();
  const joined = data.filter(({ file }) => file.path.startsWith(folder));
  const found = await eachFile(joined, async file => deltasIn(await openFile(ports.store, file), fields));
  for (const [{ path, size: bytes }, deltas] of found)
    for (const { name, first, rows } of deltas)
      places.set(name, { key: ports.store.keyOf(path), bytes, first, rows });
  let marks = new Map<number, Mark>();
  for await (const entry of entriesAfter(ports.items, table, 0)) {
    const place = places.get(entry.name);
    const stands = entry.joined?.key ?? entry.key;
    if (isLoad(entry) || place?.rows !== entry.rows || live.has(ports.store.uri(stands))) continue;
    const { rows: _, ...mark } = place;
    marks.set(entry.n, entry.joined ? { ...mark, instead: entry.joined.key } : mark);
    if (marks.size < MARKS_MAX) continue;
    await markJoined(ports.items, table, marks);
    marks = new Map();
  }
  await markJoined(ports.items, table, marks);
}
