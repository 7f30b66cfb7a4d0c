import { decimalOf, type PrimitiveType, type Scalar } from '../columnar/types';
import { daysOfMicros, firstDayOfMonth, monthsOfDay } from './calendar';
import { parseTransform, type Transform } from './transform-kind';

/** Bytes of a percent-encoded name or value in a path: file systems end at 255 a component. */
const COMPONENT_BYTES_MAX = 120;

/**
 * A partition value as people write it: 2021, 2021-03, 2021-03-01, 2021-03-01-14 for year to hour, ISO 8601
 * for dates and timestamps, base64 for binary; null for NULL. `type` is the type of the value.
 */
export function partitionText(t: Transform, type: PrimitiveType, v: Scalar): string {
  if (v === null) return 'null';
  switch (parseTransform(t).kind) {
    case 'year':
      return pad(1970 + (v as number), 4);
    case 'month':
      return monthText(v as number);
    case 'hour': {
      const day = Math.floor((v as number) / 24);
      return `${dayText(day)}-${pad((v as number) - 24 * day, 2)}`;
    }
    default:
      return valueText(type, v);
  }
}

function valueText(type: PrimitiveType, v: Exclude<Scalar, null>): string {
  const decimal = decimalOf(type);
  if (decimal) return decimalText(v as bigint, decimal.scale);
  switch (type) {
    case 'date':
      return dayText(v as number);
    case 'timestamp':
      return timestampText(v as bigint);
    case 'timestamptz':
      return `${timestampText(v as bigint)}+00:00`;
    case 'binary':
      return Buffer.from(v as Uint8Array).toString('base64');
    default:
      return String(v);
  }
}

function pad(n: number, width: number): string {
  const digits = String(Math.abs(n)).padStart(width, '0');
  return n < 0 ? `-${digits}` : digits;
}

function monthText(month: number): string {
  const year = Math.floor(month / 12);
  return `${pad(1970 + year, 4)}-${pad(month - 12 * year + 1, 2)}`;
}

function dayText(day: number): string {
  const month = monthsOfDay(day);
  return `${monthText(month)}-${pad(day - firstDayOfMonth(month) + 1, 2)}`;
}

function timestampText(micros: bigint): string {
  const day = daysOfMicros(Number(BigInt.asUintN(32, micros)), Number(micros >> 32n));
  const inDay = Number(micros - BigInt(day) * 86_400_000_000n);
  const seconds = Math.floor(inDay / 1e6);
  const clock = [seconds / 3600, (seconds / 60) % 60, seconds % 60].map(n => pad(Math.floor(n), 2)).join(':');
  return `${dayText(day)}T${clock}.${pad(inDay % 1e6, 6)}`;
}

function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return String(unscaled);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/**
 * Text as part of a path: UTF-8, everything but letters, digits, `-`, `_` and `.` percent-encoded, so that no
 * engine finds a glob, a slash or a query in it. Long text is cut: the path says where, metadata says what.
 */
export function pathComponent(text: string): string {
  let out = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const c = String.fromCharCode(byte);
    const piece = /[A-Za-z0-9._-]/.test(c) ? c : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    if (out.length + piece.length > COMPONENT_BYTES_MAX) break;
    out += piece;
  }
  return out;
}
