import type { PrimitiveType } from '../columnar/types';
import { ColumnNames } from './aliases';
import { noHeader, noOpColumn, twoNamesInFile, whereLacking } from './errors';
import type { DeclaredColumn, DecodeRequest, FormatOptions } from './format';
import { type Asked, WhereTest } from './where';

/** What a field of the file is for: the table's data, or bookkeeping about the change. */
export type Role = 'data' | 'op' | 'changedAt' | 'sequence' | 'before';

/** One field of a file's rows; a before-image bears the name and type of its column. */
export interface FieldRole {
  readonly role: Role;
  readonly name: string;
  readonly type: PrimitiveType;
}

/** Names of the bookkeeping columns of a format. */
export interface Bookkeeping {
  readonly op?: string;
  readonly changedAt?: string;
  readonly sequence?: string;
  readonly beforePrefix?: string;
}

/** DMS's own names, where the options name no others. */
export function dmsBookkeeping(options: FormatOptions): Bookkeeping {
  return {
    op: options.opColumn ?? 'Op',
    changedAt: options.timestampColumn,
    sequence: options.sequenceColumn ?? 'AR_H_CHANGE_SEQ',
    beforePrefix: 'BI_',
  };
}

/** Only what the options name: a user's own column may be called Op. */
export function plainBookkeeping(options: FormatOptions): Bookkeeping {
  return { op: options.opColumn, changedAt: options.timestampColumn, sequence: options.sequenceColumn };
}

/** The columns that names of a file may mean: those of the table, and those that are asked for. */
export function meantBy({ columns, aliases, where }: DecodeRequest): ColumnNames {
  const names = new ColumnNames(columns, aliases);
  const asked = Object.keys(where?.equals ?? {}).filter(name => !names.find(name));
  if (asked.length === 0) return names;
  return new ColumnNames([...columns, ...asked.map(name => ({ name, type: 'string' as const }))], aliases);
}

/** What a field is whose name is none of a column. */
export function bookkeepingRole(
  name: string,
  { op, changedAt, sequence }: Bookkeeping,
): FieldRole | undefined {
  if (name === op) return { role: 'op', name, type: 'string' };
  if (name === changedAt) return { role: 'changedAt', name, type: 'timestamp' };
  return name === sequence ? { role: 'sequence', name, type: 'string' } : undefined;
}

/** What each named field of a file is; a name that means no column of the table is a string's. */
function rolesOf(names: readonly string[], request: DecodeRequest, bookkeeping: Bookkeeping): FieldRole[] {
  const meant = meantBy(request);
  const known = new Set(names);
  const { beforePrefix: prefix } = bookkeeping;
  const columnOf = (name: string): DeclaredColumn => meant.find(name) ?? { name, type: 'string' };
  return names.map((name): FieldRole => {
    const own = bookkeepingRole(name, bookkeeping);
    if (own) return own;
    const before = prefix && name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
    if (before !== undefined && (known.has(before) || meant.find(before))) {
      const { name: column, type } = columnOf(before);
      return { role: 'before', name: column, type };
    }
    const { name: column, type } = columnOf(name);
    return { role: 'data', name: column, type };
  });
}

/**
 * What the named fields of a file are that has them in every row.
 * @throws TM_2111 for a name that is empty or stands twice, TM_2185 for a column under two names, TM_2102 for a file of
 * changes without op, TM_2187 for one without a column that `where` asks for.
 */
export function layoutOf(
  names: readonly string[],
  request: DecodeRequest,
  bookkeeping: Bookkeeping,
): FieldRole[] {
  const { file, options } = request;
  const layout = rolesOf(names, request, bookkeeping);
  const seen = new Map<string, string>();
  for (const [i, { role, name }] of layout.entries()) {
    const place = `${role === 'before' ? 'before-image of ' : ''}${name}`;
    if (name === '') throw noHeader('a column without a name', file.name);
    const other = seen.get(place);
    if (other !== undefined && other.toLowerCase() !== names[i]!.toLowerCase())
      throw twoNamesInFile(name, other, names[i]!, file.name);
    if (other !== undefined) throw noHeader(`column ${place} stands twice`, file.name);
    seen.set(place, names[i]!);
  }
  const hasOp = layout.some(field => field.role === 'op');
  if (bookkeeping.op && !hasOp && !options.load) throw noOpColumn(bookkeeping.op, file.name);
  whereTestOf(layout, request);
  return layout;
}

/**
 * The test of a file's rows; undefined where every row is taken in.
 * @throws TM_2187 for a file without a column that is asked for, TM_2186
 */
export function whereTestOf(layout: readonly FieldRole[], request: DecodeRequest): WhereTest | undefined {
  const { where, file, options } = request;
  if (!where) return undefined;
  const asked = Object.keys(where.equals).map((name): Asked => {
    const field = layout.findIndex(one => one.role === 'data' && one.name === name);
    if (field < 0) throw whereLacking(name, file.name);
    return { field, name, type: layout[field]!.type };
  });
  return new WhereTest(where, asked, { file: file.name, decimalComma: options.decimalComma });
}

/** The table's own columns among a file's fields. */
export function dataColumns(layout: readonly FieldRole[]): DeclaredColumn[] {
  return layout.filter(field => field.role === 'data').map(({ name, type }) => ({ name, type }));
}
