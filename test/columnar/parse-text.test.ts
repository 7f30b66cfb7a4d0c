import fc from 'fast-check';
import { ColumnBuilder } from '../../lib/columnar/builder';
import { valueAt } from '../../lib/columnar/kernels';
import { parseInto, type TextOptions } from '../../lib/columnar/parse-text';
import type { PrimitiveType, Scalar } from '../../lib/columnar/types';

/** The value, or the fault's reason. The text stands between other bytes, as it does in a file. */
function read(
  type: PrimitiveType,
  text: string | Uint8Array,
  options?: TextOptions,
): Scalar | { fault: string } {
  const builder = new ColumnBuilder(type, 4);
  const content = Buffer.from(text);
  const bytes = Buffer.concat([Buffer.from('9:'), content, Buffer.from('0.9')]);
  const fault = parseInto(builder, type, bytes, 2, 2 + content.length, options);
  expect(builder.length).toBe(fault ? 0 : 1);
  return fault ? { fault: fault.reason } : valueAt(builder.finish(), 0);
}

const isFault = (found: unknown) => typeof found === 'object' && found !== null && 'fault' in found;
const malformed = (type: PrimitiveType, text: string) => ({ fault: `"${text}" is not ${type}` });

describe('parse-text.int', () => {
  test.each([
    ['int', 31n],
    ['long', 63n],
  ] as const)('parse-text.%s keeps every integer of its range and refuses the others', (type, bits) => {
    const limit = 1n << bits;
    const near = fc.bigInt({ min: -3n, max: 3n });
    const integers = fc.oneof(
      fc.bigInt({ min: -(1n << 70n), max: 1n << 70n }),
      fc.tuple(fc.constantFrom(limit, -limit, 1n << 53n, -(1n << 53n), 0n), near).map(([a, b]) => a + b),
    );
    fc.assert(
      fc.property(
        integers,
        fc.constantFrom('', '0', '00000000000000000000000'),
        fc.boolean(),
        (n, zeros, plus) => {
          const sign = n < 0n ? '-' : plus ? '+' : '';
          const text = `${sign}${zeros}${n < 0n ? -n : n}`;
          const expected =
            n >= -limit && n < limit
              ? type === 'int'
                ? Number(n)
                : n
              : { fault: `"${text}" is not ${type}: out of range` };
          expect(read(type, text)).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each(['', '-', '+', '1.0', '1e3', '0x10', '1_000', '--1', '12a', '123456789012345678901234a', '१'])(
    'parse-text.integers refuse %p',
    text => {
      expect(read('int', text)).toEqual(malformed('int', text));
      expect(read('long', text)).toEqual(malformed('long', text));
    },
  );

  test('parse-text.spaces around a number are ignored', () => {
    expect(read('int', '  42 ')).toBe(42);
    expect(read('decimal(4,1)', ' 1.5 ')).toBe(15n);
    expect(read('string', ' a ')).toBe(' a ');
  });
});

describe('parse-text.decimal', () => {
  const digitsOf = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{0,${max}}$`));

  test('parse-text.decimal equals exact arithmetic and is never rounded', () => {
    const types = fc.constantFrom([10, 2], [18, 4], [38, 10], [9, 9], [38, 38], [15, 0], [4, 2]);
    fc.assert(
      fc.property(
        types,
        digitsOf(40),
        digitsOf(40),
        fc.boolean(),
        fc.boolean(),
        ([p, s], whole, fraction, minus, comma) => {
          fc.pre(whole !== '' || fraction !== '');
          const point = comma ? ',' : '.';
          const text = `${minus ? '-' : ''}${whole}${fraction === '' ? '' : point + fraction}`;
          const significant = fraction.replace(/0+$/, '');
          const fits = significant.length <= s! && whole.replace(/^0+/, '').length <= p! - s!;
          const unscaled = BigInt(`${whole}${significant.padEnd(s!, '0')}` || '0');
          const found = read(`decimal(${p!},${s!})`, text, { decimalComma: comma });
          if (fits) expect(found).toBe(minus ? -unscaled : unscaled);
          else expect(isFault(found)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test.each(['', '.', '-', '-.', '1e2', '1.2.3', '1,5', '1.5x', '1.x0', 'NaN', '1.-5', '--1'])(
    'parse-text.decimal refuses %p',
    text => expect(read('decimal(10,2)', text)).toEqual(malformed('decimal(10,2)', text)),
  );

  test('parse-text.decimal says what it refuses and why', () => {
    expect(read('decimal(10,2)', '12,50')).toEqual({ fault: '"12,50" is not decimal(10,2)' });
    expect(read('decimal(10,2)', '1.005')).toEqual({
      fault: '"1.005" is not decimal(10,2): more than 2 fraction digits',
    });
    expect(read('decimal(4,2)', '100')).toEqual({ fault: '"100" is not decimal(4,2): out of range' });
    expect(read('decimal(10,2)', '12,50', { decimalComma: true })).toBe(1250n);
    expect(read('decimal(10,2)', '12.50', { decimalComma: true })).toEqual(
      malformed('decimal(10,2)', '12.50'),
    );
  });
});

describe('parse-text.double', () => {
  test('parse-text.double reads the nearest double', () => {
    const texts = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.tuple(fc.integer(), fc.nat(999_999_999)).map(([a, b]) => `${a}.${b}`),
      fc.stringMatching(/^[+-]?[0-9]{1,25}(\.[0-9]{0,25})?(e[+-]?[0-9]{1,2})?$/),
      fc.stringMatching(/^\.[0-9]{1,20}$/),
    );
    fc.assert(
      fc.property(texts, text => expect(read('double', text)).toBe(Number(text))),
      { numRuns: 1000 },
    );
  });

  test('parse-text.double has NaN, the infinities and a negative zero', () => {
    expect(read('double', 'NaN')).toBeNaN();
    expect(read('double', 'Infinity')).toBe(Number.POSITIVE_INFINITY);
    expect(read('float', '-Infinity')).toBe(Number.NEGATIVE_INFINITY);
    expect(read('double', '-0')).toBe(-0);
    expect(read('double', '1,5', { decimalComma: true })).toBe(1.5);
    expect(read('double', '1.5', { decimalComma: true })).toEqual(malformed('double', '1.5'));
  });

  test.each(['', '.', '-', '0x1F', 'nan', 'inf', '1e', '1 000', '1.5.', '1,5'])(
    'parse-text.double refuses %p',
    text => expect(read('double', text)).toEqual(malformed('double', text)),
  );

  test('parse-text.double refuses what would become infinite', () => {
    expect(read('double', '1e309')).toEqual({ fault: '"1e309" is not double: out of range' });
    expect(read('float', '1e39')).toEqual({ fault: '"1e39" is not float: out of range' });
  });
});

describe('parse-text.time', () => {
  const pad = (n: number, width: number) => String(n).padStart(width, '0');
  const utc = (y: number, m: number, d: number) => new Date(0).setUTCFullYear(y, m - 1, d);

  test('parse-text.date agrees with the calendar, and refuses days that are not in it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9999 }),
        fc.integer({ min: 0, max: 13 }),
        fc.integer({ min: 0, max: 32 }),
        (y, m, d) => {
          const text = `${pad(y, 4)}-${pad(m, 2)}-${pad(d, 2)}`;
          const date = new Date(utc(y, m, d));
          const real =
            y > 0 && date.getUTCFullYear() === y && date.getUTCMonth() === m - 1 && date.getUTCDate() === d;
          expect(read('date', text)).toEqual(real ? date.getTime() / 86_400_000 : malformed('date', text));
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each([
    '0000-00-00',
    '2021-02-30',
    '1900-02-29',
    '2021-1-01',
    '2021/01/01',
    '2021-01-01 ',
    '20210101',
    '',
    '-021-01-01',
  ])('parse-text.date judges %p', text => expect(isFault(read('date', text))).toBe(text !== '2021-01-01 '));

  test('parse-text.timestamp is exact to the microsecond in every year, with every zone', () => {
    const part = (max: number) => fc.integer({ min: 0, max });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9999 }),
        fc.tuple(part(23), part(59), part(59), part(999_999)),
        fc.tuple(part(6), fc.constantFrom('', '0', '000')),
        fc.constantFrom('', 'Z', ' Z', '+02:00', '-0530', '+00', '-11', '+23:59'),
        fc.constantFrom(' ', 'T'),
        (year, [h, min, s, micro], [length, zeros], zone, between) => {
          const fraction = pad(micro, 6).slice(0, length);
          const dot =
            fraction + (fraction === '' ? '' : zeros.padStart(6 - fraction.length + zeros.length, '0'));
          const text = `${pad(year, 4)}-06-15${between}${pad(h, 2)}:${pad(min, 2)}:${pad(s, 2)}${dot && '.'}${dot}${zone}`;
          const m = /([+-])(\d\d):?(\d\d)?$/.exec(zone);
          const offset = m ? Number(`${m[1]}1`) * (Number(m[2]) * 60 + Number(m[3] ?? 0)) : 0;
          const ms = utc(year, 6, 15) + ((h * 60 + min - offset) * 60 + s) * 1000;
          expect(read('timestamp', text)).toBe(BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, '0')));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('parse-text.timestamp takes minutes alone and a date alone', () => {
    expect(read('timestamp', '1969-12-31 23:59')).toBe(-60_000_000n);
    expect(read('timestamptz', '1970-01-02')).toBe(86_400_000_000n);
    expect(read('timestamp', '1970-01-01 00:00:00.000001')).toBe(1n);
  });

  test.each([
    '0000-00-00 00:00:00',
    '2021-02-30 10:00:00',
    '2021-01-01 24:00:00',
    '2021-01-01 10:60:00',
    '2021-01-01 10:00:60',
    '2021-01-01 10',
    '2021-01-01 10:00:0',
    '2021-01-01 10:00:00.',
    '2021-01-01 10:00:00+2',
    '2021-01-01 10:00:00+02:0',
    '2021-01-01 10:00:00+02:',
    '2021-01-01 10:00:00 UTC',
    '2021-01-01x10:00:00',
    '1610000000',
  ])('parse-text.timestamp refuses %p', text =>
    expect(read('timestamp', text)).toEqual(malformed('timestamp', text)),
  );

  test('parse-text.timestamp never rounds a seventh digit', () => {
    const text = '2021-01-01 10:00:00.1234567';
    expect(read('timestamp', text)).toEqual({
      fault: `"${text}" is not timestamp: more than 6 fraction digits`,
    });
  });
});

describe('parse-text.bytes', () => {
  test.each([
    ['true', true],
    ['T', true],
    ['1', true],
    ['YES', true],
    ['False', false],
    ['f', false],
    ['0', false],
    ['no', false],
  ])('parse-text.boolean reads %p', (text, value) => expect(read('boolean', text)).toBe(value));

  test.each(['', '2', 'tru', 'truely', '10', 'on'])('parse-text.boolean refuses %p', text =>
    expect(read('boolean', text)).toEqual(malformed('boolean', text)),
  );

  test('parse-text.string copies UTF-8 and refuses other bytes', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), text => expect(read('string', text)).toBe(text)));
    expect(read('string', Uint8Array.of(0x61, 0xff))).toEqual({ fault: '"a\ufffd" is not valid UTF-8' });
  });

  test('parse-text.binary reads hex with and without 0x', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.boolean(), fc.boolean(), (bytes, prefix, upper) => {
        const hex = Buffer.from(bytes).toString('hex');
        const text = `${prefix ? '0x' : ''}${upper ? hex.toUpperCase() : hex}`;
        expect(Buffer.from(read('binary', text) as Uint8Array)).toEqual(Buffer.from(bytes));
      }),
    );
    expect(read('binary', '0x123')).toEqual(malformed('binary', '0x123'));
    expect(read('binary', 'zz')).toEqual(malformed('binary', 'zz'));
  });

  test('parse-text.fault shows the head of a long text', () => {
    const text = 'x'.repeat(1000);
    expect(read('int', text)).toEqual({ fault: `"${'x'.repeat(60)}..." is not int` });
  });
});
