import { checkDeclared, checkEquals, isHeaderless, parsed, type Report, typeOf } from './check-table';
import { isReservedColumn } from './reserved';
import type { TableShape } from './schema';

/** What a table says of the rows that come to it, and of the names under which they come. */
export function checkRows(table: TableShape, at: Report): void {
  checkWhere(table, at);
  checkAliases(table, at);
  checkRecord(table, at);
  checkOthers(table, at);
  checkNames(table, at);
}

function checkWhere(table: TableShape, at: Report): void {
  if (!table.where) return;
  const conditions = Object.entries(table.where);
  if (conditions.length === 0) at(['where'], 'is empty; write { <column>: <value> }, or drop it');
  for (const [column, value] of conditions) {
    if (recordColumns(table).includes(column))
      at(['where', column], 'is made of the record itself; ask for a column of the row');
    checkDeclared(table, ['where', column], column, at);
    checkEquals(table, { column, value, path: ['where', column] }, at);
  }
}

function checkAliases(table: TableShape, at: Report): void {
  const own = recordColumns(table);
  const columns = new Map(Object.keys(table.columns).map(name => [name.toLowerCase(), name]));
  const taken = new Map<string, string>();
  for (const [column, names] of Object.entries(table.aliases)) {
    if (own.includes(column)) at(['aliases', column], 'is made of the record itself; no source brings it');
    else if (typeOf(table.columns, column) === undefined)
      at(['aliases', column], `"${column}" is not declared; add it to columns with its type`);
    for (const [i, name] of names.entries()) {
      const fault: (message: string) => void = message => at(['aliases', column, i], message);
      const lower = name.toLowerCase();
      const same = columns.get(lower);
      const other = taken.get(lower);
      if (name === column) fault("is the column's own name; drop it");
      else if (same !== undefined && same !== column && !own.includes(same))
        fault(`"${name}" is a column itself, "${same}"; drop one of the two`);
      else if (other !== undefined)
        fault(`"${name}" is another name of "${other}" already; names are told apart without case`);
      if (same === undefined) taken.set(lower, column);
    }
  }
}

const ARRIVAL_TYPES = new Set(['string', 'timestamp', 'timestamptz']);

function checkRecord(table: TableShape, at: Report): void {
  const { text, arrivedAt } = table.record;
  if (text !== undefined && text === arrivedAt)
    at(['record', 'arrivedAt'], `"${text}" holds the text already; give it a column of its own`);
  for (const [option, column] of Object.entries(table.record)) {
    if (column === undefined) continue;
    const fault: (message: string) => void = message => at(['record', option], message);
    const type = typeOf(table.columns, column) ?? 'string';
    const alike = Object.keys(table.columns).find(name => name.toLowerCase() === column.toLowerCase());
    if (isReservedColumn(column)) fault(`"${column}" is the lake's own column; name another`);
    if (alike !== undefined && alike !== column) fault(`"${column}" differs from "${alike}" only by case`);
    if (option === 'text' && type !== 'string') fault(`"${column}" is ${type}; declare it string`);
    if (option === 'text' && table.omit.length > 0)
      fault(
        `would bring ${table.omit.join(', ')} into the lake, as the text is the record's whole JSON; drop omit or record.text`,
      );
    if (option === 'arrivedAt' && !ARRIVAL_TYPES.has(type))
      fault(`"${column}" is ${type}; declare it timestamp or string`);
    if (table.omit.includes(column)) fault(`"${column}" is also omitted; drop one of the two`);
    if (table.key?.includes(column)) fault(`"${column}" is of the key; a row is known by its own columns`);
    if (table.deletedWhen?.column === column)
      fault(`"${column}" is asked by deletedWhen; name a column of the row`);
    if (isHeaderless(table))
      fault('is of rows with names; files without a header have the declared columns only');
  }
}

/** What only declared columns may be: those that are left out cannot be asked for. */
function checkOthers(table: TableShape, at: Report): void {
  if (table.others === 'take') return;
  if (Object.keys(table.columns).length + recordColumns(table).length === 0)
    at(['others'], '"omit" leaves nothing, as no column is declared; declare the columns to take');
  for (const [path, column] of named(table)) {
    if (path[0] === 'where' || typeOf(table.columns, column) !== undefined) continue;
    if (!recordColumns(table).includes(column))
      at(path, `"${column}" is not declared, and others: 'omit' leaves it out; add it to columns`);
  }
}

/** Every option speaks of columns as the lake calls them. */
function checkNames(table: TableShape, at: Report): void {
  const columns = new Map(
    Object.entries(table.aliases).flatMap(([column, names]) => names.map(name => [name, column] as const)),
  );
  const omitted = table.omit.map((column, i): Named => [['omit', i], column]);
  for (const [path, name] of [...named(table), ...omitted]) {
    const column = columns.get(name);
    if (column !== undefined && typeOf(table.columns, name) === undefined)
      at(path, `"${name}" is another name of "${column}"; write "${column}"`);
  }
}

type Named = readonly [path: readonly PropertyKey[], column: string];

function named({ key = [], deletedWhen, where = {}, partitionBy }: TableShape): Named[] {
  return [
    ...key.map((column, i): Named => [['key', i], column]),
    ...(deletedWhen ? [[['deletedWhen', 'column'], deletedWhen.column] as const] : []),
    ...Object.keys(where).map((column): Named => [['where', column], column]),
    ...partitionBy.flatMap((expression, i): Named[] => {
      const column = parsed(expression, () => {})?.column;
      return column === undefined ? [] : [[['partitionBy', i], column]];
    }),
  ];
}

export function recordColumns({ record: { text, arrivedAt } }: Pick<TableShape, 'record'>): string[] {
  return [text, arrivedAt].filter(name => name !== undefined);
}
