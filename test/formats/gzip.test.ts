import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { gunzip } from '../../lib/formats/gzip';
import { decode, memoryFile } from './memory-file';

const content = `a,b\n${Array.from({ length: 2000 }, (_, i) => `${i},${(i * 7919) % 10007}`).join('\n')}\n`;
const packed = gzipSync(content);

describe('gzip', () => {
  test('gzip.content is known by its bytes, whatever the name', async () => {
    const found = await decode('csv', packed, { name: 'x.csv', chunkBytes: 1 << 10, batchRows: 5000 });
    expect(found.rows.length).toBe(2000);
  });

  test('gzip.members in a row are one content', async () => {
    const two = Buffer.concat([gzipSync('a\n1\n'), gzipSync('2\n')]);
    expect((await decode('csv', two)).rows).toEqual([{ a: '1' }, { a: '2' }]);
  });

  test('gzip.file cut anywhere is refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: packed.length - 1 }), async length => {
        const reading = { chunkBytes: 1 << 10, batchRows: 5000 };
        await expect(decode('csv', packed.subarray(0, length), reading)).rejects.toMatchObject({
          code: 'TM_2106',
        });
      }),
      { numRuns: 40 },
    );
  });

  test('gzip.altered content is refused', async () => {
    const altered = Buffer.from(packed);
    altered[altered.length - 6]! ^= 1;
    const reading = { chunkBytes: 1 << 10, batchRows: 5000 };
    await expect(decode('csv', altered, reading)).rejects.toMatchObject({ code: 'TM_2106' });
  });

  test('gzip.name on other bytes is refused, as is gzip of nothing', async () => {
    await expect(decode('csv', 'a\n1\n', { name: 'x.csv.gz' })).rejects.toMatchObject({ code: 'TM_2106' });
    await expect(decode('csv', gzipSync(''))).rejects.toMatchObject({ code: 'TM_2108' });
  });

  test('gzip.errors of the source pass through', async () => {
    const failing = async function* () {
      yield packed.subarray(0, 100);
      throw new Error('lost the connection');
    };
    const reading = (async () => {
      for await (const _ of gunzip(failing(), 'x'));
    })();
    await expect(reading).rejects.toThrow('lost the connection');
  });

  test('gzip.reader that stops early closes the source', async () => {
    let closed = false;
    const source = async function* () {
      try {
        yield* memoryFile('x', packed, 10).stream();
      } finally {
        closed = true;
      }
    };
    for await (const _ of gunzip(source(), 'x')) break;
    await new Promise(resolve => setImmediate(resolve));
    expect(closed).toBe(true);
  });
});
