import fc from 'fast-check';
import { compareValues, decodeValue, encodeValue } from '../../lib/iceberg/single-value';
import { anyOf, TYPES, text } from './arbitraries';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('single-value', () => {
  test.each(TYPES)('roundtrip.%s', type => {
    fc.assert(fc.property(anyOf(type), v => expect(decodeValue(type, encodeValue(type, v))).toEqual(v)));
  });

  test('encode.spec', () => {
    expect(hex(encodeValue('boolean', true))).toBe('01');
    expect(hex(encodeValue('int', -2))).toBe('feffffff');
    expect(hex(encodeValue('long', 34n))).toBe('2200000000000000');
    expect(hex(encodeValue('double', 1))).toBe('000000000000f03f');
    expect(hex(encodeValue('decimal(9,2)', 1420n))).toBe('058c');
    expect(hex(encodeValue('decimal(9,2)', 0n))).toBe('00');
    expect(hex(encodeValue('decimal(9,2)', 128n))).toBe('0080');
    expect(hex(encodeValue('decimal(9,2)', -128n))).toBe('80');
  });

  test('decode.promoted', () => {
    expect(decodeValue('long', encodeValue('int', -7))).toBe(-7n);
    expect(decodeValue('double', encodeValue('float', 1.5))).toBe(1.5);
    expect(decodeValue('decimal(38,10)', encodeValue('decimal(9,2)', -1420n))).toBe(-1420n);
  });

  test('decode.damaged', () => {
    expect(() => decodeValue('int', new Uint8Array(8))).toThrow('TM_4002');
    expect(() => decodeValue('timestamp', new Uint8Array(4))).toThrow('TM_4002');
    expect(() => decodeValue('decimal(9,2)', new Uint8Array(0))).toThrow('TM_4002');
  });

  test('compare.text is that of UTF-8 bytes', () => {
    expect(compareValues('string', '\u{10000}', '\uffff')).toBeGreaterThan(0);
    const bytes = (s: string) => Buffer.from(s, 'utf8');
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareValues('string', a, b))).toBe(Buffer.compare(bytes(a), bytes(b)));
      }),
    );
  });

  test('compare.floats are in one total order', () => {
    const sorted = [-Infinity, -1, -0, 0, 1, Infinity, NaN];
    const shuffled = [0, NaN, -1, Infinity, -0, 1, -Infinity];
    expect(shuffled.sort((a, b) => compareValues('double', a, b))).toEqual(sorted);
  });
});
