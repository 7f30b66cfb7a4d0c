// Statements that Athena does not parse: an InvalidRequestException at StartQueryExecution. What the engine's own parser
// refuses is left to it.
import { isAt, nameOf, position } from '../tokens.mjs';
import { mismatch, rule } from './rule.mjs';

const METADATA_TABLES = new Set(['files', 'manifests', 'history', 'partitions', 'snapshots', 'refs']);

/** Statements that Athena hands to its Hive parser, where names are quoted by backticks. */
const HIVE_DDL = new Set(['ALTER', 'MSCK', 'SHOW', 'DESCRIBE', 'DESC']);

function isHiveDdl({ verb, sub, tokens }) {
  if (HIVE_DDL.has(verb)) return true;
  if (verb === 'DROP') return !isAt(tokens, 1, 'VIEW');
  return ['CREATE_TABLE', 'CREATE_DATABASE', 'CREATE_SCHEMA'].includes(sub);
}

/** Rules of a statement. */
export const SYNTAX_RULES = [
  rule('statement.empty', 'ddl-sql-reference', ({ tokens }) =>
    tokens.length === 0 ? 'Queries must not be empty' : undefined,
  ),

  rule('statement.one', 'ddl-sql-reference', ({ sql, tokens }) =>
    tokens.some(token => token.text === ';') ? `Only one sql statement is allowed. Got: ${sql}` : undefined,
  ),

  rule('insert.overwrite', 'insert-into', statement =>
    isAt(statement.tokens, 0, 'INSERT', 'OVERWRITE')
      ? mismatch(statement, statement.tokens[1], "'INTO'")
      : undefined,
  ),

  rule('qualify', 'select', statement => {
    // A clause follows something and is followed by an expression: `... FROM t QUALIFY row_number() ...`.
    const found = statement.tokens.find(
      ({ upper }, index, tokens) =>
        upper === 'QUALIFY' &&
        index > 0 &&
        /^(word|quoted)$/.test(tokens[index + 1]?.kind) &&
        tokens[index + 1].upper !== 'FROM' &&
        tokens[index - 1].text !== '.',
    );
    return found === undefined ? undefined : mismatch(statement, found, "'WINDOW', <EOF>");
  }),

  rule('quotes.ddl', 'tables-databases-columns-names', statement => {
    const found = isHiveDdl(statement) && statement.tokens.find(({ kind }) => kind === 'quoted');
    return found
      ? `${position(statement.sql, found.at)}: mismatched input '${found.text}' expecting an identifier (names of DDL stand in backticks)`
      : undefined;
  }),

  rule('quotes.dml', 'tables-databases-columns-names', statement => {
    const found =
      !isHiveDdl(statement) && !statement.inner && statement.tokens.find(({ kind }) => kind === 'backtick');
    return found
      ? `${position(statement.sql, found.at)}: backquoted identifiers are not supported; use double quotes to quote identifiers`
      : undefined;
  }),

  rule('metadata.tables', 'querying-iceberg-table-metadata', ({ tokens }) => {
    const names = tokens.filter(({ kind }) => kind === 'quoted').map(nameOf);
    const found = names.find(name => /^[^$]+\$\w+$/.test(name) && !METADATA_TABLES.has(name.split('$')[1]));
    return found === undefined ? undefined : `TABLE_NOT_FOUND: Table ${found} does not exist`;
  }),

  rule('parameters.where', 'querying-with-prepared-statements', statement => {
    const found = statement.tokens.find(
      (token, index) => token.text === '?' && !inWhere(statement.tokens, index),
    );
    return found === undefined
      ? undefined
      : `${position(statement.sql, found.at)}: parameters can be placed only in the WHERE clause`;
  }),

  rule('view.options', 'create-view', statement => {
    if (statement.sub !== 'CREATE_VIEW') return undefined;
    const after = statement.tokens[statement.rest];
    return after?.upper === 'AS' ? undefined : mismatch(statement, after ?? statement.tokens.at(-1), "'AS'");
  }),
];

const AFTER_WHERE = new Set([
  'GROUP',
  'HAVING',
  'ORDER',
  'LIMIT',
  'OFFSET',
  'UNION',
  'EXCEPT',
  'INTERSECT',
  'WINDOW',
  'SELECT',
]);

/** Whether the nearest clause around a token, at its own depth or further out, is a WHERE. */
function inWhere(tokens, index) {
  let { depth } = tokens[index];
  for (let i = index - 1; i >= 0; i--) {
    const token = tokens[i];
    if (token.depth > depth) continue;
    depth = token.depth;
    if (token.upper === 'WHERE') return true;
    if (token.kind === 'word' && AFTER_WHERE.has(token.upper)) return false;
  }
  return false;
}
