import fc from 'fast-check';
import { columnFromScalars, slice, valueAt } from '../../lib/columnar/kernels';
import type { PrimitiveType, Scalar } from '../../lib/columnar/types';
import { firstDayOfMonth, monthsOfDay } from '../../lib/iceberg/calendar';
import {
  applyTransform,
  checkTransform,
  transformColumn,
  transformResult,
} from '../../lib/iceberg/transform';
import { anyOf, int32, int64, TYPES } from './arbitraries';

const TRANSFORMS = [
  'identity',
  'void',
  'bucket[1]',
  'bucket[16]',
  'truncate[3]',
  'truncate[10]',
  'year',
  'month',
  'day',
  'hour',
];
const floorDiv = (a: bigint, b: bigint) => (a - (((a % b) + b) % b)) / b;

const POSSIBLE = TYPES.flatMap(type => TRANSFORMS.map(t => ({ t, type }))).filter(({ t, type }) => {
  try {
    checkTransform(t, type);
    return true;
  } catch {
    return false;
  }
});

describe('transform', () => {
  test('bucket.spec (appendix B)', () => {
    const hash = (type: PrimitiveType, v: Scalar) => applyTransform(`bucket[${2 ** 31 - 1}]`, type, v);
    const positive = (n: number) => (n & 0x7fffffff) % (2 ** 31 - 1);
    expect(hash('int', 34)).toBe(positive(2017239379));
    expect(hash('long', 34n)).toBe(positive(2017239379));
    expect(hash('date', 17486)).toBe(positive(-653330422));
    expect(hash('timestamp', 1510871468000000n)).toBe(positive(-2047944441));
    expect(hash('timestamptz', 1510871468000001n)).toBe(positive(-1207196810));
    expect(hash('string', 'iceberg')).toBe(positive(1210000089));
    expect(hash('decimal(9,2)', 1420n)).toBe(positive(-500754589));
  });

  test('bucket.widening a column moves no row', () => {
    fc.assert(
      fc.property(int32, v => {
        expect(applyTransform('bucket[16]', 'long', BigInt(v))).toBe(applyTransform('bucket[16]', 'int', v));
      }),
    );
  });

  test('truncate.spec', () => {
    expect(applyTransform('truncate[10]', 'int', 1)).toBe(0);
    expect(applyTransform('truncate[10]', 'int', -1)).toBe(-10);
    expect(applyTransform('truncate[10]', 'long', -1n)).toBe(-10n);
    expect(applyTransform('truncate[50]', 'decimal(9,2)', 1065n)).toBe(1050n);
    expect(applyTransform('truncate[3]', 'string', 'iceberg')).toBe('ice');
    expect(applyTransform('truncate[2]', 'string', '😀😀😀')).toBe('😀😀');
    expect(applyTransform('truncate[3]', 'binary', Uint8Array.of(1, 2, 3, 4))).toEqual(
      Uint8Array.of(1, 2, 3),
    );
  });

  test('instants.before 1970 go down', () => {
    expect(applyTransform('hour', 'timestamp', -1n)).toBe(-1);
    expect(applyTransform('day', 'timestamp', -1n)).toBe(-1);
    expect(applyTransform('month', 'date', -1)).toBe(-1);
    expect(applyTransform('year', 'date', -1)).toBe(-1);
    expect(applyTransform('year', 'date', 0)).toBe(0);
    expect(applyTransform('month', 'timestamp', 1614556800000000n)).toBe(614);
  });

  test('instants.against BigInt division and Date', () => {
    fc.assert(
      fc.property(int64, v => {
        const day = floorDiv(v, 86_400_000_000n);
        expect(applyTransform('day', 'timestamp', v)).toBe(Number(day));
        expect(applyTransform('hour', 'timestamp', v)).toBe(
          Number(BigInt.asIntN(32, floorDiv(v, 3_600_000_000n))),
        );
      }),
    );
    // Date ends at 100 million days.
    fc.assert(
      fc.property(fc.integer({ min: -1e8, max: 1e8 }), day => {
        const date = new Date(day * 86_400_000);
        const month = (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
        expect(applyTransform('month', 'date', day)).toBe(month);
        expect(applyTransform('year', 'date', day)).toBe(date.getUTCFullYear() - 1970);
        expect(day - firstDayOfMonth(monthsOfDay(day)) + 1).toBe(date.getUTCDate());
      }),
    );
  });

  test('instants.the last and first micro of each hour', () => {
    fc.assert(
      fc.property(fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }), hour => {
        const start = BigInt(hour) * 3_600_000_000n;
        expect(applyTransform('hour', 'timestamp', start)).toBe(hour);
        expect(applyTransform('hour', 'timestamp', start - 1n)).toBe(hour - 1);
        expect(applyTransform('day', 'timestamp', start - 1n)).toBe(Math.floor((hour - 1) / 24));
      }),
    );
  });

  test.each(POSSIBLE)('column.$t of $type equals value by value', ({ t, type }) => {
    const values = fc.array(fc.option(anyOf(type), { nil: null }), { maxLength: 12 });
    fc.assert(
      fc.property(values, fc.nat(3), (scalars, from) => {
        const column = slice(
          columnFromScalars(type, scalars),
          Math.min(from, scalars.length),
          scalars.length,
        );
        const out = transformColumn(t, column);
        expect(out.type).toBe(transformResult(t, type));
        expect(out.length).toBe(column.length);
        for (let i = 0; i < column.length; i++) {
          expect(valueAt(out, i)).toEqual(plain(applyTransform(t, type, valueAt(column, i))));
        }
      }),
      { numRuns: 40 },
    );
  });

  test('check.impossible', () => {
    expect(() => checkTransform('month', 'string')).toThrow('TM_4004');
    expect(() => checkTransform('hour', 'date')).toThrow('TM_4004');
    expect(() => checkTransform('bucket[4]', 'double')).toThrow('TM_4004');
    expect(() => checkTransform('truncate[4]', 'date')).toThrow('TM_4004');
    for (const t of ['bucket[0]', 'bucket', 'months', 'truncate[-1]', `bucket[${2 ** 31}]`]) {
      expect(() => checkTransform(t, 'int')).toThrow('TM_4003');
    }
    expect(transformResult('day', 'timestamp')).toBe('date');
    expect(transformResult('hour', 'timestamp')).toBe('int');
    expect(transformResult('truncate[4]', 'decimal(9,2)')).toBe('decimal(9,2)');
  });
});

/** Truncating at the least decimal passes 38 digits, and columns hold 128 bits. */
function plain(v: Scalar): Scalar {
  return typeof v === 'bigint' ? BigInt.asIntN(128, v) : v;
}
