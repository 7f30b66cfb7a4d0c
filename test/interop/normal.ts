import { decimalOf, type Field, type PrimitiveType, type Scalar } from '../../lib/columnar/types';

/** A value in the one exact text form that every reader's answer is brought to (normal.py). */
export type Normal = string | null;

/** Integers, micros and unscaled decimals in digits, floats (their IEEE bits) and binaries in hex. */
export function normal(type: PrimitiveType, value: Scalar): Normal {
  if (value === null) return null;
  if (type === 'float' || type === 'double') return bits(type, Number(value));
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return String(value);
}

function bits(type: 'float' | 'double', value: number): string {
  if (Number.isNaN(value)) return 'nan';
  const bytes = Buffer.alloc(type === 'float' ? 4 : 8);
  if (type === 'float') bytes.writeFloatBE(value);
  else bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}

/** A row as the line of a JSON lines file: every value a text, so that no digit goes through a JSON number. */
export function jsonLine(
  fields: readonly Pick<Field, 'name' | 'type'>[],
  row: Record<string, Scalar>,
): string {
  const members = fields
    .filter(f => row[f.name] !== undefined)
    .map(f => [f.name, text(f.type, row[f.name]!)]);
  return JSON.stringify(Object.fromEntries(members));
}

/** A value as text that ingest reads back exactly. */
export function text(type: PrimitiveType, value: Scalar): string | null {
  if (value === null) return null;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (type === 'date') return day(Number(value));
  if (type === 'timestamp' || type === 'timestamptz') return instant(value as bigint);
  const decimal = decimalOf(type);
  if (decimal) return point(value as bigint, decimal.scale);
  return Object.is(value, -0) ? '-0' : String(value);
}

const DAY_MS = 86_400_000;
const day = (days: number) => new Date(days * DAY_MS).toISOString().slice(0, 10);

function instant(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((micros - fraction) / 1000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(fraction).padStart(6, '0')}`;
}

function point(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}
