// Statements whose type Athena does not support: an InvalidRequestException at StartQueryExecution.
import { isAt } from '../tokens.mjs';
import { mismatch, rule } from './rule.mjs';

const UNSUPPORTED = 'Queries of this type are not supported';

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

/** Rules of a statement. */
export const VERB_RULES = [
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
];
