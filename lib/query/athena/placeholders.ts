import type { SqlParameter, Statement } from '../../ports/query-engine';

/** A quoted text or name or a comment, in which nothing is a parameter; or a parameter. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\d+)/g;

/**
 * A statement whose parameters are `$1`, `$2` ... as Athena takes it: `?` in their places, and a value a place, in
 * the order of the text. One that is named twice is sent twice.
 */
export function withPlaceholders({ sql, params = [] }: Statement): Required<Statement> {
  if (params.length === 0) return { sql, params: [] };
  const values: SqlParameter[] = [];
  const text = sql.replace(TOKEN, (token: string, nth: string | undefined) => {
    const value = nth === undefined ? undefined : params[Number(nth) - 1];
    if (value === undefined) return token;
    values.push(value);
    return '?';
  });
  return { sql: text, params: values };
}
