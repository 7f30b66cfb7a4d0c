import type { PrimitiveType } from '../columnar/types';
import { noHeader, noOpColumn } from './errors';
import type { DeclaredColumn, DecodeRequest, FormatOptions } from './format';

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

/**
 * What each named field of a file is. A name means the declared column of that name, else the only one that
 * differs in case alone; an undeclared one is a string.
 * @throws TM_2111 for a name that is empty or stands twice, TM_2102 for a file of changes without op.
 */
export function layoutOf(
  names: readonly string[],
  request: DecodeRequest,
  bookkeeping: Bookkeeping,
): FieldRole[] {
  const { file, columns, options } = request;
  const known = new Set([...names, ...columns.map(column => column.name)]);
  const layout = names.map((name): FieldRole => {
    if (name === bookkeeping.op) return { role: 'op', name, type: 'string' };
    if (name === bookkeeping.changedAt) return { role: 'changedAt', name, type: 'timestamp' };
    if (name === bookkeeping.sequence) return { role: 'sequence', name, type: 'string' };
    const prefix = bookkeeping.beforePrefix;
    const before = prefix && name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
    if (before !== undefined && known.has(before)) return { role: 'before', ...declaredOr(before, columns) };
    return { role: 'data', ...declaredOr(name, columns) };
  });
  const seen = new Set<string>();
  for (const { role, name } of layout) {
    const place = `${role === 'before' ? 'before-image of ' : ''}${name}`;
    if (name === '') throw noHeader('a column without a name', file.name);
    if (seen.has(place)) throw noHeader(`column ${place} stands twice`, file.name);
    seen.add(place);
  }
  const hasOp = layout.some(field => field.role === 'op');
  if (bookkeeping.op && !hasOp && !options.load) throw noOpColumn(bookkeeping.op, file.name);
  return layout;
}

function declaredOr(name: string, columns: readonly DeclaredColumn[]): DeclaredColumn {
  const exact = columns.find(column => column.name === name);
  if (exact) return exact;
  const folded = name.toLowerCase();
  const alike = columns.filter(column => column.name.toLowerCase() === folded);
  return alike.length === 1 ? alike[0]! : { name, type: 'string' };
}

/** The table's own columns among a file's fields. */
export function dataColumns(layout: readonly FieldRole[]): DeclaredColumn[] {
  return layout.filter(field => field.role === 'data').map(({ name, type }) => ({ name, type }));
}
