import { digits, MALFORMED, type TextReader } from './parse-number';

const DASH = 45;
const COLON = 58;
const DAY_SECONDS = 86_400;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days from 1970-01-01 to a day of the proleptic Gregorian calendar (Hinnant, days_from_civil). */
function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysIn(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : MONTH_DAYS[month - 1]!;
}

/** `YYYY-MM-DD` at `from`, as days since 1970. NaN: not a day of the calendar (0000-00-00, 2021-02-30). */
function readDay(bytes: Uint8Array, from: number): number {
  const year = digits(bytes, from, from + 4);
  const month = digits(bytes, from + 5, from + 7);
  const day = digits(bytes, from + 8, from + 10);
  if (bytes[from + 4] !== DASH || bytes[from + 7] !== DASH) return Number.NaN;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return Number.NaN;
  return dayNumber(year, month, day);
}

/** date: `YYYY-MM-DD`, years 0001 to 9999. */
export const readDate: TextReader = (builder, bytes, from, to) => {
  const day = to - from === 10 ? readDay(bytes, from) : Number.NaN;
  if (Number.isNaN(day)) return MALFORMED;
  builder.appendNumber(day);
  return undefined;
};

/**
 * timestamp, timestamptz: `YYYY-MM-DD[ |T]HH:MM[:SS[.ffffff]]`, then nothing (UTC), `Z`, or an offset `+HH`,
 * `+HHMM` or `+HH:MM`, which is taken off. A date alone is its midnight.
 */
export const readTimestamp: TextReader = (builder, bytes, from, to) => {
  const day = to - from >= 10 ? readDay(bytes, from) : Number.NaN;
  if (Number.isNaN(day)) return MALFORMED;
  if (to - from === 10) return append(builder, day * DAY_SECONDS, 0);
  if (bytes[from + 10] !== 0x20 && bytes[from + 10] !== 0x54) return MALFORMED;
  const hour = pair(bytes, from + 11, to);
  const minute = bytes[from + 13] === COLON ? pair(bytes, from + 14, to) : -1;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59) return MALFORMED;
  let at = from + 16;
  let second = 0;
  let micros = 0;
  if (bytes[at] === COLON && at < to) {
    second = pair(bytes, at + 1, to);
    if (second < 0 || second > 59) return MALFORMED;
    at += 3;
    if (bytes[at] === 0x2e && at < to) {
      const end = fractionEnd(bytes, at + 1, to);
      micros = fractionMicros(bytes, at + 1, end);
      if (end === at + 1) return MALFORMED;
      if (micros < 0) return 'more than 6 fraction digits';
      at = end;
    }
  }
  const offset = at === to ? 0 : offsetSeconds(bytes, at, to);
  if (Number.isNaN(offset)) return MALFORMED;
  return append(builder, day * DAY_SECONDS + hour * 3600 + minute * 60 + second - offset, micros);
};

/** Two digits at `at`; -1 where they are not, or not before `to`. */
function pair(bytes: Uint8Array, at: number, to: number): number {
  return at + 2 <= to ? digits(bytes, at, at + 2) : -1;
}

function fractionEnd(bytes: Uint8Array, from: number, to: number): number {
  let end = from;
  while (end < to && digits(bytes, end, end + 1) >= 0) end++;
  return end;
}

/** A fraction's digits as micros; -1 if one past the sixth is not zero. */
function fractionMicros(bytes: Uint8Array, from: number, to: number): number {
  for (let i = from + 6; i < to; i++) if (bytes[i] !== 48) return -1;
  const end = Math.min(to, from + 6);
  return digits(bytes, from, end) * 10 ** (6 - (end - from));
}

/** Seconds east of UTC that a zone suffix says, a space before it allowed; NaN if it is none. */
function offsetSeconds(bytes: Uint8Array, from: number, to: number): number {
  const at = bytes[from] === 0x20 ? from + 1 : from;
  if (bytes[at] === 0x5a) return to === at + 1 ? 0 : Number.NaN;
  const sign = bytes[at] === 43 ? 1 : bytes[at] === DASH ? -1 : 0;
  const colon = bytes[at + 3] === COLON && at + 3 < to ? 1 : 0;
  const length = to - at;
  const hours = pair(bytes, at + 1, to);
  const minutes = length === 3 ? 0 : pair(bytes, at + 3 + colon, to);
  const fits = length === 3 || length === 5 + colon;
  if (sign === 0 || !fits || hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return Number.NaN;
  return sign * (hours * 3600 + minutes * 60);
}

/** Micros pass 2^53 in the year 2255 (and before 1684): beyond, the sum is made of bigints. */
function append(builder: Parameters<TextReader>[0], seconds: number, micros: number): undefined {
  const sum = seconds * 1e6 + micros;
  builder.appendLong(Number.isSafeInteger(sum) ? BigInt(sum) : BigInt(seconds) * 1_000_000n + BigInt(micros));
}
