import fc from 'fast-check';
import { ColumnBuilder } from '../../lib/columnar/builder';
import { byteSize, valueAt } from '../../lib/columnar/kernels';
import type { PrimitiveType, Scalar } from '../../lib/columnar/types';
import { typedValues } from './arbitraries';

const code = (n: string) => expect.objectContaining({ code: n });

function add(builder: ColumnBuilder, value: Scalar): void {
  if (value === null) builder.appendNull();
  else builder.append(value);
}

test('builder.removeLast: a value taken back leaves no trace', () => {
  fc.assert(
    fc.property(typedValues, fc.array(fc.boolean()), ([type, values], removals) => {
      const builder = new ColumnBuilder(type, 1);
      const kept: Scalar[] = [];
      values.forEach((value, i) => {
        add(builder, value);
        if (removals[i]) builder.removeLast();
        else kept.push(value);
      });
      expect(builder.length).toBe(kept.length);
      const { bytes } = builder;
      const column = builder.finish();
      expect(bytes).toBe(byteSize(column));
      expect(Array.from({ length: column.length }, (_, i) => valueAt(column, i))).toEqual(kept);
      expect(column.valid === undefined).toBe(!kept.includes(null));
    }),
  );
});

test('builder.finish: the next batch starts empty and does not write into the last', () => {
  const builder = new ColumnBuilder('string', 4);
  builder.append('first');
  builder.appendNull();
  const first = builder.finish();
  builder.append('other');
  builder.append('more');
  const second = builder.finish();
  expect([valueAt(first, 0), valueAt(first, 1)]).toEqual(['first', null]);
  expect([valueAt(second, 0), valueAt(second, 1)]).toEqual(['other', 'more']);
});

test('builder.fast: the typed appends equal append', () => {
  const decimal = new ColumnBuilder('decimal(38,0)', 1);
  decimal.appendDecimal(BigInt.asIntN(64, -5n), -5n >> 64n);
  decimal.appendDecimal(BigInt.asUintN(64, -6n), -1n);
  const column = decimal.finish();
  expect([valueAt(column, 0), valueAt(column, 1)]).toEqual([-5n, -6n]);
  const text = new ColumnBuilder('string', 1);
  text.appendBytes(Buffer.from('xx«value»yy'), 2, 11);
  expect(valueAt(text.finish(), 0)).toBe('«value»');
});

test.each<[PrimitiveType, Exclude<Scalar, null>]>([
  ['int', 2 ** 31],
  ['int', 1.5],
  ['int', 1n],
  ['date', Number.NaN],
  ['long', 2n ** 63n],
  ['long', 5],
  ['float', 1e39],
  ['decimal(4,2)', 10000n],
  ['string', '\ud800'],
  ['string', 1],
  ['binary', 'text'],
  ['boolean', 1],
])('builder.append: %s refuses %p', (type, value) => {
  expect(() => new ColumnBuilder(type, 1).append(value)).toThrow(code('TM_4103'));
});
