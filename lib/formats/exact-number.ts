const SCIENTIFIC = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,3})$/;
/** A double holds every integer up to here. */
const DOUBLE_EXACT_MAX = 1n << 53n;
/** No shortest text of a double has as many digits, so what has them was no double. */
const NEVER_DOUBLE_DIGITS = 18;

/** Whether the text of a JSON number has an exponent. */
export function isScientific(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if ((bytes[i]! | 0x20) === 0x65) return true;
  return false;
}

/**
 * A number in scientific notation as plain digits; undefined when it may have lost digits on its way. DMS casts large
 * integers to doubles unless UseLargeIntegerValue is set: beyond 2^53 neighbours then have one text, and two keys
 * would become one.
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kinesis.html
 */
export function plainDigits(text: string): string | undefined {
  const m = SCIENTIFIC.exec(text);
  if (!m) return undefined;
  const [, sign, whole, fraction = '', exponent] = m;
  const given = `${whole}${fraction}`;
  const point = whole!.length + Number(exponent);
  const integer = given.slice(0, Math.max(0, point)).padEnd(Math.max(0, point), '0') || '0';
  const rest = (point < 0 ? '0'.repeat(-point) + given : given.slice(point)).replace(/0+$/, '');
  const significant = given.replace(/^0+/, '').length;
  const exact =
    BigInt(integer) <= DOUBLE_EXACT_MAX || (significant >= NEVER_DOUBLE_DIGITS && point <= given.length);
  if (!exact) return undefined;
  return `${sign}${BigInt(integer)}${rest === '' ? '' : `.${rest}`}`;
}
