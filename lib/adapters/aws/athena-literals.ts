import type { SqlParameter, Statement } from '../../ports/query-engine';
import { quoteText } from '../../query/quote';
import { parametersMiscounted, parameterUnsent } from './athena-errors';

/** A quoted text or name or a comment, in which nothing is a parameter; or a parameter. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\?/g;

/**
 * A statement with its parameters in their places, as literals. Athena's own parameters are just such literals, but it
 * takes them in a WHERE clause only, of SELECT, INSERT, CTAS and UNLOAD only, and of 1024 characters at most.
 * @see https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
 * @throws TM_5251 for a value that has no literal, TM_5253 for more or fewer values than `?`
 */
export function withLiterals({ sql, params = [] }: Statement): string {
  // Without values a `?` is the statement's own: a pattern of MATCH_RECOGNIZE.
  if (params.length === 0) return sql;
  let places = 0;
  const text = sql.replace(TOKEN, token => {
    if (token !== '?') return token;
    const value = params[places++];
    return value === undefined ? token : literalOf(value);
  });
  if (places !== params.length) throw parametersMiscounted(places, params.length);
  return text;
}

function literalOf(value: SqlParameter): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return quoteText(value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') {
    return `${BigInt.asIntN(64, value) === value ? 'BIGINT' : 'DECIMAL'} '${value}'`;
  }
  if (!Number.isFinite(value)) throw parameterUnsent(value);
  if (!Number.isSafeInteger(value)) return `DOUBLE '${value}'`;
  // A minus after a minus would begin a comment.
  return value < 0 ? `(${value})` : String(value);
}
