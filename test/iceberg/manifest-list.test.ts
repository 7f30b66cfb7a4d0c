import fc from 'fast-check';
import { writeContainer } from '../../lib/iceberg/avro';
import { LAYOUT } from '../../lib/iceberg/avro-schema';
import {
  decodeManifestList,
  encodeManifestList,
  type ManifestFile,
  summariseManifest,
} from '../../lib/iceberg/manifest-list';
import { partitionSpec } from '../../lib/iceberg/partition';
import { encodeValue } from '../../lib/iceberg/single-value';
import { anyText } from '../support/any-text';
import { added, dataFile, FIELDS, SCHEMA } from './tables';

/** avsc's own longs end one before 2^53 - 1. */
const size = fc.nat(Number.MAX_SAFE_INTEGER - 1);
const count = fc.nat(2 ** 31 - 1);
const bytes = fc.option(fc.uint8Array({ maxLength: 20 }), { nil: null });
const line: fc.Arbitrary<ManifestFile> = fc.record({
  path: anyText(),
  length: size,
  specId: count,
  content: fc.constantFrom('data', 'deletes'),
  sequenceNumber: size,
  minSequenceNumber: size,
  addedSnapshotId: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }),
  addedFiles: count,
  existingFiles: count,
  deletedFiles: count,
  addedRows: size,
  existingRows: size,
  deletedRows: size,
  partitions: fc.option(
    fc.array(
      fc.record({
        containsNull: fc.boolean(),
        containsNan: fc.option(fc.boolean(), { nil: null }),
        lower: bytes,
        upper: bytes,
      }),
      { maxLength: 3 },
    ),
    { nil: null },
  ),
  keyMetadata: bytes,
});

describe('manifest-list', () => {
  test('roundtrip.any lines', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), files => {
        const written = encodeManifestList(files, { snapshotId: 1n, parentId: 2n, sequenceNumber: 3 });
        expect(decodeManifestList(written)).toEqual(files);
      }),
    );
  });

  test('summarise.counts, numbers and partitions', () => {
    const fields = [...FIELDS, { id: 9, name: 'x', type: 'double' as const, required: false }];
    const spec = partitionSpec(
      ['name', 'x'].map(column => ({ column, transform: 'identity' })),
      fields,
    );
    const entries = [
      added(dataFile('a', ['\uffff', Number.NaN])),
      {
        ...added(dataFile('b', ['\u{10000}', -1], { recordCount: 3 })),
        status: 'existing' as const,
        sequenceNumber: 4,
      },
      {
        ...added(dataFile('c', [null, 2], { recordCount: 5 })),
        status: 'deleted' as const,
        sequenceNumber: 1,
      },
    ];
    const schema = { ...SCHEMA, fields };
    const file = summariseManifest({
      path: 'm',
      length: 77,
      entries,
      schema,
      spec,
      content: 'data',
      snapshotId: 8n,
      sequenceNumber: 6,
    });
    expect(file).toEqual({
      path: 'm',
      length: 77,
      specId: 0,
      content: 'data',
      sequenceNumber: 6,
      // Deleted entries do not count: no reader sees their files.
      minSequenceNumber: 4,
      addedSnapshotId: 8n,
      addedFiles: 1,
      existingFiles: 1,
      deletedFiles: 1,
      addedRows: 10,
      existingRows: 3,
      deletedRows: 5,
      partitions: [
        {
          containsNull: true,
          containsNan: false,
          lower: encodeValue('string', '\uffff'),
          upper: encodeValue('string', '\u{10000}'),
        },
        {
          containsNull: false,
          containsNan: true,
          lower: encodeValue('double', -1),
          upper: encodeValue('double', 2),
        },
      ],
      keyMetadata: null,
    });
  });

  test('decode.a line without counts is refused', () => {
    const schema = {
      type: 'record',
      name: 'manifest_file',
      fields: [{ name: 'p', type: 'string', 'field-id': 500 }],
    };
    const bare = writeContainer(schema, LAYOUT, [{ manifest_path: 'm' }], {});
    expect(() => decodeManifestList(bare, 'snap-1.avro')).toThrow(/TM_4012.*snap-1\.avro/);
  });
});
