import type { Stats } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, resolve, sep } from 'node:path';
import { localStore } from '../adapters/local/object-store';
import type { ResolvedTable } from '../config/resolved';
import type { CopyPlace } from '../ledger/loads';
import type { ObjectStore } from '../ports/object-store';
import { filesMissing } from '../stages/load/errors';
import type { CopySource } from '../stages/load/source/copy';
import { filesSource } from '../stages/load/source/files';
import { manifestSource } from '../stages/load/source/manifest';
import { rdsExportSource } from '../stages/load/source/rds-export';
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

/** A copy that can be read. */
export interface OpenCopy {
  readonly copies: ObjectStore;
  readonly source: CopySource;
}

/** Paths that a load notes; more are named by their folder. */
const PATHS_MAX = 1000;
/** A summary is small; a larger JSON file has rows. */
const SUMMARY_BYTES_MAX = 1 << 20;

/**
 * Where a copy is, with all that it takes to open it again.
 * @throws TM_2708 for paths that are not there, TM_7013 for the lake's own, TM_7016 for a table that cannot be told
 */
export async function placeOf(
  table: ResolvedTable,
  { from, kind, sourceTable }: CopyNamed,
  { cwd, lake }: { readonly cwd: string; readonly lake: string },
): Promise<CopyPlace> {
  const address = from.find(path => /^[a-z0-9]+:\/\//i.test(path));
  if (address !== undefined) throw copyUnreadable('the copy is not on this machine', address);
  if (from.length > PATHS_MAX) throw copyUnreadable(`${from.length} paths are named`, from[0]!);
  const at = from.map(path => resolve(cwd, path));
  const stats = await Promise.all(at.map(path => stat(path).catch(() => undefined)));
  const missing = from.filter((_, i) => !stats[i]);
  if (missing.length > 0) throw filesMissing(table.name, missing);
  const own = at.find(path => isWithin(path, lake) || isWithin(lake, path));
  if (own !== undefined) throw copyInLake(own, lake);
  const found = kind ?? (await kindOf(at, stats[0]!));
  if (found !== 'files' && at.length > 1)
    throw copyUnreadable(`one ${found === 'export' ? 'folder' : 'summary'} is loaded at a time`, at[1]!);
  if (found !== 'export') {
    if (sourceTable !== undefined)
      throw copyUnreadable('the copy is one table, so it has no --source-table', at[0]!);
    return { kind: found, at, table: table.name };
  }
  const { source } = openCopy({ kind: found, at, table: '' });
  return { kind: found, at, table: sourceTable ?? exported(table, await source.tables()) };
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

async function kindOf(at: readonly string[], stats: Stats): Promise<CopyPlace['kind']> {
  const [path, ...others] = at;
  if (path === undefined || others.length > 0) return 'files';
  if (stats.isDirectory()) {
    const names = await readdir(path);
    return names.some(name => /^export_info_.*\.json$/.test(name)) ? 'export' : 'files';
  }
  const isSummary = path.endsWith('.json') && stats.size <= SUMMARY_BYTES_MAX && (await summarizes(path));
  return isSummary ? 'manifest' : 'files';
}

/** Whether the file is one JSON object that names a manifest, and not lines of rows. */
async function summarizes(path: string): Promise<boolean> {
  try {
    const said = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown> | null;
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

/** Opens a copy for reading; nothing is ever written there. */
export function openCopy({ kind, at, table }: CopyPlace): OpenCopy {
  const [path = '/'] = at;
  if (kind === 'manifest') {
    // Its files may stand anywhere on this machine.
    const copies = localStore('/');
    return { copies, source: manifestSource(copies, { table, summary: path.slice(1) }) };
  }
  const root = commonFolder(at);
  const copies = localStore(root);
  if (kind === 'export') return { copies, source: rdsExportSource(copies, basename(path)) };
  const below = (one: string) => one.slice(root.endsWith('/') ? root.length : root.length + 1);
  return { copies, source: filesSource(copies, { table, from: at.map(below) }) };
}

/** The deepest folder that holds all of the paths. */
function commonFolder(paths: readonly string[]): string {
  let folder = dirname(paths[0] ?? '/');
  while (!paths.every(path => path !== folder && isWithin(path, folder))) folder = dirname(folder);
  return folder;
}
