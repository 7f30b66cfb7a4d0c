import { createHash } from 'node:crypto';
import type { ResolvedTable } from '../../config/resolved';
import { currentSchema } from '../../iceberg/metadata';
import { noteAside, readAside } from '../../ledger/aside';
import type { Entry } from '../../ledger/entries';
import type { LakePorts } from '../../ports/lake-ports';
import { type FilesChange, readAsideFiles, writeAsideFiles } from '../../table/aside-files';
import type { CurrentTable } from '../../table/current-table';
import { type Cursor, cursorOfSummary, cursorSummary } from '../../table/cursor';
import type { LiveFiles } from '../../table/live-files';
import type { OpenTable } from '../../table/open';
import { vacuumCountOf } from '../../table/vacuum-count';
import type { Aside } from './fold-aside';
import type { After } from './slice';

/** What a load is folded onto. */
export interface Ground {
  readonly table: ResolvedTable;
  readonly load: Entry;
  readonly current: CurrentTable;
  readonly log: OpenTable;
  readonly cursor: Cursor;
  /** The files that the fold begins with: none where it begins anew. */
  readonly files: LiveFiles;
}

/** What an earlier merge has left, if it was folded onto the same ground. */
export async function takeUp(
  ports: LakePorts,
  ground: Ground,
): Promise<{ readonly aside?: Aside; readonly version: number } | undefined> {
  const { table, current, files } = ground;
  const standing = await readAside(ports.items, table.name);
  if (!standing) return undefined;
  const { note, version } = standing;
  if (note.base !== baseOf(ground)) return { version };
  const change = await readAsideFiles(ports, current.metadata, note.manifests);
  if (!change) return { version };
  const kept = (all: LiveFiles['data']) => all.filter(f => !change.removed.has(f.file.path));
  const { next, through, rows } = note;
  return {
    version,
    aside: {
      files: {
        data: [...kept(files.data), ...change.added.data],
        deletes: [...kept(files.deletes), ...change.added.deletes],
      },
      cursor: cursorOfSummary(note.cursor),
      ...{ next, through, rows },
    },
  };
}

/**
 * Leaves what is folded for the next merge: its files are written by now, then the manifests that name them, and the
 * ledger's note of those makes it count. A crash before the note leaves files that nothing names, and the next merge
 * goes on from the note before; so it does where another merge came first.
 * @param known the version of the note that stands
 */
export async function leave(
  ports: LakePorts,
  ground: Ground,
  { files, cursor, next, through, rows }: Aside,
  known: number | undefined,
): Promise<After> {
  const { table, load, current } = ground;
  const change = changeOf(ground.files, files);
  const named = { name: table.name, metadata: current.metadata };
  const manifests = await writeAsideFiles(ports, named, ground.files, change);
  const what = { n: load.n, base: baseOf(ground), manifests, cursor: cursorSummary(cursor) };
  await noteAside(ports.items, table.name, { ...what, next, through, rows }, known);
  return { through: load.n, id: BigInt((known ?? 0) + 1) };
}

/** Which files come and which go. */
export function changeOf(before: LiveFiles, after: LiveFiles): FilesChange {
  const paths = ({ data, deletes }: LiveFiles) => new Set([...data, ...deletes].map(f => f.file.path));
  const [old, fresh] = [paths(before), paths(after)];
  const added = (all: LiveFiles['data']) => all.filter(f => !old.has(f.file.path));
  return {
    added: { data: added(after.data), deletes: added(after.deletes) },
    removed: new Set([...old].filter(path => !fresh.has(path))),
  };
}

/**
 * All that a fold depends on and that may change between two merges. Columns are compared, not a schema's id: one that
 * is not committed yet may have the id of another. Of files that vacuum may have removed meanwhile the count tells.
 */
function baseOf({ table, load, current: { metadata, widened }, log, cursor, files }: Ground): string {
  const columns = [metadata, log.metadata].map(md => currentSchema(md).fields);
  const on = files.data.length > 0 ? [String(metadata['current-snapshot-id']), widened] : [];
  const base = [
    ...[load.n, load.name, cursorSummary(cursor), vacuumCountOf(metadata), metadata['default-spec-id']],
    ...[columns, table.deletedWhen ?? null, on],
  ];
  return createHash('sha256').update(JSON.stringify(base)).digest('hex');
}
