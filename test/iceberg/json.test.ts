import fc from 'fast-check';
import { formatExact, parseExact } from '../../lib/iceberg/json';
import { anyText } from '../support/any-text';

describe('json', () => {
  test('integers.exact', () => {
    expect(parseExact('{"a":9223372036854775807,"b":-9223372036854775808,"c":1700000000000}')).toEqual({
      a: 9223372036854775807n,
      b: -9223372036854775808n,
      c: 1700000000000,
    });
    expect(formatExact({ a: 9223372036854775807n, b: 5n })).toBe('{"a":9223372036854775807,"b":5}');
  });

  test('numbers that are no integers stay numbers', () => {
    const text = '[0.12345678901234567,1234567890123456.5,12345678901234567e2,"12345678901234567"]';
    expect(parseExact(text)).toEqual(JSON.parse(text));
  });

  test('parse.equals JSON.parse where nothing is large', () => {
    const small = fc.json().filter(text => !/\d{16}/.test(text));
    fc.assert(fc.property(small, text => expect(parseExact(text)).toEqual(JSON.parse(text))));
  });

  test('a key named __proto__ is a key like any other', () => {
    const value = JSON.parse('[{"__proto__":["\\u0000n123",{"__proto__":"\\u0000s"}]}]');
    expect(parseExact(formatExact(value))).toEqual(value);
    expect(parseExact('{"__proto__":9223372036854775807}')).toEqual(
      Object.fromEntries([['__proto__', 9223372036854775807n]]),
    );
  });

  test('roundtrip.any strings and bigints', () => {
    const tricky = fc.constantFrom('\0n123', '\0s', '\0', '"\0n1"', '\\"\0s', '\\', '"', 'a"\\u0000n12"');
    const leaf = fc.oneof(tricky, anyText(), fc.bigInt({ min: 2n ** 53n }), fc.integer(), fc.constant(null));
    const key = fc.oneof(fc.string(), fc.constantFrom('"', '\\', 'a":1', '__proto__'));
    const tree = fc.oneof(leaf, fc.array(leaf), fc.dictionary(key, fc.oneof(leaf, fc.array(leaf))));
    fc.assert(
      fc.property(tree, value => expect(parseExact(formatExact(value))).toEqual(value)),
      { numRuns: 500 },
    );
  });
});
