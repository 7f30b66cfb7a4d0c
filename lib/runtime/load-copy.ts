import type { ResolvedTable } from '../config/resolved';
import type { CopyPlace } from '../ledger/loads';
import { heldObjects, heldReload } from '../ledger/reloads';
import type { Items } from '../ports/items';
import type { ObjectStore } from '../ports/object-store';
import { filesMissing } from '../stages/load/errors';
import type { CopySource } from '../stages/load/source/copy';
import { decodedSource } from '../stages/load/source/decoded';
import { dmsLoadsSource } from '../stages/load/source/dms-loads';
import { filesSource } from '../stages/load/source/files';
import { manifestSource } from '../stages/load/source/manifest';
import { rdsExportSource } from '../stages/load/source/rds-export';
import type { OpenCopy } from '../stages/load/steps';
import { copyInLake, copyUnreadable, sourceTableUnclear } from './load-errors';

/** A copy as a person names it. */
export interface CopyNamed {
  /** Files, and folders of files; one folder of an export; one summary of a manifest. */
  readonly from: readonly string[];
  /** Default: what the files say of themselves. */
  readonly kind?: CopyPlace['kind'] | undefined;
  /** Of an export: `db.table`, `db.schema.table`. Default: what the config says, or else its own name. */
  readonly sourceTable?: string | undefined;
}

/** Where the copies of a lake's tables may lie: files of this machine, or objects of S3. They are only read. */
export interface CopyRoom {
  /** All of them as one store: a key is an absolute path, or an address, without what it begins with. */
  readonly copies: ObjectStore;
  /** What a person named, absolute. @throws TM_7019 for what lies elsewhere */
  readonly absolute: (path: string) => Promise<string>;
  /** Where the lake itself stands. */
  readonly lake: string;
  /** Of a deployed lake: the LOAD objects in there are known by their keys. */
  readonly landing?: { readonly store: ObjectStore; readonly address: string };
}

/** Paths that a load notes; more are named by their folder. */
const PATHS_MAX = 1000;
/** A summary is small; a larger JSON file has rows. */
const SUMMARY_BYTES_MAX = 1 << 20;

/**
 * Where a copy is, with all that it takes to open it again. A folder's path ends with `/`.
 * @throws TM_2708 for paths that are not there, TM_7013 for the lake's own, TM_7016 for a table that cannot be told
 */
export async function placeOf(
  table: ResolvedTable,
  { from, kind, sourceTable }: CopyNamed,
  room: CopyRoom,
): Promise<CopyPlace> {
  if (from.length > PATHS_MAX) throw copyUnreadable(`${from.length} paths are named`, from[0]!);
  const found: Awaited<ReturnType<typeof lookAt>>[] = [];
  for (const path of from) found.push(await lookAt(room, await room.absolute(path)));
  const missing = from.filter((_, i) => !found[i]);
  if (missing.length > 0) throw filesMissing(table.name, missing);
  const at = found.map(one => one!.path);
  const own = at.find(path => isWithin(path, room.lake) || isWithin(room.lake, path));
  if (own !== undefined) throw copyInLake(own, room.lake);
  const is = kind ?? (await kindOf(room.copies, at, found[0]?.bytes));
  if (is !== 'files' && is !== 'dms' && at.length > 1)
    throw copyUnreadable(`one ${is === 'export' ? 'folder' : 'summary'} is loaded at a time`, at[1]!);
  if (is !== 'export') {
    if (sourceTable !== undefined)
      throw copyUnreadable('the copy is one table, so it has no --source-table', at[0]!);
    return { kind: is, at, table: table.name };
  }
  const { source } = openCopy(room, table, { kind: is, at, table: '' });
  return { kind: is, at, table: sourceTable ?? exported(table, await source.tables()) };
}

const keyOf = (path: string) => path.replace(/^(s3:\/)?\//, '');

/**
 * A folder that has files, or else a file. The folder is looked for first: whoever may read all below it may not ask for an
 * object of its name.
 */
async function lookAt(
  { copies }: CopyRoom,
  path: string,
): Promise<{ readonly path: string; readonly bytes?: number } | undefined> {
  const folder = path.endsWith('/') ? path : `${path}/`;
  for await (const _ of copies.list(keyOf(folder))) return { path: folder };
  if (path === folder) return undefined;
  const file = await copies.head(keyOf(path));
  return file && { path, bytes: file.size };
}

function isWithin(path: string, folder: string): boolean {
  return `${path}/`.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}

async function kindOf(
  copies: ObjectStore,
  [path, ...others]: readonly string[],
  bytes: number | undefined,
): Promise<CopyPlace['kind']> {
  if (path === undefined || others.length > 0) return 'files';
  if (bytes !== undefined) {
    const isSummary =
      path.endsWith('.json') && bytes <= SUMMARY_BYTES_MAX && (await summarizes(copies, path));
    return isSummary ? 'manifest' : 'files';
  }
  const info = `${keyOf(path)}export_info_`;
  for await (const { key } of copies.list(info))
    if (/^[^/]*\.json$/.test(key.slice(info.length))) return 'export';
  const load = `${keyOf(path)}LOAD`;
  for await (const { key } of copies.list(load))
    if (/^[0-9A-F]{8}\.[^/]+$/i.test(key.slice(load.length))) return 'dms';
  return 'files';
}

/** Whether the file is one JSON object that names a manifest, and not lines of rows. */
async function summarizes(copies: ObjectStore, path: string): Promise<boolean> {
  const bytes = await copies.get(keyOf(path));
  try {
    const said = JSON.parse(Buffer.from(bytes ?? []).toString()) as Record<string, unknown> | null;
    return typeof said?.manifest === 'string' && typeof said.fingerprint === 'string';
  } catch {
    return false;
  }
}

/** The export's table that the config means: `db.table`, or `db.schema.table` where there are schemas. @throws TM_7016 */
function exported({ name, from }: ResolvedTable, known: readonly string[]): string {
  const end = from.schema === undefined ? from.table : `${from.schema}.${from.table}`;
  const fitting = known.filter(one => one === end || one.endsWith(`.${end}`));
  if (fitting.length !== 1) throw sourceTableUnclear(name, fitting, known);
  return fitting[0]!;
}

/** Opens a copy for reading; nothing is ever written there. @throws TM_7019 for LOAD objects beside a deployed lake's landing */
export function openCopy(
  { copies, landing }: Pick<CopyRoom, 'copies' | 'landing'>,
  declared: ResolvedTable,
  { kind, at, table }: CopyPlace,
): OpenCopy {
  const keys = at.map(keyOf);
  const [first = ''] = keys;
  const decoded = (source: CopySource) => ({ copies, source: decodedSource(source, copies, declared) });
  if (kind === 'manifest') return decoded(manifestSource(copies, { table, summary: first }));
  if (kind === 'export') return { copies, source: rdsExportSource(copies, first) };
  if (kind === 'files') return decoded(filesSource(copies, { table, from: keys }));
  if (!landing) return decoded(dmsLoadsSource(copies, { table, folders: keys }));
  const { store, address } = landing;
  const elsewhere = at.find(path => !path.startsWith(address));
  if (elsewhere !== undefined)
    throw copyUnreadable("LOAD objects are loaded from the lake's landing", elsewhere);
  const folders = at.map(path => path.slice(address.length));
  const source = decodedSource(dmsLoadsSource(store, { table, folders }), store, declared);
  return { copies: store, source };
}

/** Where a reload stands that waits in a deployed lake's landing. Undefined: none waits there. */
export async function heldPlace(
  items: Items,
  { landing }: CopyRoom,
  table: string,
): Promise<CopyPlace | undefined> {
  if (!landing || !(await heldReload(items, table))) return undefined;
  const at = new Set<string>();
  for await (const { object } of heldObjects(items, table))
    at.add(landing.address + object.slice(0, object.lastIndexOf('/') + 1));
  return at.size === 0 ? undefined : { kind: 'dms', at: [...at].sort(), table };
}
