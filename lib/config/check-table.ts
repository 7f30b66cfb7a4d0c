import { literal } from '../columnar/literal';
import type { PrimitiveType } from '../columnar/types';
import { TidemarkError } from '../errors';
import { type PartitionBy, parsePartitionBy, partitionFieldName } from '../iceberg/partition';
import { checkTransform } from '../iceberg/transform';
import type { ConfigValue } from './define';
import { suggestion } from './nearest';
import { show } from './problems';
import { isReservedColumn } from './reserved';
import type { TableShape } from './schema';

/** Takes a problem at a path below the one it was made for. */
export type Report = (path: readonly PropertyKey[], message: string) => void;

/** What the values of one table must have in common. */
export function checkTable(table: TableShape, at: Report): void {
  checkMode(table, at);
  checkColumns(table, at);
  checkKey(table, at);
  checkPartitions(table, at);
  checkDeletedWhen(table, at);
  checkLoad(table, at);
}

function checkMode(table: TableShape, at: Report): void {
  if (table.mode === 'merge') {
    if (!table.key)
      at(['key'], "is missing; write key: ['<column>'], or mode: 'append' if rows are only ever added");
    return;
  }
  if (table.key?.length)
    at(['key'], `${show(table.key)} in an append table, which keeps every row; drop key or mode`);
  if (table.deletedWhen)
    at(['deletedWhen'], 'is set in an append table, which keeps every row; drop it or mode');
}

function checkColumns(table: TableShape, at: Report): void {
  const seen = new Map<string, string>();
  for (const name of Object.keys(table.columns)) {
    if (isReservedColumn(name))
      at(['columns', name], `"${name}" is the lake's own column; omit it or rename it at the source`);
    const other = seen.get(name.toLowerCase());
    // Athena and Spark do not tell them apart: the table could not be read.
    if (other)
      at(
        ['columns', name],
        `differs from "${other}" only by case; engines take them for one, omit or rename one`,
      );
    seen.set(name.toLowerCase(), name);
    // JavaScript moves such keys to the front: values would go to the wrong columns.
    if (isHeaderless(table) && /^(0|[1-9]\d*)$/.test(name))
      at(['columns', name], `"${name}" loses its place in the order; name it otherwise`);
  }
}

function checkKey(table: TableShape, at: Report): void {
  const key = table.key ?? [];
  for (const [i, name] of key.entries()) {
    const type = typeOf(table.columns, name);
    if (key.indexOf(name) !== i) at(['key', i], `"${name}" is named twice; name it once`);
    if (table.omit.includes(name))
      at(['key', i], `"${name}" is also omitted; keep the column or choose another key`);
    if (isReservedColumn(name))
      at(['key', i], `"${name}" is the lake's own column; choose a column of the source`);
    // Iceberg: identifier fields are never floating point, NaN and -0 have no one meaning as a key.
    if (type === 'float' || type === 'double')
      at(['key', i], `"${name}" is ${type}, which cannot identify a row; declare it decimal`);
    checkDeclared(table, ['key', i], name, at);
  }
}

export function isHeaderless({ format }: TableShape): boolean {
  return format?.header === false || (format?.kind === 'dms-csv' && !format.header);
}

/** Headerless files name no columns: a column that is not declared cannot be found in them. */
export function checkDeclared(
  table: TableShape,
  path: readonly PropertyKey[],
  name: string,
  at: Report,
): void {
  if (!isHeaderless(table) || typeOf(table.columns, name) !== undefined) return;
  const names = Object.keys(table.columns);
  const fix = suggestion(
    name,
    names,
    '; files without a header have the declared columns only: add it to columns',
  );
  at(path, `"${name}" is not a declared column${fix}`);
}

function checkPartitions(table: TableShape, at: Report): void {
  const seen = new Set<string>();
  for (const [i, expression] of table.partitionBy.entries()) {
    const partition = parsed(expression, message => at(['partitionBy', i], message));
    if (!partition) continue;
    const { column, transform } = partition;
    const name = partitionFieldName(partition);
    // Engines refuse a table with two partition fields of a name, or one named like a column.
    const taken = seen.has(name) || (name !== column && typeOf(table.columns, name) !== undefined);
    if (taken)
      at(['partitionBy', i], `${show(expression)}: the name ${name} is taken; partition by each column once`);
    seen.add(name);
    if (table.omit.includes(column))
      at(['partitionBy', i], `"${column}" is also omitted; keep the column or partition by another`);
    checkDeclared(table, ['partitionBy', i], column, at);
    const type = typeOf(table.columns, column);
    if (type === undefined) continue;
    try {
      checkTransform(transform, type);
    } catch (error) {
      at(['partitionBy', i], `${show(expression)}: ${wordsOf(error)}`);
    }
  }
}

export function parsed(expression: string, fault: (message: string) => void): PartitionBy | undefined {
  try {
    return parsePartitionBy(expression);
  } catch (error) {
    fault(`${show(expression)}: ${wordsOf(error)}`);
    return undefined;
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof TidemarkError) return `${error.what}; ${error.next}`;
  return error instanceof Error ? error.message : String(error);
}

function checkDeletedWhen(table: TableShape, at: Report): void {
  if (!table.deletedWhen) return;
  const { column, equals } = table.deletedWhen;
  // An omitted column is gone before it could say that a row is deleted: deletes would be kept as rows.
  if (table.omit.includes(column))
    at(['deletedWhen', 'column'], `"${column}" is also omitted; keep the column`);
  checkDeclared(table, ['deletedWhen', 'column'], column, at);
  if (equals !== null) checkEquals(table, { column, value: equals, path: ['deletedWhen', 'equals'] }, at);
}

/** A value that no row can have: every row would be left out, or none deleted, without a word. */
export function checkEquals(
  table: Pick<TableShape, 'columns'>,
  { column, value, path }: { column: string; value: ConfigValue; path: readonly PropertyKey[] },
  at: Report,
): void {
  const type = typeOf(table.columns, column);
  if (type === undefined) return;
  const wanted =
    type === 'boolean' ? 'boolean' : /^(int|long|float|double|decimal)/.test(type) ? 'number' : 'string';
  const never = `${show(value)} is never equal to "${column}", a column of type ${type}`;
  if (typeof value !== wanted) at(path, `${never}; give a ${wanted}`);
  else if (literal(value, type) === undefined)
    at(path, `${never}; ${type === 'binary' ? 'choose another column' : 'give one of that type'}`);
}

/** A column's declared type; undefined when the source decides. */
export function typeOf(columns: TableShape['columns'], name: string): PrimitiveType | undefined {
  return Object.hasOwn(columns, name) ? columns[name] : undefined;
}

/** What is derived has to be declared: nothing else says of which type it is. Other columns may be the copy's own. */
function checkLoad({ columns, load, omit }: TableShape, at: Report): void {
  for (const name of Object.keys(load.derive)) {
    if (typeOf(columns, name) === undefined)
      at(['load', 'derive', name], `"${name}" is not declared; add it to columns with its type`);
    if (omit.includes(name)) at(['load', 'derive', name], `"${name}" is also omitted; derive it or omit it`);
  }
}
