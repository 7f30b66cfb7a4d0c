import { widens } from '../columnar/kernels';
import type { Field, PrimitiveType } from '../columnar/types';
import { RESERVED_NAMES } from '../iceberg/schema';
import { receivedIn } from './retyped';

/** A column before it has a field id. */
export interface ColumnShape {
  readonly name: string;
  readonly type: PrimitiveType;
}

/**
 * The lake's own columns. They stand last, and in both tables under the same field ids. Never `_pos`: Iceberg
 * reserves it, and Spark refuses a table that has it (apache/iceberg#3456).
 */
export const OP = '_op';
export const POS_MAJOR = '_pos_major';
export const POS_MINOR = '_pos_minor';
/**
 * Orders the log's rows of one position for readers that do not have the ledger, as entry numbers do: the next number
 * when the row's delta was written, counted on within its source. Not the number itself, which the ledger alone gives.
 */
export const ENTRY = '_entry';
export const CHANGED_AT = '_changed_at';
export const SOURCE = '_source';
export const ABSENT = '_absent';
export const DATE_RECEIVED = 'date_received';

export const LOG_COLUMNS: readonly ColumnShape[] = [
  { name: OP, type: 'string' },
  { name: POS_MAJOR, type: 'long' },
  { name: POS_MINOR, type: 'long' },
  { name: ENTRY, type: 'long' },
  { name: CHANGED_AT, type: 'timestamp' },
  { name: SOURCE, type: 'string' },
  { name: ABSENT, type: 'string' },
  { name: DATE_RECEIVED, type: 'date' },
];

/** Those of the log that the current table has too. */
const CURRENT_COLUMNS: ReadonlySet<string> = new Set([POS_MAJOR, POS_MINOR, CHANGED_AT]);

const OWN: ReadonlySet<string> = new Set(LOG_COLUMNS.map(c => c.name));

/** Whether a user's column may not have this name; engines compare names without case. */
export function isReserved(name: string): boolean {
  const lower = name.toLowerCase();
  return OWN.has(lower) || RESERVED_NAMES.has(lower);
}

/** The user's columns of the log or current table; not the texts of those that were retyped. */
export function userFields(fields: readonly Field[]): Field[] {
  const received = receivedIn(fields);
  return fields.filter(f => !OWN.has(f.name) && !received.has(f.id));
}

/**
 * What a source is read as: the declared columns, as wide as the log has them, then what the log has beyond them where
 * the table takes others.
 */
export function columnsToRead(
  {
    columns: declared,
    others,
  }: { readonly columns: readonly ColumnShape[]; readonly others: 'take' | 'omit' },
  logFields: readonly Field[],
): readonly ColumnShape[] {
  const known = userFields(logFields);
  const widened = declared.map(column => {
    const field = known.find(f => f.name === column.name);
    return field && widens(column.type, field.type) ? { name: column.name, type: field.type } : column;
  });
  const extra = others === 'omit' ? [] : known.filter(f => !declared.some(c => c.name === f.name));
  return [...widened, ...extra.map(({ name, type }) => ({ name, type }))];
}

/** The field of one of the lake's own columns. */
export function ownField(fields: readonly Field[], name: string): Field {
  const field = fields.find(f => f.name === name);
  if (!field) throw new Error(`the schema has no ${name}`);
  return field;
}

/** The current table's fields, derived from the log's: the same ids, the key required. */
export function currentFields(logFields: readonly Field[], key: readonly string[]): Field[] {
  const received = receivedIn(logFields);
  return logFields
    .filter(f => (!OWN.has(f.name) || CURRENT_COLUMNS.has(f.name)) && !received.has(f.id))
    .map(f => ({ ...f, required: key.includes(f.name) }));
}

export const logTableOf = (table: string) => `${table}_deltas`;
export const historyOf = (table: string) => `${table}_history`;

/** A date, `YYYY-MM-DD`, as a date column holds it: days since 1970. */
export const daysOf = (date: string) => Date.parse(date) / 86_400_000;
