import { randomBytes } from 'node:crypto';
import { concatBatches } from '../../lib/columnar/batch';
import type { Batch, FixedColumn, VarColumn } from '../../lib/columnar/column';
import { byteSize } from '../../lib/columnar/kernels';
import { allPieces, openFile } from '../../lib/table/data-file';
import { fileOf } from '../parquet/files';
import { testLake } from '../support/lake';

const MiB = 1 << 20;

/** Rows of random text, 1 KiB each. */
function large(rows: number): Batch {
  const width = 1024;
  const data = new Uint8Array(Buffer.from(randomBytes((rows * width) / 2).toString('hex')));
  return {
    length: rows,
    fields: [
      { id: 1, name: 'id', type: 'long', required: true },
      { id: 2, name: 'text', type: 'string', required: false },
    ],
    columns: [
      {
        kind: 'fixed',
        type: 'long',
        length: rows,
        values: BigInt64Array.from({ length: rows }, (_, i) => BigInt(i)),
      },
      {
        kind: 'var',
        type: 'string',
        length: rows,
        offsets: Int32Array.from({ length: rows + 1 }, (_, i) => i * width),
        data,
      },
    ],
  };
}

/** By their bytes: jest compares large arrays value by value. */
function same(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    Buffer.from(buffer, byteOffset, byteLength);
  return bytes(a).equals(bytes(b));
}

test('pieces: a row group as other engines write them comes in order, a bounded part at a time', async () => {
  const { store } = testLake({ name: 'p', tables: {} }).ports;
  const batch = large(48 * 1024);
  const bytes = fileOf([batch], { codec: 'snappy' });
  await store.putIfAbsent('foreign.parquet', bytes);
  const file = await openFile(store, { path: store.uri('foreign.parquet'), size: bytes.length });
  expect(file.footer.rowGroups).toHaveLength(1);
  const pieces: Batch[] = [];
  for await (const piece of allPieces(file, batch.fields)) pieces.push(piece);
  expect(pieces.length).toBeGreaterThan(2);
  for (const { columns } of pieces)
    expect(columns.reduce((sum, column) => sum + byteSize(column), 0)).toBeLessThan(20 * MiB);
  const [ids, texts] = concatBatches(pieces).columns as [FixedColumn, VarColumn];
  const [wholeIds, wholeTexts] = batch.columns as [FixedColumn, VarColumn];
  expect(same(ids.values, wholeIds.values)).toBe(true);
  expect(same(texts.offsets, wholeTexts.offsets)).toBe(true);
  expect(same(texts.data, wholeTexts.data)).toBe(true);
  // A few columns of it are one piece.
  for await (const piece of allPieces(file, [batch.fields[0]!])) expect(piece.length).toBe(batch.length);
});
