import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Field, PrimitiveType } from '../../lib/columnar/types';
import type { DataFile, ManifestEntry } from '../../lib/iceberg/data-file';
import { decodeManifest, encodeManifest, inheritFrom } from '../../lib/iceberg/manifest';
import { decodeManifestList, summariseManifest } from '../../lib/iceberg/manifest-list';
import { type PartitionSpec, partitionSpec } from '../../lib/iceberg/partition';
import { encodeValue } from '../../lib/iceberg/single-value';
import { anyText } from '../support/any-text';
import { anyOf, TYPES } from './arbitraries';
import { added, dataFile, FIELDS, SCHEMA } from './tables';

const golden = (name: string) => readFileSync(join(__dirname, 'golden', name));

const fields: Field[] = TYPES.map((type, i) => ({ id: i + 1, name: `c ${i}`, type, required: false }));
const everyType: PartitionSpec = partitionSpec(
  fields.map(f => ({ column: f.name, transform: 'identity' })),
  fields,
);
const schema = { 'schema-id': 4, fields, identifierFieldIds: [] };

/** avsc's own longs end one before 2^53 - 1. */
const size = fc.nat(Number.MAX_SAFE_INTEGER - 1);
const nullable = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null });
const counts = fc.array(fc.tuple(fc.nat(50), fc.nat(2 ** 31))).map(list => new Map(list));
const bytes = fc.uint8Array({ maxLength: 20 });
const bounds = fc.array(fc.tuple(fc.nat(50), bytes)).map(list => new Map(list));

const file: fc.Arbitrary<DataFile> = fc.record({
  content: fc.constantFrom(0, 1, 2),
  path: anyText(),
  format: fc.constant('PARQUET'),
  specId: fc.constant(0),
  partition: fc.tuple(...TYPES.map(t => nullable(anyOf(t)))),
  recordCount: size,
  size,
  metrics: fc.record(
    {
      columnSizes: counts,
      valueCounts: counts,
      nullCounts: counts,
      nanCounts: counts.filter(m => m.size > 0),
      lower: bounds,
      upper: bounds,
      splitOffsets: fc.array(size, { maxLength: 4 }),
    },
    { requiredKeys: ['columnSizes', 'valueCounts', 'nullCounts', 'lower', 'upper', 'splitOffsets'] },
  ),
  keyMetadata: nullable(bytes),
  equalityIds: nullable(fc.array(fc.nat(100), { minLength: 1, maxLength: 3 })),
  sortOrderId: nullable(fc.nat(10)),
  referencedDataFile: nullable(fc.string()),
});

const entry: fc.Arbitrary<ManifestEntry> = fc.record({
  status: fc.constantFrom('existing', 'added', 'deleted'),
  snapshotId: nullable(fc.bigInt({ min: 1n, max: 2n ** 63n - 1n })),
  sequenceNumber: nullable(size),
  fileSequenceNumber: nullable(size),
  file,
});

describe('manifest', () => {
  test('roundtrip.any entries', () => {
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 4 }),
        fc.constantFrom('data', 'deletes'),
        (entries, content) => {
          const decoded = decodeManifest(encodeManifest({ entries, schema, spec: everyType, content }), {
            fields,
          });
          expect(decoded.entries).toEqual(entries);
          expect(decoded.content).toBe(content);
          expect(decoded.schema?.['schema-id']).toBe(4);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('decode.two decimals of one type, odd names', () => {
    const odd: Field[] = [
      { id: 1, name: '1 größe', type: 'decimal(9,2)', required: false },
      { id: 2, name: 'b', type: 'decimal(9,2)', required: false },
    ];
    const spec = partitionSpec(
      odd.map(f => ({ column: f.name, transform: 'identity' })),
      odd,
    );
    const entries = [added(dataFile('a', [-1n, 99999n]))];
    const schemaOfOdd = { 'schema-id': 0, fields: odd, identifierFieldIds: [] };
    const manifest = encodeManifest({ entries, schema: schemaOfOdd, spec, content: 'data' });
    expect(decodeManifest(manifest, { fields: odd }).entries).toEqual(entries);
  });

  test('decode.partition values in the type the column has now', () => {
    const spec = partitionSpec([{ column: 'id', transform: 'identity' }], FIELDS);
    const manifest = encodeManifest({
      entries: [added(dataFile('a', [7]))],
      schema: SCHEMA,
      spec,
      content: 'data',
    });
    const now = (type: PrimitiveType) => FIELDS.map(f => (f.id === 1 ? { ...f, type } : f));
    const partition = (options: Parameters<typeof decodeManifest>[1]) =>
      decodeManifest(manifest, options).entries[0]!.file.partition;
    expect(partition({ fields: now('int') })).toEqual([7]);
    expect(partition({ fields: now('long') })).toEqual([7n]);
    // The column is gone: as it was written.
    expect(partition({ fields: [] })).toEqual([7]);
  });

  test.each(['null', 'snappy', 'zstandard'])('decode.written by PyIceberg with %s', codec => {
    const fields: Field[] = [
      { id: 1, name: 'id', type: 'long', required: true },
      { id: 2, name: 'größe x', type: 'string', required: false },
      { id: 3, name: 'ts', type: 'timestamp', required: false },
      { id: 5, name: 'amount', type: 'decimal(20,2)', required: false },
      { id: 6, name: 'n', type: 'int', required: false },
    ];
    const decoded = decodeManifest(golden(`pyiceberg-${codec}.avro`), { fields });
    expect(decoded).toMatchObject({ specId: 3, content: 'data' });
    expect(decoded.entries.map(e => e.file.partition)).toEqual([
      [0, 'Zür', 1700000000123456n, 123450n, -7, 19700],
      [1, 'Zür', 1700000000123455n, 123450n, -7, 19700],
      [0, null, null, null, null, null],
    ]);
    expect(decoded.entries[1]).toMatchObject({
      status: 'added',
      snapshotId: 7777777777777777777n,
      sequenceNumber: null,
      file: { path: 's3://b/f1.parquet', format: 'PARQUET', recordCount: 11, size: 1001, sortOrderId: 1 },
    });
    const { metrics } = decoded.entries[0]!.file;
    expect(metrics.columnSizes).toEqual(
      new Map([
        [1, 10],
        [2, 20],
      ]),
    );
    expect(metrics.lower).toEqual(new Map([[1, encodeValue('long', 5n)]]));
    expect(metrics.splitOffsets).toEqual([4, 100]);
  });

  test('list.written by PyIceberg', () => {
    const [line, ...others] = decodeManifestList(golden('pyiceberg-list.avro'));
    expect(others).toEqual([]);
    expect(line).toMatchObject({
      specId: 3,
      content: 'data',
      sequenceNumber: 4,
      minSequenceNumber: 4,
      addedFiles: 3,
      addedRows: 33,
    });
    expect(line!.addedSnapshotId).toBe(7777777777777777777n);
    expect(line!.partitions![1]).toMatchObject({ containsNull: true, lower: encodeValue('string', 'Zür') });
    expect(line!.partitions![3]!.lower).toEqual(encodeValue('decimal(9,2)', 123450n));
  });

  test('inherit', () => {
    const spec = partitionSpec([], FIELDS);
    const old = {
      ...added(dataFile('b', [])),
      status: 'existing' as const,
      snapshotId: 3n,
      sequenceNumber: 2,
      fileSequenceNumber: 2,
    };
    const compacted = { ...added(dataFile('c', [])), sequenceNumber: 5 };
    const entries = [added(dataFile('a', [])), old, compacted];
    const of = {
      path: 'm',
      length: 1,
      schema: SCHEMA,
      spec: { ...spec, 'spec-id': 6 },
      content: 'data' as const,
    };
    const line = summariseManifest({ ...of, entries, snapshotId: 9n, sequenceNumber: 7 });
    const inherited = inheritFrom(line, entries);
    expect(inherited.map(e => [e.snapshotId, e.sequenceNumber, e.fileSequenceNumber])).toEqual([
      [9n, 7, 7],
      [3n, 2, 2],
      [9n, 5, 7],
    ]);
    expect(inherited.every(e => e.file.specId === 6)).toBe(true);
    expect(() => inheritFrom(line, [{ ...old, sequenceNumber: null }])).toThrow('TM_4012');
    // A manifest that a version 1 writer left has number 0 throughout.
    expect(
      inheritFrom({ ...line, sequenceNumber: 0 }, [{ ...old, sequenceNumber: null }])[0]!.sequenceNumber,
    ).toBe(0);
  });
});
