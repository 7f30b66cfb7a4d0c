import fc from 'fast-check';

/** Every code point but surrogates. */
const codePoint = fc
  .integer({ min: 0, max: 0x10ffff - 0x800 })
  .map(n => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));

/**
 * Text of any code points, and names like `__proto__`, which fast-check's plain strings bring. Its own unit 'binary' is the
 * same, but looks for such names in a map of all code points, a second's work in each file of tests.
 */
export const anyText = (lengths: fc.StringConstraints = {}): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 9, arbitrary: fc.string({ ...lengths, unit: codePoint }) },
    { weight: 1, arbitrary: fc.string(lengths) },
  );
