import type { Field } from '../columnar/types';
import type { ResolvedLake } from '../config/resolved';
import { allFields, currentSchema, currentSnapshot } from '../iceberg/metadata';
import type { LakePorts } from '../ports/lake-ports';
import type { ObjectStore } from '../ports/object-store';
import type { Cell, QueryEngine } from '../ports/query-engine';
import { userFields } from '../table/columns';
import { isKeyless } from '../table/key';
import { type LiveFiles, liveFiles } from '../table/live-files';
import { openTable } from '../table/open';
import { called } from '../table/renames';
import { rowOrder } from '../table/row-order';
import { type AsOf, named, type SnapshotAt, snapshotOrNothing } from './as-of';
import { comparedSides, type DiffEngine, isKeyedBy, type SnapshotRead } from './diff-sides';
import { type CountedColumns, countedDiffSql, diffSql } from './diff-sql';
import { tableUnknown } from './errors';
import { scanSql } from './scan';

/** A column of a changed row, before and after. */
export interface ColumnChange {
  readonly column: string;
  readonly from: Cell;
  readonly to: Cell;
}

/**
 * A row that differs: its key in the key's order; all its columns if added or deleted, the changed ones if changed. Of a
 * table without a key it is added or deleted, and comes as often as it was.
 */
export interface RowChange {
  readonly kind: 'added' | 'changed' | 'deleted';
  readonly key: readonly Cell[];
  readonly row?: Readonly<Record<string, Cell>>;
  readonly changes?: readonly ColumnChange[];
}

/**
 * What differs between two snapshots of a table, in key order or that of positions, as it is found. `from` is undefined:
 * from nothing.
 */
export interface TableDiff {
  readonly table: string;
  readonly key: readonly string[];
  /** The columns that are compared, as added and deleted rows have them. */
  readonly columns: readonly string[];
  readonly from: SnapshotAt | undefined;
  readonly to: SnapshotAt | undefined;
  readonly rows: AsyncIterable<RowChange>;
}

/** By DuckDB over the lake's files; those that both snapshots read alike are not read at all. */
export function filesDiff(store: ObjectStore, engine: Pick<QueryEngine, 'stream'>): DiffEngine {
  return {
    engine,
    async sides({ metadata, before, after }) {
      const read = async ({ snapshot }: SnapshotRead) =>
        snapshot ? liveFiles(store, metadata, snapshot) : { data: [], deletes: [] };
      const [old, now] = withoutShared(await read(before), await read(after));
      const known = allFields(metadata);
      return [scanSql(old, before.fields, { known }), scanSql(now, after.fields, { known })];
    },
    async log({ metadata }, fields) {
      return scanSql(await liveFiles(store, metadata), fields, { known: allFields(metadata) });
    },
  };
}

/**
 * The rows of a table added, changed and deleted since a point in time, by key, or without one by all its columns; the
 * lake's own columns do not count, and NULL equals NULL. A text from before a retype equals the value that it was cast to,
 * and is shown as it was.
 * @throws TM_6002 for an unknown table, TM_6003 or TM_6004 for the point in time, TM_6023 for texts that nothing casts
 */
export async function diff(
  ports: Pick<LakePorts, 'store' | 'catalog' | 'clock'>,
  lake: ResolvedLake,
  engine: DiffEngine,
  table: string,
  since: AsOf,
): Promise<TableDiff> {
  const declared = lake.tables.find(t => t.name === table);
  const open = declared && (await openTable(ports, table));
  if (!open) {
    throw tableUnknown(
      table,
      lake.tables.map(t => t.name),
    );
  }
  const { metadata } = called(open, declared);
  const before = snapshotOrNothing(table, metadata, since);
  const after = currentSnapshot(metadata);
  const { fields } = currentSchema(metadata);
  const columns = userFields(fields);
  // One that is declared with a key has none until schema apply gives it.
  const names = isKeyless(metadata) ? [] : declared.key;
  const key = names.map(name => columns.find(f => f.name === name)!);
  const several = key.length > 0 && ![before, after].every(side => isKeyedBy(metadata, side, key));
  const places = key.length > 0 && !several ? [] : rowOrder(fields, []);
  const [old, now] = await comparedSides(ports, engine, {
    ...{ table, metadata, before, after },
    columns: [...columns, ...places],
  });
  const retyped = columns.filter(f => old.texts.has(f.name) || now.texts.has(f.name));
  const asked = 'at' in since ? since.at : undefined;
  return {
    table,
    key: names,
    columns: columns.map(f => f.name),
    from: before && named(table, before, asked),
    to: after && named(table, after, ports.clock.now()),
    rows:
      key.length > 0
        ? changesOf(engine.engine, diffSql(old, now, { key, several }, columns), key, columns)
        : countedOf(engine.engine, countedDiffSql(old, now, { columns, retyped }), { columns, retyped }),
  };
}

/**
 * Both sides without the data files that both read. Only where neither side has deletes: those may stand against a
 * file on one side alone.
 */
function withoutShared(old: LiveFiles, now: LiveFiles): [LiveFiles, LiveFiles] {
  if (old.deletes.length + now.deletes.length > 0) return [old, now];
  const shared = new Set(old.data.map(live => live.file.path));
  const inBoth = new Set(now.data.map(live => live.file.path).filter(path => shared.has(path)));
  const own = (files: LiveFiles) => ({
    ...files,
    data: files.data.filter(live => !inBoth.has(live.file.path)),
  });
  return [own(old), own(now)];
}

/** A row of diffSql: the kind, then each column before and after. */
async function* changesOf(
  engine: Pick<QueryEngine, 'stream'>,
  sql: string,
  key: readonly Field[],
  columns: readonly Field[],
): AsyncGenerator<RowChange> {
  const { batches } = await engine.stream({ sql });
  for await (const rows of batches) {
    for (const [kind, changed, ...cells] of rows) {
      const side = (offset: number) => (i: number) => cells[2 * i + offset] ?? null;
      const shown = side(kind === 'deleted' ? 0 : 1);
      const at = key.map(k => shown(columns.indexOf(k)));
      if (kind === 'changed') {
        const differs = (i: number) => String(changed)[i] === '1';
        const changes = columns.flatMap((f, i) =>
          differs(i) ? { column: f.name, from: side(0)(i), to: side(1)(i) } : [],
        );
        yield { kind, key: at, changes };
      } else {
        const row = Object.fromEntries(columns.map((f, i) => [f.name, shown(i)]));
        yield { kind: kind === 'added' ? 'added' : 'deleted', key: at, row };
      }
    }
  }
}

/** A row of countedDiffSql: how often more it is there, then each column, then the texts of those that had some. */
async function* countedOf(
  engine: Pick<QueryEngine, 'stream'>,
  sql: string,
  { columns, retyped }: CountedColumns,
): AsyncGenerator<RowChange> {
  const { batches } = await engine.stream({ sql });
  for await (const rows of batches) {
    for (const [more, ...cells] of rows) {
      const texts = cells.slice(columns.length);
      const cell = (f: Field, i: number) => cells[i] ?? texts[retyped.indexOf(f)] ?? null;
      const row = Object.fromEntries(columns.map((f, i) => [f.name, cell(f, i)]));
      const kind = Number(more) > 0 ? 'added' : 'deleted';
      for (let i = Math.abs(Number(more)); i > 0; i--) yield { kind, key: [], row };
    }
  }
}
