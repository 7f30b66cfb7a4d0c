import type { Field } from '../../lib/columnar/types';
import { parsePartitionBy, partitionPath, partitionSpec, partitionTypes } from '../../lib/iceberg/partition';
import { partitionKey } from '../../lib/iceberg/partition-key';

const fields: Field[] = [
  { id: 1, name: 'id', type: 'long', required: true },
  { id: 2, name: 'name', type: 'string', required: false },
  { id: 3, name: 'created_at', type: 'timestamp', required: false },
  { id: 4, name: 'born', type: 'date', required: false },
  { id: 5, name: 'price', type: 'decimal(9,2)', required: false },
  { id: 6, name: 'raw', type: 'binary', required: false },
];

const specOf = (...by: string[]) => partitionSpec(by.map(parsePartitionBy), fields);

describe('partition', () => {
  test('by.parse', () => {
    expect(parsePartitionBy('month(created_at)')).toEqual({ column: 'created_at', transform: 'month' });
    expect(parsePartitionBy(' bucket( 16 ,id ) ')).toEqual({ column: 'id', transform: 'bucket[16]' });
    expect(parsePartitionBy('truncate(4, name)')).toEqual({ column: 'name', transform: 'truncate[4]' });
    expect(parsePartitionBy('region')).toEqual({ column: 'region', transform: 'identity' });
  });

  test('by.refused', () => {
    for (const text of ['', 'bucket(id, 16)', 'month(a, b)', 'month created_at', 'month(']) {
      expect(() => parsePartitionBy(text)).toThrow('TM_4005');
    }
    for (const text of ['bucket(id)', 'months(created_at)', 'bucket(0, id)', 'month(4, created_at)']) {
      expect(() => parsePartitionBy(text)).toThrow('TM_4003');
    }
  });

  test('spec.names and ids', () => {
    const spec = specOf('month(created_at)', 'bucket(16, id)', 'truncate(4, name)', 'born');
    expect(spec.fields.map(f => [f['source-id'], f['field-id'], f.name])).toEqual([
      [3, 1000, 'created_at_month'],
      [1, 1001, 'id_bucket'],
      [2, 1002, 'name_trunc'],
      [4, 1003, 'born'],
    ]);
    expect(partitionTypes(spec, fields).map(p => p.type)).toEqual(['int', 'int', 'string', 'date']);
  });

  test('spec.refused', () => {
    expect(() => specOf('nobody')).toThrow('TM_4006');
    expect(() => specOf('month(name)')).toThrow('TM_4004');
    expect(() => specOf('bucket(4, id)', 'bucket(8, id)')).toThrow('TM_4007');
    const clash: Field[] = [...fields, { id: 9, name: 'id_bucket', type: 'int', required: false }];
    expect(() => partitionSpec([{ column: 'id', transform: 'bucket[4]' }], clash)).toThrow('TM_4007');
    expect(() => partitionTypes(specOf('born'), fields.slice(0, 2))).toThrow('TM_4006');
  });

  test('path.reads as people write', () => {
    const path = (by: string, value: Parameters<typeof partitionPath>[2][number]) =>
      partitionPath(specOf(by), fields, [value]);
    expect(path('year(born)', -1)).toBe('born_year=1969');
    expect(path('month(created_at)', 614)).toBe('created_at_month=2021-03');
    expect(path('day(created_at)', -1)).toBe('created_at_day=1969-12-31');
    expect(path('hour(created_at)', -1)).toBe('created_at_hour=1969-12-31-23');
    expect(path('born', 18687)).toBe('born=2021-03-01');
    expect(path('created_at', 1510871468000001n)).toBe('created_at=2017-11-16T22%3A31%3A08.000001');
    expect(path('price', -5n)).toBe('price=-0.05');
    expect(path('raw', Uint8Array.of(255, 0))).toBe('raw=%2FwA%3D');
    expect(path('name', null)).toBe('name=null');
    expect(path('name', 'a/b*?=ü')).toBe('name=a%2Fb%2A%3F%3D%C3%BC');
    expect(path('name', 'x'.repeat(4000)).length).toBeLessThan(255);
    expect(partitionPath(specOf(), fields, [])).toBe('');
    expect(partitionPath(specOf('month(created_at)', 'bucket(16, id)'), fields, [614, 3])).toBe(
      'created_at_month=2021-03/id_bucket=3',
    );
  });

  test('key.tells partitions apart', () => {
    const values = [
      null,
      'null',
      '',
      0,
      -0,
      1,
      1n,
      '1',
      true,
      'true',
      Number.NaN,
      Uint8Array.of(1),
      Uint8Array.of(49),
    ];
    const keys = values.map(v => partitionKey({ specId: 0, partition: [v] }));
    expect(new Set(keys).size).toBe(values.length);
    expect(partitionKey({ specId: 1, partition: [1] })).not.toBe(partitionKey({ specId: 0, partition: [1] }));
    expect(partitionKey({ specId: 0, partition: [Uint8Array.of(1)] })).toBe(keys[11]);
  });
});
