import fc from 'fast-check';
import { plainDigits } from '../../lib/formats/exact-number';

test('exact.small: what a double holds exactly is written out', () => {
  expect(plainDigits('1.5E3')).toBe('1500');
  expect(plainDigits('-1.5e+3')).toBe('-1500');
  expect(plainDigits('9.007199254740992E15')).toBe('9007199254740992');
  expect(plainDigits('15E-1')).toBe('1.5');
  expect(plainDigits('1.50E-3')).toBe('0.0015');
  expect(plainDigits('0E0')).toBe('0');
});

test('exact.large: a number that may have been a double is refused, whatever digits it shows', () => {
  // 2^53 + 1 is 9007199254740992 as a double, 10^18 + 1 is 1.0E18, 12345678901234567 is 1.2345678901234568E16.
  for (const text of ['9.007199254740993E15', '1.0E18', '1E18', '1.2345678901234568E16', '1E999'])
    expect(plainDigits(text)).toBeUndefined();
});

test('exact.digits: more digits than a double ever shows were no double', () => {
  expect(plainDigits('1.234567890123456789E18')).toBe('1234567890123456789');
  expect(plainDigits('1.234567890123456789E19')).toBeUndefined();
});

test('exact.property: an integer cast to a double comes back whole or not at all', () => {
  fc.assert(
    fc.property(fc.bigInt(-(1n << 63n), (1n << 63n) - 1n), value => {
      const text = Number(value).toExponential().replace('e+', 'E');
      const plain = plainDigits(text);
      return plain === undefined || BigInt(plain) === value;
    }),
    { numRuns: 2000 },
  );
});

test('exact.property: 18 digits or more in scientific notation come back whole', () => {
  fc.assert(
    fc.property(fc.bigInt(10n ** 17n, 10n ** 37n), value => {
      const digits = String(value);
      const text = `${digits[0]}.${digits.slice(1)}E${digits.length - 1}`;
      return plainDigits(text) === digits;
    }),
  );
});
