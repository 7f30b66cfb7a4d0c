import { duckdbType } from '../../columnar/type-map';
import type { Field } from '../../columnar/types';
import type { ReadOrder } from '../../ports/copy-engine';
import { userFields } from '../../table/columns';
import { quoteName } from '../quote';
import { exactCastSql } from './cast-sql';
import { columnUncastable } from './errors';
import { PLACE, type StoredColumn } from './read-copy';

/** A column that a step makes, and SQL over the columns before it. */
export interface Made {
  readonly name: string;
  readonly sql: string;
}

/** How stored columns become the table's: all casts at once, then one derivation after the other. */
export interface Reading {
  readonly casts: readonly Made[];
  readonly derived: readonly Made[];
}

/**
 * A column of the copy has the type that the copy says, or that of the table's column of its name; one that is derived
 * anew is left as it is stored until then. Names are told apart as engines do, without case.
 * @throws TM_2734
 */
export function readingOf(stored: readonly StoredColumn[], order: ReadOrder): Reading {
  const { copy, derive } = order;
  const derivedNames = Object.keys(derive);
  const fields = userFields(order.fields);
  const casts = stored.map(({ name, type }) => {
    const described = copy.columns?.find(c => same(c.name, name));
    const field = derivedNames.some(d => same(d, name)) ? undefined : fields.find(f => same(f.name, name));
    const wanted = field?.type ?? described?.type;
    const column = quoteName(name);
    if (wanted === undefined) return { name, sql: column };
    const sql = exactCastSql(column, type, wanted, described?.stored);
    if (sql === undefined) throw columnUncastable(name, type, wanted, copy.files[0]?.name ?? '');
    return { name, sql };
  });
  const known = stored.map(c => c.name);
  const derived = Object.entries(derive).map(([name, text]) => {
    const column = known.find(k => k === text) ?? known.find(k => same(k, text));
    const field = fields.find(f => same(f.name, name));
    const value = column === undefined ? `(${text}\n)` : quoteName(column);
    known.push(name);
    return { name, sql: field ? `CAST(${value} AS ${duckdbType(field.type)})` : value };
  });
  return { casts, derived };
}

/** SELECT of all columns, cast and derived. `from` is SQL of the stored columns, with PLACE where `placed`. */
export function readSql({ casts, derived }: Reading, from: string, placed: boolean): string {
  const first = [...casts.map(c => `${c.sql} AS ${quoteName(c.name)}`), ...(placed ? [PLACE] : [])];
  const names = new Set(casts.map(c => c.name.toLowerCase()));
  let sql = `SELECT ${first.join(', ')} FROM ${from}`;
  for (const made of derived) {
    sql = `SELECT ${withColumn(names, made)} FROM (${sql})`;
    names.add(made.name.toLowerCase());
  }
  return sql;
}

/** All columns and one that may take another's place. */
export function withColumn(names: ReadonlySet<string>, { name, sql }: Made): string {
  const column = `${sql} AS ${quoteName(name)}`;
  return names.has(name.toLowerCase()) ? `* REPLACE (${column})` : `*, ${column}`;
}

/** The table's columns of what was read, NULL where there is none. */
export function fieldSql(field: Field, { casts, derived }: Reading): string {
  const made = [...casts, ...derived].some(c => same(c.name, field.name));
  const name = quoteName(field.name);
  return made ? `${name} AS ${name}` : `CAST(NULL AS ${duckdbType(field.type)}) AS ${name}`;
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
