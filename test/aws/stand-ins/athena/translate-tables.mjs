// Tables to be made, in Trino's spelling.
import { partitionsOf } from './rules/tables.mjs';
import { tableIn, textOf, withList } from './sql-parts.mjs';
import { isIceberg, placeOf, stringProperty } from './statement.mjs';
import { isAt, literal, nameOf, quoted, splitAtCommas, stringOf } from './tokens.mjs';

/** Properties that say what to do and not what the table is; what is left of the others' meaning Trino does not have. */
const DROPPED = new Set([
  'table_type',
  'is_external',
  'compression_level',
  'write_target_data_file_size_bytes',
]);
const COMPRESSIONS = new Set(['write_compression', 'parquet_compression', 'orc_compression']);

/** CTAS. */
export function createTableAs(statement, { database, output, id }) {
  const iceberg = isIceberg(statement);
  const catalog = iceberg ? 'iceberg' : 'awsdatacatalog';
  const given = { format: "'PARQUET'" };
  const session = [];
  for (const [name, value] of statement.properties) {
    if (COMPRESSIONS.has(name))
      session.push(`${catalog}.compression_codec=${stringOf(value[0]).toUpperCase()}`);
    else if (name === 'partitioning')
      given[name] = partitioning(splitAtCommas(value.slice(2, -1)).map(unquotedPart));
    else if (name === 'format') given.format = textOf(statement, value).toUpperCase();
    else if (!DROPPED.has(name) && !/^(optimize|vacuum)_/.test(name)) given[name] = textOf(statement, value);
  }
  if (!iceberg) given.external_location ??= literal(`${output.replace(/\/$/, '')}/tables/${id}/`);
  const target = tableIn(catalog, statement.target, database);
  const exists = statement.ifNotExists ? 'IF NOT EXISTS ' : '';
  const data = isAt(statement.tokens, statement.tokens.length - 3, 'WITH', 'NO', 'DATA')
    ? ' WITH NO DATA'
    : '';
  const query = placeOf(statement, statement.query) + statement.query;
  return { session, sql: `CREATE TABLE ${exists}${target} ${withList(given)} AS ${query}${data}` };
}

/** `'bucket(16, id)'` of an array of strings -> its words. */
const unquotedPart = ([token]) =>
  stringOf(token)
    .split(/[(),]/)
    .map(word => word.trim())
    .filter(Boolean);

/** Trino writes bucket(id, 16) where Athena writes bucket(16, id). */
function partitioning(parts) {
  const written = parts.map(([name, first, second]) => {
    if (first === undefined) return name.toLowerCase();
    const inside = second === undefined ? first : `${second}, ${first}`;
    return `${name.toLowerCase()}(${inside.toLowerCase()})`;
  });
  return `ARRAY[${written.map(literal).join(', ')}]`;
}

/** CREATE TABLE of Hive's grammar, for Iceberg. */
export function createTable(statement, { database }) {
  if (!isIceberg(statement))
    throw new Error('NOT_SUPPORTED: the stand-in makes Iceberg tables only by CREATE TABLE');
  const given = { format: `'${(stringProperty(statement, 'format') ?? 'parquet').toUpperCase()}'` };
  const parts = partitionsOf(statement);
  if (parts.length > 0) {
    const words = parts.map(part => part.filter(({ kind }) => kind !== 'symbol').map(wordOf));
    given.partitioning = partitioning(words);
  }
  const { tokens, rest } = statement;
  const location = tokens.findIndex(({ upper }, index) => index >= rest && upper === 'LOCATION');
  given.location = tokens[location + 1].text;
  const columns = statement.columns.map(([name, ...type]) => `${quoted(nameOf(name))} ${columnType(type)}`);
  const exists = statement.ifNotExists ? 'IF NOT EXISTS ' : '';
  const target = tableIn('iceberg', statement.target, database);
  return { sql: `CREATE TABLE ${exists}${target} (${columns.join(', ')}) ${withList(given)}` };
}

const wordOf = token => (token.kind === 'number' ? token.text : nameOf(token));

const DDL_TYPES = {
  string: 'varchar',
  int: 'integer',
  binary: 'varbinary',
  float: 'real',
  timestamp: 'timestamp(6)',
};

/** A type of Hive's grammar, as tokens -> Trino's. */
export function columnType(tokens) {
  const comment = tokens.findIndex(({ upper }) => upper === 'COMMENT');
  const [head, ...more] = comment < 0 ? tokens : tokens.slice(0, comment);
  const name = nameOf(head);
  const inner = splitAtCommas(more.slice(1, -1));
  if (name === 'struct')
    return `row(${inner.map(([field, , ...type]) => `${quoted(nameOf(field))} ${columnType(type)}`).join(', ')})`;
  if (name === 'array' || name === 'map') return `${name}(${inner.map(columnType).join(', ')})`;
  return (DDL_TYPES[name] ?? name) + more.map(({ text }) => text).join('');
}
