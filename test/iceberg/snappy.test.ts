import fc from 'fast-check';
import { unsnappy } from '../../lib/iceberg/snappy';

const text = (hex: string) => Buffer.from(unsnappy(Buffer.from(hex, 'hex'), 'm')).toString('latin1');

describe('snappy', () => {
  test('decode.literals and copies', () => {
    expect(text('00')).toBe('');
    expect(text('0308616263')).toBe('abc');
    // A copy of one-byte offset that reads what it writes, then one of two-byte and one of four-byte offset.
    expect(text('0a0061' + '1501')).toBe('a'.repeat(10));
    expect(text('0608616263' + '0a0300')).toBe('abcabc');
    expect(text('0608616263' + '0b03000000')).toBe('abcabc');
    // A literal of 61 bytes states its length in one byte more.
    expect(text(`3df03c${'62'.repeat(61)}`)).toBe('b'.repeat(61));
  });

  test('decode.damage', () => {
    for (const hex of [
      '',
      '03',
      '0308',
      '04086162',
      '0608616263' + '0a0400',
      '0608616263' + '0a0000',
      'ffffffff0f',
      '80',
    ]) {
      expect(() => text(hex)).toThrow('TM_4010');
    }
  });

  test('decode.any bytes end in an answer or an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        try {
          unsnappy(bytes, 'm');
        } catch (error) {
          expect(String(error)).toContain('TM_4010');
        }
      }),
      { numRuns: 2000 },
    );
  });
});
