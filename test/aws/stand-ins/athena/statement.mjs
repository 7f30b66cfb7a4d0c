// What kind of statement it is, and the parts of it that rules and translations look at.
import { closing, isAt, nameOf, splitAtCommas, stringOf, tokensOf } from './tokens.mjs';

const QUERIES = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE', '(']);
const WRITES = new Set(['INSERT', 'MERGE', 'UPDATE', 'DELETE']);
const SHOWS = new Set(['SHOW', 'DESCRIBE', 'DESC']);

/**
 * @returns {{ sql: string, tokens: object[], verb: string, type: 'DDL'|'DML'|'UTILITY', sub: string,
 *   target?: [string | undefined, string], ifNotExists?: boolean, properties?: Map<string, object[]>,
 *   query?: string, columns?: object[][], rest?: number, inner?: object }} sub is Athena's SubstatementType; query the text of the
 *   SELECT inside a CTAS, view, INSERT or UNLOAD; inner what is explained; properties the WITH or TBLPROPERTIES list, as tokens of each value
 * @throws for unclosed quotes and brackets
 */
export function statementOf(text) {
  const all = tokensOf(text);
  const tokens = all.at(-1)?.text === ';' ? all.slice(0, -1) : all;
  // What stands before the first word stays: errors name lines and columns of the text as it was sent.
  const sql = text.slice(0, tokens.at(-1)?.end ?? 0);
  const verb = tokens[0]?.upper ?? '';
  const statement = { sql, tokens, verb };
  if (verb === 'CREATE') return { ...statement, ...created(statement) };
  if (verb === 'INSERT') return { ...statement, ...inserted(statement) };
  if (verb === 'UNLOAD') return { ...statement, ...unloaded(statement) };
  if (QUERIES.has(verb)) return { ...statement, type: 'DML', sub: 'SELECT', query: sql };
  if (WRITES.has(verb)) return { ...statement, type: 'DML', sub: verb };
  if (verb === 'OPTIMIZE' || verb === 'VACUUM') {
    return { ...statement, type: 'DML', sub: verb, target: nameAt(tokens, 1).name };
  }
  if (verb === 'EXPLAIN') return { ...statement, type: 'UTILITY', sub: verb, inner: explained(text, tokens) };
  if (SHOWS.has(verb)) return { ...statement, type: 'UTILITY', sub: verb };
  return { ...statement, type: 'DDL', sub: [verb, tokens[1]?.upper].filter(Boolean).join('_') };
}

/** A name of one to three parts from `index` on; the catalogue's own is dropped. */
export function nameAt(tokens, index) {
  const parts = [];
  let next = index;
  while (tokens[next] !== undefined && ['word', 'quoted', 'backtick'].includes(tokens[next].kind)) {
    parts.push(nameOf(tokens[next]));
    next++;
    if (tokens[next]?.text !== '.') break;
    next++;
  }
  if (parts.length === 3 && parts[0] === 'awsdatacatalog') parts.shift();
  const name = parts.length > 1 ? parts.slice(-2) : [undefined, parts[0]];
  return { name, next };
}

function created({ sql, tokens }) {
  let index = 1;
  const orReplace = isAt(tokens, index, 'OR', 'REPLACE');
  if (orReplace) index += 2;
  const external = isAt(tokens, index, 'EXTERNAL');
  if (external) index++;
  const what = tokens[index]?.upper;
  index++;
  const ifNotExists = isAt(tokens, index, 'IF', 'NOT', 'EXISTS');
  if (ifNotExists) index += 3;
  const { name: target, next } = nameAt(tokens, index);
  const base = { type: 'DDL', sub: `CREATE_${what}`, orReplace, external, ifNotExists, target, rest: next };
  if (what === 'VIEW') return { ...base, query: afterAs(sql, tokens, next) };
  if (what !== 'TABLE') return base;
  if (isAt(tokens, next, 'AS')) return { ...base, ...ctas(sql, tokens, next), properties: new Map() };
  if (isAt(tokens, next, 'WITH', '(')) {
    const end = closing(tokens, next + 1);
    return { ...base, ...ctas(sql, tokens, end + 1), properties: properties(tokens.slice(next + 2, end)) };
  }
  if (tokens[next]?.text !== '(') return base;
  const end = closing(tokens, next);
  return {
    ...base,
    columns: splitAtCommas(tokens.slice(next + 1, end)),
    rest: end + 1,
    properties: tableProperties(tokens, end + 1),
  };
}

const ctas = (sql, tokens, as) => ({
  sub: 'CREATE_TABLE_AS_SELECT',
  query: afterAs(sql, tokens, as),
  rest: as,
});

function afterAs(sql, tokens, from) {
  const as = tokens.findIndex((token, index) => index >= from && token.depth === 0 && token.upper === 'AS');
  if (as < 0 || tokens[as + 1] === undefined) return undefined;
  const last = tokens.length - 1;
  const withData = isAt(tokens, last - 1, 'WITH', 'DATA')
    ? 2
    : isAt(tokens, last - 2, 'WITH', 'NO', 'DATA')
      ? 3
      : 0;
  return sql.slice(tokens[as + 1].at, tokens[last - withData].end);
}

function tableProperties(tokens, from) {
  const at = tokens.findIndex((token, index) => index >= from && token.upper === 'TBLPROPERTIES');
  if (at < 0) return new Map();
  return properties(tokens.slice(at + 2, closing(tokens, at + 1)));
}

function properties(tokens) {
  return new Map(
    splitAtCommas(tokens).map(([key, , ...value]) => [
      key.kind === 'string' ? stringOf(key).toLowerCase() : nameOf(key),
      value,
    ]),
  );
}

function inserted({ sql, tokens }) {
  if (!isAt(tokens, 1, 'INTO')) return { type: 'DML', sub: 'INSERT' };
  const { name: target, next } = nameAt(tokens, 2);
  const listed = tokens[next]?.text === '(' && !QUERIES.has(tokens[next + 1]?.upper);
  const from = listed ? closing(tokens, next) + 1 : next;
  return { type: 'DML', sub: 'INSERT', target, query: sql.slice(tokens[from]?.at ?? sql.length) };
}

function unloaded({ sql, tokens }) {
  if (tokens[1]?.text !== '(') return { type: 'DML', sub: 'UNLOAD' };
  const end = closing(tokens, 1);
  const withAt = tokens.findIndex((token, index) => index > end && token.upper === 'WITH');
  const list = withAt < 0 ? [] : tokens.slice(withAt + 2, closing(tokens, withAt + 1));
  const query = sql.slice(tokens[1].end, tokens[end].at);
  return { type: 'DML', sub: 'UNLOAD', query, properties: properties(list), rest: end + 1 };
}

/** The statement after EXPLAIN [ANALYZE [VERBOSE]] [(options)], at its own place in the text. */
function explained(text, tokens) {
  let index = 1;
  while (['ANALYZE', 'VERBOSE'].includes(tokens[index]?.upper)) index++;
  if (tokens[index]?.text === '(' && ['FORMAT', 'TYPE'].includes(tokens[index + 1]?.upper))
    index = closing(tokens, index) + 1;
  const from = tokens[index]?.at ?? text.length;
  return statementOf(text.slice(0, from).replace(/[^\n]/g, ' ') + text.slice(from));
}

/** Line breaks and spaces that put a part of a statement where it stood, whatever shorter text comes before it. */
export function placeOf({ sql }, part) {
  const lines = sql.slice(0, sql.lastIndexOf(part)).split('\n');
  return lines.length === 1 ? '' : '\n'.repeat(lines.length - 1) + ' '.repeat(lines.at(-1).length);
}

/** Text of a property's value when it is one string literal. */
export function stringProperty(statement, name) {
  const value = statement.properties?.get(name);
  return value?.length === 1 && value[0].kind === 'string' ? stringOf(value[0]) : undefined;
}

/** Whether a CTAS or CREATE TABLE makes an Iceberg table. */
export const isIceberg = statement => stringProperty(statement, 'table_type')?.toUpperCase() === 'ICEBERG';
