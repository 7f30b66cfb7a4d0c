import { decimalOf, type PrimitiveType } from '../columnar/types';
import { dayText, dayTime, dayTimeMicros, durationText, FIRST_MS, LAST_MS } from './day-time';
import type { DeclaredColumn } from './format';
import type { Formed, ValueForm } from './json-changes';
import { JsonKind } from './json-scanner';

/** What a Connect schema says of one field. */
export interface FieldSchema {
  readonly type: string;
  /** The meaning, such as `io.debezium.time.Date`. */
  readonly name?: string;
  /** Of a decimal. */
  readonly scale?: number;
}

const asItStands = undefined;
const NO_VALUE = { why: '' };

/**
 * How a field's values are written, by its schema; undefined: as plain JSON.
 * @see https://debezium.io/documentation/reference/stable/connectors/mysql.html#mysql-data-types
 */
export function formBySchema(field: FieldSchema, type: PrimitiveType): ValueForm | undefined {
  const { name } = field;
  if (name === 'io.debezium.data.Bits') return bits(type);
  if (name === 'org.apache.kafka.connect.data.Decimal')
    return field.scale === undefined ? refused('a decimal whose schema has no scale') : decimal(field.scale);
  if (name === 'io.debezium.data.VariableScaleDecimal') return variableScale;
  const temporal = name === undefined ? undefined : TEMPORAL.get(name);
  if (temporal) return temporal;
  if (field.type === 'bytes') return name === undefined ? base64 : refused(`of the unknown kind ${name}`);
  if (field.type === 'string') return type === 'binary' ? hexOrBase64 : asItStands;
  const known = name === undefined || name === 'io.debezium.time.Year' || NESTED.has(field.type);
  return known ? asItStands : refused(`of the unknown kind ${name}`);
}

const NESTED = new Set(['struct', 'array', 'map']);

/**
 * How a column's values are written where no schema says it: as Debezium writes the declared type unless it is told
 * otherwise. `written` is the type as the config names it, which may be MySQL's own: `datetime(6)`, `time`, `bit(8)`.
 */
export function formByDeclaration({ type }: DeclaredColumn, written = ''): ValueForm | undefined {
  const { base, argument } = mysqlType(written);
  if (type === 'date') return numbers(days);
  if (type === 'timestamp' || type === 'timestamptz') {
    if (base !== 'datetime') return numbers(millisOrMicros);
    return numbers(argument > 3 ? micros : millis);
  }
  if (base === 'time') return numbers(timeMicros);
  if (base === 'bit') return argument > 1 ? bits(type) : asItStands;
  if (type === 'binary') return hexOrBase64;
  const scale = decimalOf(type)?.scale;
  return scale === undefined ? asItStands : digitsOrBase64(scale);
}

function mysqlType(written: string): { base: string; argument: number } {
  const m = /^\s*([a-z]+)\s*(?:\(\s*(\d+)\s*\))?\s*$/i.exec(written);
  return { base: m?.[1]?.toLowerCase() ?? '', argument: Number(m?.[2] ?? 0) };
}

function refused(why: string): ValueForm {
  return () => ({ why });
}

/** A number has the form; any other value stands for itself, and its column's type judges it. */
function numbers(form: ValueForm): ValueForm {
  return (text, kind) => (kind === JsonKind.Number ? form(text, kind) : text);
}

const INTEGER = /^-?\d{1,19}$/;

/** Integers alone: anything else is no such value. A number that a double holds, else a bigint. */
function integers(form: (n: number | bigint) => Formed | undefined): ValueForm {
  return (text, kind) => {
    if (kind !== JsonKind.Number || !INTEGER.test(text)) return NO_VALUE;
    const n = Number(text);
    return form(Number.isSafeInteger(n) ? n : BigInt(text)) ?? NO_VALUE;
  };
}

const TOO_FINE = { why: 'finer than a microsecond' };

/** Nanoseconds that are whole microseconds. */
const ofNanos = (form: (us: number | bigint) => Formed | undefined) => (n: number | bigint) => {
  const us = BigInt(n) / 1000n;
  return us * 1000n === BigInt(n) ? form(Number.isSafeInteger(Number(us)) ? Number(us) : us) : TOO_FINE;
};

const days = integers(n => (typeof n === 'number' ? dayText(n) : undefined));
const millis = integers(n => (typeof n === 'number' ? dayTime(n) : undefined));
const micros = integers(dayTimeMicros);
const nanos = integers(ofNanos(dayTimeMicros));

/** Beyond the year 9999 in milliseconds a number can only be microseconds. */
const millisOrMicros = integers(n =>
  n > LAST_MS || n < FIRST_MS ? dayTimeMicros(n) : { meanings: 'milliseconds or microseconds' },
);

const ofMicros = (n: number | bigint) => (typeof n === 'number' ? durationText(n) : undefined);
const timeMillis = integers(n =>
  typeof n === 'number' && Number.isSafeInteger(n * 1000) ? durationText(n * 1000) : undefined,
);
const timeMicros = integers(ofMicros);
const timeNanos = integers(ofNanos(ofMicros));

/** An ISO date or time bears the zone that it is without: `2021-01-31Z`. */
const withoutZone: ValueForm = (text, kind) =>
  kind === JsonKind.Text ? (text.endsWith('Z') ? text.slice(0, -1) : text) : NO_VALUE;

const TEMPORAL: ReadonlyMap<string, ValueForm> = new Map([
  ['io.debezium.time.Date', days],
  ['org.apache.kafka.connect.data.Date', days],
  ['io.debezium.time.Timestamp', millis],
  ['org.apache.kafka.connect.data.Timestamp', millis],
  ['io.debezium.time.MicroTimestamp', micros],
  ['io.debezium.time.NanoTimestamp', nanos],
  ['io.debezium.time.Time', timeMillis],
  ['org.apache.kafka.connect.data.Time', timeMillis],
  ['io.debezium.time.MicroTime', timeMicros],
  ['io.debezium.time.NanoTime', timeNanos],
  ['io.debezium.time.IsoDate', withoutZone],
  ['io.debezium.time.IsoTime', withoutZone],
]);

/** The bytes of base64 as it is written in one way only; undefined where the text is none. */
function bytesOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

const hex = (bytes: Buffer): string => `0x${bytes.toString('hex')}`;

const base64: ValueForm = (text, kind) => {
  const bytes = kind === JsonKind.Text ? bytesOf(text) : undefined;
  return bytes ? hex(bytes) : NO_VALUE;
};

/** Bytes as a string: base64, or hex where Debezium is told so (binary.handling.mode). */
const hexOrBase64: ValueForm = (text, kind) => {
  if (kind !== JsonKind.Text || text === '') return kind === JsonKind.Text ? text : NO_VALUE;
  const isHex = text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text);
  if (!isHex) return base64(text, kind);
  return bytesOf(text) ? { meanings: 'hex or base64' } : text;
};

/** BIT(n) comes with its last byte first; MySQL shows it with the first first, or as a number. */
function bits(type: PrimitiveType): ValueForm {
  return (text, kind) => {
    if (kind === JsonKind.Boolean) return text;
    const bytes = kind === JsonKind.Text ? bytesOf(text)?.reverse() : undefined;
    if (!bytes || bytes.length === 0) return NO_VALUE;
    return type === 'binary' || type === 'string' ? hex(bytes) : String(BigInt(hex(bytes)));
  };
}

/** A decimal's unscaled integer, two's complement, big-endian. */
function decimal(scale: number): ValueForm {
  return (text, kind) => {
    const bytes = kind === JsonKind.Text ? bytesOf(text) : undefined;
    return bytes && bytes.length > 0 ? scaled(bytes, scale) : NO_VALUE;
  };
}

/** A decimal's digits, from its unscaled integer: two's complement, big-endian, at least one byte. */
export function scaled(bytes: Buffer, scale: number): string {
  const unscaled =
    bytes.length <= 6
      ? BigInt(bytes.readIntBE(0, bytes.length))
      : BigInt.asIntN(8 * bytes.length, BigInt(hex(bytes)));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const point = digits.length - scale;
  const fraction = scale === 0 ? '' : `.${digits.slice(point)}`;
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}${fraction}`;
}

const variableScale: ValueForm = (text, kind) => {
  if (kind !== JsonKind.Nested) return NO_VALUE;
  const { scale, value } = JSON.parse(text) as { scale?: unknown; value?: unknown };
  const fits = Number.isInteger(scale) && (scale as number) >= 0 && typeof value === 'string';
  return fits ? decimal(scale as number)(value, JsonKind.Text) : NO_VALUE;
};

const DIGITS = /^-?\d+(\.\d+)?$/;

/** A decimal as a string: its bytes, or its digits where Debezium is told so (decimal.handling.mode). */
function digitsOrBase64(scale: number): ValueForm {
  const ofBytes = decimal(scale);
  return (text, kind) => {
    if (kind !== JsonKind.Text) return text;
    if (!DIGITS.test(text)) return ofBytes(text, kind);
    return bytesOf(text) ? { meanings: 'a number or the bytes of one' } : text;
  };
}
