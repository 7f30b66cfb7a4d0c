import { dayText, dayTime, dayTimeMicros, durationText } from '../day-time';
import { scaled } from '../debezium-values';
import { AvroFault, broken, unresolvable } from './errors';
import type { AvroInput } from './input';
import type { JsonText } from './json-text';

/** Reads one value and writes its JSON text. */
export type Step = (input: AvroInput, text: JsonText) => void;

/** How a value is written that has no type beneath it, by the name of its type. */
export const PLAIN: Readonly<Record<string, Step>> = {
  null: (_, text) => text.ascii('null'),
  boolean: (input, text) => text.ascii(input.boolean() ? 'true' : 'false'),
  int: (input, text) => text.ascii(String(input.int())),
  long: (input, text) => text.ascii(String(input.long())),
  float: (input, text) => real(text, input.float()),
  double: (input, text) => real(text, input.double()),
  string: stringStep,
  bytes: (input, text) => text.hex(input.slice(input.length())),
};

export function stringStep(input: AvroInput, text: JsonText): void {
  const length = input.length();
  const from = input.take(length);
  text.string(input.bytes, from, from + length);
}

/** JSON has no words for what is not finite: a string says it, and a column of doubles reads it. */
function real(text: JsonText, value: number): void {
  if (!Number.isFinite(value)) text.quoted(String(value));
  else text.ascii(Object.is(value, -0) ? '-0' : String(value));
}

/** An instant, or a time of day, as text; undefined beyond the years 1 to 9999. */
type Moment = (n: number | bigint) => string | undefined;

const zoned =
  (form: Moment): Moment =>
  n => {
    const text = form(n);
    return text === undefined ? undefined : `${text}Z`;
  };

const small =
  (form: (n: number) => string | undefined): Moment =>
  n =>
    typeof n === 'number' ? form(n) : undefined;

/** Nanoseconds that are whole microseconds: the lake has nothing finer. */
const whole =
  (form: Moment): Moment =>
  n => {
    const micros = BigInt(n) / 1000n;
    if (micros * 1000n !== BigInt(n)) throw broken(`${n} nanoseconds are finer than a microsecond`);
    return form(Number.isSafeInteger(Number(micros)) ? Number(micros) : micros);
  };

const millis = small(dayTime);
const duration = small(n => (Number.isSafeInteger(n) ? durationText(n) : undefined));

const MOMENTS: ReadonlyMap<string, Moment> = new Map([
  ['date', small(dayText)],
  ['time-millis', small(n => durationText(n * 1000))],
  ['time-micros', duration],
  ['time-nanos', whole(duration)],
  ['timestamp-millis', zoned(millis)],
  ['timestamp-micros', zoned(dayTimeMicros)],
  ['timestamp-nanos', zoned(whole(dayTimeMicros))],
  ['local-timestamp-millis', millis],
  ['local-timestamp-micros', dayTimeMicros],
  ['local-timestamp-nanos', whole(dayTimeMicros)],
]);

/** An int or long that means a moment. */
export function momentStep(meaning: string, writer: 'int' | 'long'): Step | undefined {
  const form = MOMENTS.get(meaning);
  if (!form) return undefined;
  return (input, text) => {
    const n = writer === 'int' ? input.int() : input.long();
    const said = form(n);
    if (said === undefined) throw broken(`${n} is no ${meaning} of the years 1 to 9999`);
    text.quoted(said);
  };
}

/** A decimal as its digits: a JSON number loses none of them here. */
export function decimalStep(scale: number, bytesOf: (input: AvroInput) => Buffer): Step {
  return (input, text) => {
    const bytes = bytesOf(input);
    if (bytes.length === 0) throw broken('a decimal without bytes');
    text.ascii(scaled(bytes, scale));
  };
}

/** A UUID of sixteen bytes. */
export const uuidStep: Step = (input, text) => {
  const digits = input.slice(16).toString('hex');
  text.quoted(digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'));
};

/** Stops what has no type in the lake: months, days and milliseconds at once. */
export function noPlace(what: string): Step {
  return () => {
    throw new AvroFault(column => unresolvable(what, column));
  };
}
