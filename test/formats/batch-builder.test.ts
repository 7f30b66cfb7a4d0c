import { valueAt } from '../../lib/columnar/kernels';
import { BatchBuilder } from '../../lib/formats/batch-builder';
import type { FieldRole } from '../../lib/formats/layout';

const layout: FieldRole[] = [
  { role: 'data', name: 'a', type: 'int' },
  { role: 'data', name: 'b', type: 'int' },
];
const text = (batch: BatchBuilder, field: number, value: string) =>
  batch.text(field, Buffer.from(value), 0, value.length);

describe('batch-builder', () => {
  test('batch-builder.rejected row leaves neither values nor absent marks to the next', () => {
    const batch = new BatchBuilder(layout, { batchRows: 4, batchBytes: 1000 });
    batch.absent(0);
    const fault = text(batch, 1, 'x');
    batch.reject(fault!, 1, Buffer.from('x'));
    text(batch, 0, '7');
    batch.null(1);
    batch.keep(2, 2);
    const { columns, absent, row, bad } = batch.finish();
    expect(columns.map(column => valueAt(column, 0))).toEqual([7, null]);
    expect(absent?.[0]?.[0] ?? 0).toBe(0);
    expect([[...row], bad.map(r => r.row)]).toEqual([[1], [0]]);
  });

  test('batch-builder.finished batch keeps its values while the next one is built', () => {
    const batch = new BatchBuilder(layout, { batchRows: 1, batchBytes: 1000 });
    const add = (value: string) => {
      text(batch, 0, value);
      batch.absent(1);
      batch.keep(1, 1);
      expect(batch.full).toBe(true);
      return batch.finish();
    };
    const first = add('1');
    add('2');
    expect([valueAt(first.columns[0]!, 0), first.absent?.[1]?.[0]]).toEqual([1, 1]);
  });
});
