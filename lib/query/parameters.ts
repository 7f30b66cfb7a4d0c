import type { SqlParameter } from '../ports/query-engine';
import { parameterQuoted, parameterUnknown, sqlUnended } from './errors';
import { quoteText } from './quote';

/** A parameter's value, and the type that the SQL sees it as. */
export interface NamedParameter {
  readonly value: SqlParameter;
  readonly type: 'DATE' | 'VARCHAR';
}

export interface BoundSql {
  readonly sql: string;
  readonly params: readonly SqlParameter[];
}

/**
 * numbered: `$1`, one for each name. literal: quoted into the text, for statements that take no parameters (Athena's
 * EXPLAIN).
 */
export type ParameterStyle = 'numbered' | 'literal';

/** A quoted text or name, a comment, or a parameter; alternatives that end with `$` are unended ones. */
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|\{\{\s*([A-Za-z_]\w*)\s*\}\}|'[\s\S]*$|"[\s\S]*$|\/\*[\s\S]*$/g;
const PARAMETER = /\{\{\s*([A-Za-z_]\w*)\s*\}\}/;

/**
 * Turns `{{name}}` into bound parameters: each becomes a typed `CAST($1 AS DATE)`, so an engine that has not seen
 * the value knows the type. Comments stay as they are; lines keep their numbers; a semicolon at the end goes.
 * @param file what errors name
 * @throws TM_6007 for a parameter without a value, TM_6008 for one inside quotes, TM_6009 for an unended quote
 */
export function bindParameters(
  sql: string,
  values: Readonly<Record<string, NamedParameter>>,
  file: string,
  style: ParameterStyle = 'numbered',
): BoundSql {
  const order: string[] = [];
  const where = (at: number) => `${file}:${sql.slice(0, at).split('\n').length}`;
  const bound = withoutSemicolon(sql).replace(
    TOKEN,
    (token: string, name: string | undefined, at: number) => {
      if (name === undefined) {
        checkToken(token, where(at));
        return token;
      }
      const parameter = Object.hasOwn(values, name) ? values[name] : undefined;
      if (!parameter) throw parameterUnknown(name, where(at), Object.keys(values));
      if (style === 'literal') return `CAST(${literal(parameter.value)} AS ${parameter.type})`;
      if (!order.includes(name)) order.push(name);
      return `CAST($${order.indexOf(name) + 1} AS ${parameter.type})`;
    },
  );
  return { sql: bound, params: order.map(name => values[name]!.value) };
}

const literal = (value: SqlParameter) => (typeof value === 'string' ? quoteText(value) : String(value));

function checkToken(token: string, where: string): void {
  const isComment = token.startsWith('--') || token.startsWith('/*');
  const quote = token[0]!;
  const ended = token.startsWith('/*')
    ? token.length >= 4 && token.endsWith('*/')
    : isComment || (token.length >= 2 && token.endsWith(quote) && quotes(token, quote) % 2 === 0);
  if (!ended) throw sqlUnended(isComment ? 'comment' : quote === '"' ? 'quoted name' : 'text', where);
  const inside = isComment ? null : PARAMETER.exec(token);
  if (inside) throw parameterQuoted(inside[1]!, where);
}

function quotes(token: string, quote: string): number {
  return token.split(quote).length - 1;
}

/** A statement that goes into another must not end itself; what follows its end can only be comments. */
function withoutSemicolon(sql: string): string {
  const isComment = (token: string) => token.startsWith('--') || token.startsWith('/*');
  const skeleton = sql.replace(TOKEN, token => (isComment(token) ? ' ' : 'x').repeat(token.length));
  const end = /;\s*$/.exec(skeleton);
  return end ? `${sql.slice(0, end.index)} ${sql.slice(end.index + 1)}` : sql;
}
