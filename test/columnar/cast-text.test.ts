import fc from 'fast-check';
import { castText } from '../../lib/columnar/cast-text';
import { columnFromScalars, valueAt } from '../../lib/columnar/kernels';
import type { PrimitiveType, Scalar } from '../../lib/columnar/types';

const cast = (texts: readonly (string | null)[], type: PrimitiveType) => {
  const faults: number[] = [];
  const column = castText(columnFromScalars('string', texts), type, row => faults.push(row));
  return { values: texts.map((_, i) => valueAt(column, i)), faults };
};

test.each<[PrimitiveType, readonly [string, Scalar][], readonly string[]]>([
  [
    'int',
    [
      ['1', 1],
      [' -7 ', -7],
    ],
    ['', 'x', '1.5', '2147483648'],
  ],
  ['long', [['9223372036854775807', 9223372036854775807n]], ['9223372036854775808']],
  [
    'decimal(5,2)',
    [
      ['1.5', 150n],
      ['-999.99', -99999n],
    ],
    ['1.555', '1000'],
  ],
  [
    'boolean',
    [
      ['true', true],
      ['0', false],
    ],
    ['maybe'],
  ],
  ['date', [['1970-01-02', 1]], ['2021-13-01', 'today']],
  ['timestamp', [['1970-01-01 00:00:01', 1_000_000n]], ['noon']],
  ['double', [['1e3', 1000]], ['one']],
])('castText.%s: as a field of a file is read, NULL and told of where it is none', (type, good, bad) => {
  const texts = [...good.map(([text]) => text), null, ...bad];
  const { values, faults } = cast(texts, type);
  expect(values).toEqual([...good.map(([, value]) => value), null, ...bad.map(() => null)]);
  expect(faults).toEqual(bad.map((_, i) => good.length + 1 + i));
});

test('castText.property: what a number is written as is that number, and no text is another', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.maxSafeInteger(), fc.string(), fc.constant(null))), all => {
      const { values, faults } = cast(
        all.map(v => (v === null ? null : String(v))),
        'long',
      );
      all.forEach((v, i) => {
        if (typeof v === 'number') expect(values[i]).toBe(BigInt(v));
        else if (v === null) expect([values[i], faults.includes(i)]).toEqual([null, false]);
        else expect(values[i] !== null || faults.includes(i)).toBe(true);
      });
    }),
  );
});

test('castText.refused: a column that is not of strings', () => {
  expect(() => castText(columnFromScalars('int', [1]), 'long')).toThrow('TM_4102');
});
