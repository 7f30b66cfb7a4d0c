// Statements that Athena does not parse, or whose type it does not support: an InvalidRequestException at
// StartQueryExecution. What the engine's own parser refuses is left to it.
import { isAt, nameOf, position } from '../tokens.mjs';
import { rule } from './rule.mjs';

const UNSUPPORTED = 'Queries of this type are not supported';

const mismatch = ({ sql }, token, expecting) =>
  `${position(sql, token.at)}: mismatched input '${token.text}'. Expecting: ${expecting}`;

/** Verbs of Athena's reference of DDL and of DML. */
const VERBS = new Set([
  ...[
    '(',
    'ALTER',
    'CREATE',
    'DEALLOCATE',
    'DELETE',
    'DESC',
    'DESCRIBE',
    'DROP',
    'EXECUTE',
    'EXPLAIN',
    'INSERT',
    'MERGE',
  ],
  ...[
    'MSCK',
    'OPTIMIZE',
    'PREPARE',
    'SELECT',
    'SHOW',
    'TABLE',
    'UNLOAD',
    'UPDATE',
    'VACUUM',
    'VALUES',
    'WITH',
  ],
]);

/** Verbs that Trino knows and Athena has no statement for. */
const TRINO_VERBS = new Set([
  ...[
    'ANALYZE',
    'CALL',
    'COMMENT',
    'COMMIT',
    'DENY',
    'GRANT',
    'REFRESH',
    'RESET',
    'REVOKE',
    'ROLLBACK',
    'SET',
  ],
  ...['START', 'TRUNCATE', 'USE'],
]);

/** unsupported-ddl and other-notable-limitations: what is in Trino's grammar and must not reach it. */
const UNSUPPORTED_SHOWS = new Set([
  'STATS',
  'GRANTS',
  'ROLES',
  'ROLE',
  'CURRENT',
  'SESSION',
  'FUNCTIONS',
  'BRANCHES',
]);

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

  rule('verb.unknown', 'ddl-sql-reference', statement =>
    VERBS.has(statement.verb) || TRINO_VERBS.has(statement.verb)
      ? undefined
      : mismatch(statement, statement.tokens[0], [...VERBS].map(verb => `'${verb}'`).join(', ')),
  ),

  rule('verb.trino', 'other-notable-limitations', ({ verb }) =>
    TRINO_VERBS.has(verb) ? UNSUPPORTED : undefined,
  ),

  rule('verb.prepare', 'https://docs.aws.amazon.com/athena/latest/ug/sql-prepare.html', ({ verb }) =>
    // Athena has prepared statements of a work group; this stand-in does not, and the product uses parameters.
    ['PREPARE', 'EXECUTE', 'DEALLOCATE'].includes(verb) ? UNSUPPORTED : undefined,
  ),

  rule('alter.execute', 'querying-iceberg-data-optimization', statement => {
    const { verb, tokens } = statement;
    const found = verb === 'ALTER' && tokens.find(({ upper, depth }) => upper === 'EXECUTE' && depth === 0);
    return found ? mismatch(statement, found, "'ADD', 'DROP', 'RENAME', 'SET'") : undefined;
  }),

  rule('alter.rename', 'unsupported-ddl', ({ verb, tokens }) => {
    const rename = tokens.findIndex(({ upper }) => upper === 'RENAME');
    return verb === 'ALTER' && rename > 0 && tokens[rename + 1]?.upper === 'TO' ? UNSUPPORTED : undefined;
  }),

  rule('create.replace.table', 'create-table', statement =>
    statement.orReplace && statement.sub.startsWith('CREATE_TABLE')
      ? mismatch(statement, statement.tokens[3], "'VIEW'")
      : undefined,
  ),

  rule('create.like', 'other-notable-limitations', ({ sub, tokens }) =>
    sub === 'CREATE_TABLE' &&
    tokens.some(({ upper, depth }, index) => upper === 'LIKE' && depth <= 1 && index < 8)
      ? UNSUPPORTED
      : undefined,
  ),

  rule('create.other', 'unsupported-ddl', ({ verb, sub }) =>
    verb === 'CREATE' &&
    !['CREATE_TABLE', 'CREATE_TABLE_AS_SELECT', 'CREATE_VIEW', 'CREATE_DATABASE', 'CREATE_SCHEMA'].includes(
      sub,
    )
      ? UNSUPPORTED
      : undefined,
  ),

  rule('describe.prepared', 'other-notable-limitations', ({ tokens }) =>
    ['DESCRIBE', 'DESC'].includes(tokens[0]?.upper) && ['INPUT', 'OUTPUT'].includes(tokens[1]?.upper)
      ? UNSUPPORTED
      : undefined,
  ),

  rule('show.other', 'unsupported-ddl', ({ verb, tokens }) =>
    verb === 'SHOW' && UNSUPPORTED_SHOWS.has(tokens[1]?.upper) ? UNSUPPORTED : undefined,
  ),

  rule('with.function', 'querying-udf', statement =>
    // Athena's functions of a user are Lambdas: USING EXTERNAL FUNCTION.
    isAt(statement.tokens, 0, 'WITH', 'FUNCTION')
      ? mismatch(statement, statement.tokens[1], "'RECURSIVE', <identifier>")
      : undefined,
  ),

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
