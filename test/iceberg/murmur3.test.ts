import fc from 'fast-check';
import { murmur3, murmur3Long } from '../../lib/iceberg/murmur3';
import { int64 } from './arbitraries';

const ofText = (s: string) => murmur3(new TextEncoder().encode(s));

describe('murmur3', () => {
  test('hash.spec (appendix B)', () => {
    expect(murmur3Long(34, 0)).toBe(2017239379);
    expect(ofText('iceberg')).toBe(1210000089);
    expect(murmur3(Uint8Array.of(0, 1, 2, 3))).toBe(-188683207);
    expect(murmur3(Uint8Array.of(0x05, 0x8c))).toBe(-500754589);
  });

  test('hash.every length of tail, as mmh3 for Python has it', () => {
    const bytes = Uint8Array.from({ length: 10 }, (_, i) => 250 - i);
    const hashes = [
      0, -2084907413, -2058436120, 1813257179, -1569100938, 19366489, 292477282, 1878903472, -1760880114,
    ];
    for (const [length, hash] of hashes.entries()) expect(murmur3(bytes, 0, length)).toBe(hash);
    expect(ofText('The quick brown fox jumps over the lazy dog.')).toBe(-708539396);
  });

  test('long equals its eight bytes, a range equals its copy', () => {
    fc.assert(
      fc.property(int64, fc.nat(5), (v, before) => {
        const bytes = Buffer.alloc(20, 7);
        bytes.writeBigInt64LE(v, before);
        const alone = murmur3(bytes.subarray(before, before + 8));
        expect(murmur3(bytes, before, before + 8)).toBe(alone);
        expect(murmur3Long(bytes.readInt32LE(before), bytes.readInt32LE(before + 4))).toBe(alone);
      }),
    );
  });
});
