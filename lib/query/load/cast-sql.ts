import { duckdbType } from '../../columnar/type-map';
import { decimalOf, type PrimitiveType } from '../../columnar/types';
import type { StoredAs } from '../../ports/copy-engine';

const INTEGERS = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$|^DECIMAL\(\d+,0\)$/;
const SMALL_INTEGERS = /^U?(TINYINT|SMALLINT)$/;
const TIMES = /^TIMESTAMP(_S|_MS| WITH TIME ZONE)?$/;

/** Whether a cast gives the same value or an error of the engine. */
function isExact(from: string, to: string): boolean {
  if (TIMES.test(to)) return TIMES.test(from) || from === 'DATE';
  if (to === 'DOUBLE') return SMALL_INTEGERS.test(from) || /^(U?INTEGER|FLOAT)$/.test(from);
  if (to === 'FLOAT') return SMALL_INTEGERS.test(from);
  if (/^(INTEGER|BIGINT|DECIMAL)/.test(to) && INTEGERS.test(from)) return true;
  const [a, b] = [scaleOf(from), scaleOf(to)];
  return a !== undefined && b !== undefined && a <= b;
}

function scaleOf(type: string): number | undefined {
  const m = /^DECIMAL\(\d+,(\d+)\)$/.exec(type);
  return m ? Number(m[1]) : undefined;
}

/**
 * A stored value as one of `type`, or an error of the engine that shows it: nothing is rounded or cut on the way.
 * `from` is the engine's name of the stored type. Undefined: values of the two have nothing in common.
 */
export function exactCastSql(
  x: string,
  from: string,
  type: PrimitiveType,
  stored?: StoredAs,
): string | undefined {
  const to = duckdbType(type);
  if (stored === 'bits' && from === 'BLOB') return bitsSql(x, type);
  if (from === to) return x;
  if (from === 'BLOB') return type === 'string' ? decodeSql(x) : undefined;
  if (from === 'VARCHAR') return textSql(x, type);
  const cast = `CAST(${x} AS ${to})`;
  if (type === 'string' || isExact(from, to)) return cast;
  if (type === 'binary' || isTime(from) !== isTime(to) || isNested(from)) return undefined;
  return exactly(`CAST(${cast} AS ${from}) = ${x}`, cast, x, to);
}

/** A byte array that other writers left without its logical type. Invalid UTF-8 is an error of the engine. */
function decodeSql(x: string): string {
  return `decode(${x})`;
}

function isNested(type: string): boolean {
  return /[[(]/.test(type) && !type.startsWith('DECIMAL(');
}

function isTime(type: string): boolean {
  return /^(DATE|TIMESTAMP)/.test(type);
}

/** The value where it holds, else a cast that fails and shows it: error() may not stand where faults are looked for. */
function exactly(condition: string, value: string, x: string, to: string): string {
  const fault = `CAST('not exactly ${to}: ' || CAST(${x} AS VARCHAR) AS ${to})`;
  return `CASE WHEN ${x} IS NULL THEN NULL WHEN ${condition} THEN ${value} ELSE ${fault} END`;
}

function bitsSql(x: string, type: PrimitiveType): string | undefined {
  const number = `CAST('0x' || hex(${x}) AS UBIGINT)`;
  if (type === 'boolean') return exactly(`${number} < 2`, `${number} = 1`, number, 'BOOLEAN');
  return type === 'string' || type === 'binary' ? undefined : `CAST(${number} AS ${duckdbType(type)})`;
}

/** Text that spells a value. Only what may be inexact is looked at closely: patterns cost more than the cast. */
function textSql(x: string, type: PrimitiveType): string | undefined {
  const to = duckdbType(type);
  const cast = `CAST(${x} AS ${to})`;
  const decimal = decimalOf(type);
  if (decimal) return plain(x, cast, to, `\\d*(\\.\\d{0,${decimal.scale}}0*)?`);
  switch (type) {
    case 'string':
      return x;
    case 'int':
    case 'long':
      return plain(x, cast, to, '\\d+(\\.0*)?');
    case 'date':
      return exactly(matches(x, DAY), `CAST(left(trim(${x}), 10) AS DATE)`, x, to);
    case 'timestamp':
    case 'timestamptz':
      return exactly(matches(x, TIME), `CAST(CAST(${x} AS TIMESTAMPTZ) AS ${to})`, x, to);
    case 'binary':
      return `unhex(CASE WHEN starts_with(lower(${x}), '0x') THEN ${x}[3:] ELSE ${x} END)`;
    default:
      return cast;
  }
}

const DAY = ' *\\d{4}-\\d{2}-\\d{2}([ T]00:00(:00(\\.0*)?)?)? *';
const TIME =
  ' *-?\\d{4,6}-\\d{2}-\\d{2}([ T]\\d{2}:\\d{2}(:\\d{2}(\\.\\d{0,6}0*)?)?)?(Z|[+-]\\d{2}(:?\\d{2})?)? *';

function matches(x: string, pattern: string): string {
  return `regexp_full_match(${x}, '${pattern}')`;
}

/** A point, an exponent and an underscore are where DuckDB would round, or read what is no number elsewhere. */
function plain(x: string, cast: string, to: string, pattern: string): string {
  const suspect = ['.', 'e', 'E', '_'].map(c => `contains(${x}, '${c}')`).join(' OR ');
  const power = `${matches(x, ' *[+-]?[\\d.]+[eE][+-]?\\d+ *')} AND ${digits(x)} <= ${DOUBLE_DIGITS} AND CAST(${cast} AS DOUBLE) = CAST(${x} AS DOUBLE)`;
  return exactly(`NOT (${suspect}) OR ${matches(x, ` *[+-]?${pattern} *`)} OR (${power})`, cast, x, to);
}

/** Digits that a double keeps of any number. */
const DOUBLE_DIGITS = 15;

function digits(x: string): string {
  return `length(regexp_replace(${x}, '^[-0.]+|[^0-9]', '', 'g'))`;
}
