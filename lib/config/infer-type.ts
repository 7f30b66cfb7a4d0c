/** What a column's sample says about its type, and what a reader should look at. */
export interface InferredType {
  /** As a config writes it: bigint, decimal(p,s), double, boolean, date, timestamp or string. */
  readonly type: string;
  /** Why the choice may be wrong; undefined when every value supports it. */
  readonly unsure?: string;
}

type Kind = 'integer' | 'decimal' | 'double' | 'boolean' | 'date' | 'timestamp' | 'padded' | 'comma' | 'text';

const LONG_MAX = 2n ** 63n - 1n;
/** Digits of decimals we offer; each leaves room beyond the sample for two more digits before the point. */
const PRECISIONS = [10, 18, 28, 38];
/** More digits after the point than this are a measurement, not an amount. */
const SCALE_MAX = 6;

/** Narrows a column's type value by value. A `+`, blanks or any other decoration keeps it a string. */
export class TypeSample {
  private readonly kinds = new Set<Kind>();
  private wholeDigits = 0;
  private readonly scales = new Set<number>();
  private beyondLong = false;

  add(text: string): void {
    const kind = kindOf(text);
    this.kinds.add(kind);
    if (kind === 'integer' || kind === 'decimal') this.addNumber(text);
  }

  private addNumber(text: string): void {
    const [whole = '', fraction = ''] = text.replace('-', '').split('.');
    this.wholeDigits = Math.max(this.wholeDigits, whole.length);
    if (fraction !== '') this.scales.add(fraction.length);
    else if (whole.length >= 19 && !isLong(BigInt(text))) this.beyondLong = true;
  }

  /** The narrowest type that holds every value and leaves room for the next. */
  result(): InferredType {
    const { kinds } = this;
    if (kinds.size === 0) return { type: 'string', unsure: 'no value in the sample' };
    if (kinds.has('padded')) return { type: 'string', unsure: 'kept as string: leading zeros' };
    if (kinds.has('comma') && [...kinds].every(kind => kind === 'comma' || kind === 'integer'))
      return { type: 'string', unsure: 'kept as string: decimal commas, see format.decimalComma' };
    const kind = kinds.size === 1 ? [...kinds][0]! : numericKind(kinds);
    switch (kind) {
      case undefined:
        return { type: 'string', unsure: `kept as string: ${[...kinds].sort().join(' and ')} values` };
      // Never int: a sample cannot bound the values to come, and the next one would go to quarantine.
      case 'integer':
        return this.beyondLong ? this.decimal(0) : { type: 'bigint' };
      case 'decimal':
        return this.decimal(Math.max(...this.scales));
      case 'comma':
      case 'text':
      case 'padded':
        return { type: 'string' };
      default:
        return { type: kind };
    }
  }

  private decimal(scale: number): InferredType {
    if (scale > SCALE_MAX)
      return { type: 'double', unsure: `${scale} digits after the point: double is not exact` };
    const precision = PRECISIONS.find(p => p >= this.wholeDigits + scale + 2);
    if (precision === undefined)
      return { type: 'string', unsure: 'kept as string: too many digits for a decimal' };
    const type = `decimal(${precision},${scale})`;
    return this.scales.size > 1
      ? { type, unsure: `1 to ${scale} digits after the point in the sample` }
      : { type };
  }
}

/** Whole numbers fit a decimal, all of them a double; anything else mixed is a string. */
function numericKind(kinds: ReadonlySet<Kind>): Kind | undefined {
  for (const kind of kinds) if (!['integer', 'decimal', 'double'].includes(kind)) return undefined;
  return kinds.has('double') ? 'double' : 'decimal';
}

function kindOf(text: string): Kind {
  if (/^-?\d+$/.test(text)) return /^-?0\d/.test(text) ? 'padded' : 'integer';
  if (/^-?\d+\.\d+$/.test(text)) return /^-?0\d/.test(text) ? 'padded' : 'decimal';
  if (/^-?\d+,\d+$/.test(text)) return 'comma';
  if (/^-?(\d+\.?\d*|\.\d+)e[+-]?\d+$/i.test(text) || /^(NaN|-?Infinity)$/.test(text)) return 'double';
  if (/^(true|false)$/i.test(text)) return 'boolean';
  const time =
    /^(\d{4}-\d{2}-\d{2})(?:[ T]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-]\d{2}:\d{2})?)?$/.exec(
      text,
    );
  if (!time || !isDate(time[1]!)) return 'text';
  return time[2] === undefined ? 'date' : 'timestamp';
}

/** A day of the calendar: not 2021-02-30, not 0000-00-00. */
function isDate(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

function isLong(value: bigint): boolean {
  return value <= LONG_MAX && value >= -LONG_MAX - 1n;
}
