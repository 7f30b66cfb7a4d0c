import { duckdbType } from '../columnar/type-map';
import type { Field } from '../columnar/types';
import { partitionKey } from '../iceberg/partition-key';
import { DELETED_PATH, DELETED_POS } from '../iceberg/position-deletes';
import type { LiveFile, LiveFiles } from '../table/live-files';
import { deleteUnread, fileFormatUnread } from './errors';
import { quoteName, quotePath } from './quote';

/** A column that stands beside the table's own: the row's place in its file, 0, 1, 2 ... */
export const ROW_NUMBER = '_tm_row_number';

/** Data files of a snapshot that are read alike, and the deletes that stand against them. */
interface Branch {
  readonly data: LiveFile[];
  readonly positions: Set<LiveFile>;
  readonly equalities: readonly LiveFile[];
}

export interface ScanOptions {
  /** Adds ROW_NUMBER. */
  readonly rowNumber?: boolean;
  /** Further columns, the same for every row, as SQL by name. */
  readonly extra?: Readonly<Record<string, string>>;
  /** Every column that the table has or had: an equality delete may speak of one that is not selected. */
  readonly known?: readonly Field[];
}

/**
 * SELECT of a snapshot's rows, columns found by field id: renamed ones, added ones (NULL before) and widened ones come
 * out right whatever each file calls them. Files without deletes are read in a branch of their own: the anti-join
 * costs five times as much as the reading.
 */
export function scanSql(files: LiveFiles, fields: readonly Field[], options: ScanOptions = {}): string {
  const extra = Object.entries(options.extra ?? {}).map(([name, sql]) => `${sql} AS ${quoteName(name)}`);
  if (files.data.length === 0) return emptySql(fields, options.rowNumber === true, extra);
  return branchesOf(files)
    .map(branch => branchSql(branch, fields, options, extra))
    .join('\nUNION ALL\n');
}

/** A typed relation without rows. */
export function emptySql(fields: readonly Field[], rowNumber = false, extra: readonly string[] = []): string {
  const columns = fields.map(f => `CAST(NULL AS ${duckdbType(f.type)}) AS ${quoteName(f.name)}`);
  if (rowNumber) columns.push(`CAST(NULL AS BIGINT) AS ${ROW_NUMBER}`);
  return `SELECT ${[...columns, ...extra].join(', ')} WHERE false`;
}

/** Position deletes count from their own sequence number on, equality deletes only against older files. */
function branchesOf({ data, deletes }: LiveFiles): Branch[] {
  const branches = new Map<string, Branch>();
  for (const live of data) {
    const standing = deletes.filter(d => reaches(d, live));
    const positions = standing.filter(d => d.file.content === 1);
    const equalities = standing.filter(d => d.file.content === 2);
    const key = JSON.stringify([positions.length > 0, equalities.map(d => d.file.path)]);
    const branch = branches.get(key) ?? { data: [], positions: new Set(), equalities };
    branch.data.push(live);
    for (const d of positions) branch.positions.add(d);
    branches.set(key, branch);
  }
  return [...branches.values()];
}

function reaches(del: LiveFile, data: LiveFile): boolean {
  const { file } = del;
  const isGlobal = file.content === 2 && file.partition.length === 0;
  if (!isGlobal && partitionKey(file) !== partitionKey(data.file)) return false;
  if (file.content === 2) return del.sequenceNumber > data.sequenceNumber;
  if (file.referencedDataFile !== null && file.referencedDataFile !== data.file.path) return false;
  return del.sequenceNumber >= data.sequenceNumber;
}

function branchSql(
  { data, positions, equalities }: Branch,
  fields: readonly Field[],
  { rowNumber = false, known = fields }: ScanOptions,
  extra: readonly string[],
): string {
  const columns = fields.map(f => `d.${byId(f.id)} AS ${quoteName(f.name)}`);
  if (rowNumber) columns.push(`d.file_row_number AS ${ROW_NUMBER}`);
  const compared = equalities.flatMap(del => equalityFields(del, known));
  const unselected = compared.filter((f, i) => !fields.some(s => s.id === f.id) && compared.indexOf(f) === i);
  const from = readSql(data, [...fields, ...unselected]);
  const lines = [`SELECT ${[...columns, ...extra].join(', ')}`, `FROM ${from} d`];
  if (positions.size > 0) {
    const deletes = readSql([...positions], [DELETED_PATH, DELETED_POS]);
    const samePlace = `d.filename = p.${byId(DELETED_PATH.id)} AND d.file_row_number = p.${byId(DELETED_POS.id)}`;
    lines.push(`ANTI JOIN ${deletes} p ON ${samePlace}`);
  }
  const standing = equalities.map((del, i) => equalitySql(del, equalityFields(del, known), `e${i}`));
  if (standing.length > 0) lines.push(`WHERE ${standing.join(' AND ')}`);
  return lines.join(' ');
}

/** A delete's NULL matches NULL. */
function equalitySql(del: LiveFile, keys: readonly Field[], alias: string): string {
  const same = keys.map(f => `${alias}.${byId(f.id)} IS NOT DISTINCT FROM d.${byId(f.id)}`).join(' AND ');
  return `NOT EXISTS (SELECT 1 FROM ${readSql([del], keys)} ${alias} WHERE ${same})`;
}

function equalityFields({ file }: LiveFile, known: readonly Field[]): Field[] {
  return (file.equalityIds ?? []).map(id => {
    const field = known.find(f => f.id === id);
    if (!field) throw deleteUnread(id, file.path);
    return field;
  });
}

/** Beside the columns asked for, DuckDB gives `filename` and `file_row_number`, where a statement names them. */
function readSql(files: readonly LiveFile[], fields: readonly Pick<Field, 'id' | 'type'>[]): string {
  for (const { file } of files) {
    if (file.format.toUpperCase() !== 'PARQUET') throw fileFormatUnread(file.format, file.path);
  }
  return readByIds(
    files.map(({ file }) => file.path),
    fields,
  );
}

/** FROM of Parquet files, columns found by field id and called `byId`. */
export function readByIds(paths: readonly string[], fields: readonly Pick<Field, 'id' | 'type'>[]): string {
  const list = paths.map(quotePath).join(', ');
  const schema = fields
    .map(f => `${f.id}: {name: '${byId(f.id)}', type: '${duckdbType(f.type)}', default_value: NULL}`)
    .join(', ');
  // Or a folder named report_date=... would become a column.
  return `read_parquet([${list}], schema = MAP {${schema}}, hive_partitioning = false)`;
}

/** Columns go by their ids until the last SELECT: no name of a user's meets one of the engine's. */
export function byId(id: number): string {
  return `c${id}`;
}
