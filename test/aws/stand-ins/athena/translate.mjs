// Athena's spelling of a statement -> Trino's. Queries, INSERT, MERGE, UPDATE and DELETE are the same in both.
import { tableIn, textOf, withList } from './sql-parts.mjs';
import { nameAt, placeOf, stringProperty } from './statement.mjs';
import { closing, isAt, literal, nameOf, quoted, splitAtCommas, stringOf } from './tokens.mjs';
import { columnType, createTable, createTableAs } from './translate-tables.mjs';

/** VACUUM keeps this much (vacuum_max_snapshot_age_seconds, 432,000 by default). */
const VACUUM_DAYS = 5;

/**
 * @param {object} statement of statementOf
 * @param {{ database: string, output: string, id: string }} where output: the folder of results
 * @returns {{ sql: string, session?: string[], after?: string[], tolerates?: RegExp, shows?: 'partitions' }} after:
 *   statements that belong to it; tolerates: errors that are none
 */
export function translate(statement, where) {
  const translated = FORMS[statement.sub]?.(statement, where);
  if (translated !== undefined) return translated;
  if (statement.type !== 'DML') return { sql: statement.sql.replaceAll('`', '"') };
  return { sql: statement.sql };
}

const FORMS = {
  CREATE_TABLE_AS_SELECT: createTableAs,
  CREATE_TABLE: createTable,
  CREATE_VIEW: createView,
  CREATE_DATABASE: createDatabase,
  CREATE_SCHEMA: createDatabase,
  DROP_TABLE: dropTable,
  DROP_DATABASE: dropDatabase,
  DROP_SCHEMA: dropDatabase,
  DROP_VIEW: dropView,
  OPTIMIZE: optimize,
  VACUUM: vacuum,
  MSCK_REPAIR: repair,
  ALTER_TABLE: alterTable,
  SHOW: show,
  UNLOAD: unload,
  EXPLAIN: explain,
};

function createView(statement, { database }) {
  const or = statement.orReplace ? 'OR REPLACE ' : '';
  // SECURITY INVOKER: in Athena a reader of a view needs the rights on its tables.
  const target = tableIn('awsdatacatalog', statement.target, database);
  const query = placeOf(statement, statement.query) + statement.query;
  return { sql: `CREATE ${or}VIEW ${target} SECURITY INVOKER AS ${query}` };
}

function createDatabase(statement) {
  const { tokens, target, ifNotExists } = statement;
  const at = tokens.findIndex(({ upper }) => upper === 'LOCATION');
  const location = at < 0 ? '' : ` WITH (location = ${tokens[at + 1].text})`;
  return {
    sql: `CREATE SCHEMA ${ifNotExists ? 'IF NOT EXISTS ' : ''}awsdatacatalog.${quoted(target[1])}${location}`,
  };
}

/** `DROP x [IF EXISTS] name` -> [whether IF EXISTS, name, index after it]. */
function dropped({ tokens }) {
  const ifExists = isAt(tokens, 2, 'IF', 'EXISTS');
  const { name, next } = nameAt(tokens, ifExists ? 4 : 2);
  return [ifExists ? 'IF EXISTS ' : '', name, next];
}

function dropTable(statement, { database }) {
  const [ifExists, name] = dropped(statement);
  return { sql: `DROP TABLE ${ifExists}${tableIn('awsdatacatalog', name, database)}` };
}

function dropView(statement, { database }) {
  const [ifExists, name] = dropped(statement);
  return { sql: `DROP VIEW ${ifExists}${tableIn('awsdatacatalog', name, database)}` };
}

function dropDatabase(statement) {
  const [ifExists, [, name], next] = dropped(statement);
  const cascade = isAt(statement.tokens, next, 'CASCADE') ? ' CASCADE' : '';
  return { sql: `DROP SCHEMA ${ifExists}awsdatacatalog.${quoted(name)}${cascade}` };
}

function optimize(statement, { database }) {
  const { next } = nameAt(statement.tokens, 1);
  if (!isAt(statement.tokens, next, 'REWRITE', 'DATA', 'USING', 'BIN_PACK'))
    throw new Error('OPTIMIZE needs REWRITE DATA USING BIN_PACK');
  const where =
    statement.tokens[next + 4] === undefined ? '' : ` ${textOf(statement, statement.tokens.slice(next + 4))}`;
  return { sql: `ALTER TABLE ${tableIn('iceberg', statement.target, database)} EXECUTE optimize${where}` };
}

function vacuum(statement, { database }) {
  const table = tableIn('iceberg', statement.target, database);
  const keep = `(retention_threshold => '${VACUUM_DAYS}d')`;
  return {
    sql: `ALTER TABLE ${table} EXECUTE expire_snapshots${keep}`,
    after: [`ALTER TABLE ${table} EXECUTE remove_orphan_files${keep}`],
  };
}

function repair(statement, { database }) {
  const { name } = nameAt(statement.tokens, 3);
  const args = [literal(name[0] ?? database), literal(name[1]), "'ADD'"];
  return { sql: `CALL awsdatacatalog.system.sync_partition_metadata(${args.join(', ')})` };
}

function alterTable(statement, { database }) {
  const { tokens } = statement;
  const { name, next } = nameAt(tokens, 2);
  if (isAt(tokens, next, 'ADD', 'COLUMNS'))
    return addColumns(tokens, next + 2, tableIn('iceberg', name, database));
  const first = tokens.findIndex(({ upper }) => upper === 'PARTITION');
  if (!isAt(tokens, next, 'ADD') || first < 0)
    throw new Error('NOT_SUPPORTED: the stand-in knows ADD COLUMNS and ADD PARTITION');
  const calls = partitionsAdded(tokens, first).map(({ keys, values, location }) => {
    const list = texts => `ARRAY[${texts.map(literal).join(', ')}]`;
    const args = [literal(name[0] ?? database), literal(name[1]), list(keys), list(values), ...location];
    return `CALL awsdatacatalog.system.register_partition(${args.join(', ')})`;
  });
  const tolerates = isAt(tokens, next + 1, 'IF', 'NOT', 'EXISTS')
    ? /already registered|already exists/i
    : undefined;
  return { sql: calls[0], after: calls.slice(1), tolerates };
}

/** One statement for each column: Trino adds one at a time. */
function addColumns(tokens, open, table) {
  const columns = splitAtCommas(tokens.slice(open + 1, closing(tokens, open)));
  const adds = columns.map(
    ([name, ...type]) => `ALTER TABLE ${table} ADD COLUMN ${quoted(nameOf(name))} ${columnType(type)}`,
  );
  return { sql: adds[0], after: adds.slice(1) };
}

function partitionsAdded(tokens, first) {
  const found = [];
  for (let index = first; index < tokens.length; index++) {
    if (!isAt(tokens, index, 'PARTITION', '(')) continue;
    const end = closing(tokens, index + 1);
    const pairs = splitAtCommas(tokens.slice(index + 2, end));
    found.push({
      keys: pairs.map(([key]) => nameOf(key)),
      values: pairs.map(([, , value]) => (value.kind === 'string' ? stringOf(value) : value.text)),
      location: isAt(tokens, end + 1, 'LOCATION') ? [tokens[end + 2].text] : [],
    });
  }
  return found;
}

function show(statement, { database }) {
  if (!isAt(statement.tokens, 1, 'PARTITIONS')) return undefined;
  const { name } = nameAt(statement.tokens, 2);
  const partitions = tableIn('awsdatacatalog', [name[0], `${name[1]}$partitions`], database);
  return { sql: `SELECT * FROM ${partitions}`, shows: 'partitions' };
}

function unload(statement, { database, id }) {
  const { tokens, rest, properties } = statement;
  const to = tokens[rest + 1];
  if (!isAt(tokens, rest, 'TO') || to?.kind !== 'string') throw new Error('UNLOAD needs TO and a location');
  const format = properties.has('format') ? textOf(statement, properties.get('format')) : "'PARQUET'";
  const given = { format: format.toUpperCase(), external_location: to.text };
  const partitioned = properties.get('partitioned_by');
  if (partitioned) given.partitioned_by = textOf(statement, partitioned);
  const compression = stringProperty(statement, 'compression');
  const table = tableIn('awsdatacatalog', [database, `unload_${id.replaceAll('-', '')}`]);
  return {
    session: compression ? [`awsdatacatalog.compression_codec=${compression.toUpperCase()}`] : [],
    sql: `CREATE TABLE ${table} ${withList(given)} AS ${statement.query}`,
    after: [`DROP TABLE ${table}`], // an external one: its files stay
  };
}

/** Options stay as they are; what is explained is translated, and keeps its place where it is not. */
function explain({ sql, inner }, where) {
  const from = inner.tokens[0]?.at ?? sql.length;
  const { sql: translated } = translate(inner, where);
  return { sql: sql.slice(0, from) + (translated === inner.sql ? sql.slice(from) : translated) };
}
