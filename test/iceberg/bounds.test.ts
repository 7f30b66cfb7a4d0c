import fc from 'fast-check';
import { lowerBound, upperBound } from '../../lib/iceberg/bounds';
import { compareValues, decodeValue } from '../../lib/iceberg/single-value';
import { anyOf, TYPES } from './arbitraries';

const upperText = (v: string) => {
  const bound = upperBound('string', v);
  return bound && decodeValue('string', bound);
};

describe('bounds', () => {
  test.each(TYPES)('enclose.%s', type => {
    fc.assert(
      fc.property(anyOf(type), v => {
        fc.pre(!Number.isNaN(v));
        expect(compareValues(type, decodeValue(type, lowerBound(type, v)), v)).toBeLessThanOrEqual(0);
        const upper = upperBound(type, v);
        if (upper) expect(compareValues(type, decodeValue(type, upper), v)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('lower.text is cut by code points', () => {
    expect(decodeValue('string', lowerBound('string', '😀'.repeat(20)))).toBe('😀'.repeat(16));
    expect(decodeValue('string', lowerBound('string', 'short'))).toBe('short');
  });

  test('upper.text grows at its last code point that can', () => {
    expect(upperText('a'.repeat(16))).toBe('a'.repeat(16));
    expect(upperText('a'.repeat(17))).toBe(`${'a'.repeat(15)}b`);
    expect(upperText(`${'a'.repeat(15)}\u{10ffff}z`)).toBe(`${'a'.repeat(14)}b`);
    expect(upperText(`${'a'.repeat(15)}\ud7ffz`)).toBe(`${'a'.repeat(15)}\ue000`);
    expect(upperText('\u{10ffff}'.repeat(17))).toBeUndefined();
  });

  test('upper.binary', () => {
    expect(upperBound('binary', new Uint8Array(17).fill(1))).toEqual(Uint8Array.of(...Array(15).fill(1), 2));
    expect(upperBound('binary', Uint8Array.of(...Array(15).fill(1), 255, 0))).toEqual(
      Uint8Array.of(...Array(14).fill(1), 2),
    );
    expect(upperBound('binary', new Uint8Array(17).fill(255))).toBeUndefined();
    expect(upperBound('binary', new Uint8Array(16).fill(255))).toEqual(new Uint8Array(16).fill(255));
  });

  test('binary bounds share no memory with the value', () => {
    const value = Buffer.alloc(20, 1);
    const [lower, upper] = [lowerBound('binary', value), upperBound('binary', value)!];
    value.fill(9);
    expect(lower).toEqual(new Uint8Array(16).fill(1));
    expect([...upper]).toEqual([...Array(15).fill(1), 2]);
  });
});
