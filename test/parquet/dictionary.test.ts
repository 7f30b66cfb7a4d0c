import { columnFromScalars } from '../../lib/columnar/kernels';
import { repeats } from '../../lib/parquet/dictionary';
import { encodeRowGroup } from '../../lib/parquet/wasm';
import { batchOf } from '../columnar/arbitraries';
import { Duck } from './files';

const many = <T>(value: (i: number) => T) => Array.from({ length: 5000 }, (_, i) => value(i));

test('dictionary.repeats: keys do not, words do, NULLs do not count', () => {
  expect(
    repeats(
      columnFromScalars(
        'long',
        many(i => BigInt(i)),
      ),
    ),
  ).toBe(false);
  expect(
    repeats(
      columnFromScalars(
        'string',
        many(i => `word ${i % 40}`),
      ),
    ),
  ).toBe(true);
  expect(
    repeats(
      columnFromScalars(
        'binary',
        many(i => Uint8Array.of(i % 3)),
      ),
    ),
  ).toBe(true);
  expect(
    repeats(
      columnFromScalars(
        'string',
        many(i => (i % 2 ? null : `${i}`)),
      ),
    ),
  ).toBe(false);
});

test('dictionary.default: only columns that repeat have one, whatever their names', async () => {
  const fields = [
    { id: 1, name: 'id', type: 'long', required: true },
    { id: 2, name: 'a.b c', type: 'string', required: false },
  ] as const;
  const batch = batchOf(
    fields,
    many(i => [BigInt(i), `word ${i % 40}`]),
  );
  const duck = await Duck.open();
  const encodings = async (dictionary?: boolean) => {
    const path = duck.write('dictionary.parquet', encodeRowGroup(batch, { dictionary }));
    const rows = await duck.rows(
      `SELECT dictionary_page_offset IS NOT NULL FROM parquet_metadata('${path}') ORDER BY column_id`,
    );
    return rows.flat();
  };
  expect(await encodings()).toEqual([false, true]);
  expect(await encodings(true)).toEqual([true, true]);
  expect(await encodings(false)).toEqual([false, false]);
  duck.close();
});
