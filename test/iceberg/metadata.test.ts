import { withSnapshot } from '../../lib/iceberg/evolution';
import {
  allFields,
  ancestors,
  currentSchema,
  currentSnapshot,
  defaultSpec,
  formatMetadata,
  newMetadata,
  parseMetadata,
  rootReached,
  schemaById,
  specById,
  type TableMetadata,
} from '../../lib/iceberg/metadata';
import { SCHEMA, snapshotOn, table } from './tables';

const encode = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));
const parsed = (text: string) => parseMetadata(new TextEncoder().encode(text));
const text = (md: TableMetadata) => new TextDecoder().decode(formatMetadata(md));
const ids = (md: TableMetadata, from?: bigint) => [...ancestors(md, from)].map(s => s['snapshot-id']);

function chain(...snapshotIds: bigint[]): TableMetadata {
  return snapshotIds.reduce((md, id, i) => withSnapshot(md, snapshotOn(md, id, 2000 + i)), table());
}

describe('metadata', () => {
  test('roundtrip.exact ids and unknown keys', () => {
    const md = {
      ...chain(9223372036854775807n, 5n),
      'next-row-id': 7,
      nested: { big: 18446744073709551615n },
    };
    expect(parseMetadata(formatMetadata(md))).toEqual(md);
    expect(text(md)).toContain('"snapshot-id":9223372036854775807');
    expect(text(md)).toContain('18446744073709551615');
  });

  test('new.has what every engine requires', () => {
    const json = JSON.parse(text(table()));
    expect(json).toMatchObject({
      'format-version': 2,
      'last-sequence-number': 0,
      'last-updated-ms': 1000,
      'last-column-id': 4,
      'current-schema-id': 0,
      'default-spec-id': 0,
      'last-partition-id': 1000,
      'default-sort-order-id': 0,
      'sort-orders': [{ 'order-id': 0, fields: [] }],
      'current-snapshot-id': -1,
      refs: {},
      snapshots: [],
    });
    expect(json.schemas[0].fields.every((f: object) => 'required' in f)).toBe(true);
  });

  test('new.unpartitioned and sorted', () => {
    const sortOrder = {
      'order-id': 1,
      fields: [
        {
          transform: 'identity',
          'source-id': 1,
          direction: 'asc' as const,
          'null-order': 'nulls-first' as const,
        },
      ],
    };
    const spec = { 'spec-id': 0, fields: [] };
    const md = newMetadata({
      uuid: 'u',
      location: 'l',
      schema: SCHEMA,
      spec,
      sortOrder,
      properties: {},
      now: 1,
    });
    expect(md['last-partition-id']).toBe(999);
    expect(md['sort-orders'].map(o => o['order-id'])).toEqual([0, 1]);
    expect(md['default-sort-order-id']).toBe(1);
  });

  test('new.refuses what engines refuse', () => {
    const base = { uuid: 'u', location: 'l', properties: {}, now: 1 };
    const spec = {
      'spec-id': 0,
      fields: [{ 'source-id': 2, 'field-id': 1000, name: 'm', transform: 'month' }],
    };
    expect(() => newMetadata({ ...base, schema: SCHEMA, spec })).toThrow('TM_4004');
    const schema = { ...SCHEMA, identifierFieldIds: [2] };
    expect(() => newMetadata({ ...base, schema, spec: { 'spec-id': 0, fields: [] } })).toThrow('TM_4008');
  });

  test('parse.fills in what writers leave out', () => {
    const json = JSON.parse(text(table()));
    for (const key of [
      'refs',
      'snapshots',
      'snapshot-log',
      'metadata-log',
      'properties',
      'sort-orders',
      'statistics',
    ]) {
      delete json[key];
    }
    const snapshot = {
      'snapshot-id': 7,
      'parent-snapshot-id': null,
      'timestamp-ms': 1,
      'manifest-list': 'm',
    };
    const md = parseMetadata(encode({ ...json, 'current-snapshot-id': 7, snapshots: [snapshot] }));
    expect(md.refs).toEqual({ main: { 'snapshot-id': 7n, type: 'branch' } });
    expect(currentSnapshot(md)).toEqual({
      'snapshot-id': 7n,
      'sequence-number': 0,
      'timestamp-ms': 1,
      'manifest-list': 'm',
      summary: {},
    });
    expect(md['snapshot-log']).toEqual([]);
    expect(parseMetadata(encode({ ...json, 'current-snapshot-id': null }))['current-snapshot-id']).toBe(-1n);
  });

  test('parse.refused', () => {
    const json = JSON.parse(text(table()));
    expect(() => parsed('{"format-')).toThrow('TM_4020');
    expect(() => parsed('[]')).toThrow('TM_4021');
    expect(() => parseMetadata(encode({ ...json, schemas: 3 }))).toThrow(/TM_4020.*schemas/);
    expect(() => parseMetadata(encode({ ...json, 'format-version': 3 }))).toThrow('TM_4021');
    expect(() => parseMetadata(encode({ ...json, 'current-snapshot-id': 12 }))).toThrow('TM_4020');
  });

  test('look-ups', () => {
    const md = table();
    expect(currentSchema(md)).toEqual(SCHEMA);
    expect(defaultSpec(md).fields[0]!.name).toBe('ts_month');
    expect(currentSnapshot(md)).toBeUndefined();
    expect(() => schemaById(md, 9)).toThrow('TM_4022');
    expect(() => specById(md, 9)).toThrow('TM_4022');
  });

  test('fields.newest first, types of other engines left out', () => {
    const field = (id: number, name: string, type: string) => ({ id, name, type, required: false });
    const schemas = [
      {
        type: 'struct' as const,
        'schema-id': 0,
        fields: [field(1, 'a', 'int'), field(2, 'gone', 'string'), field(3, 'u', 'uuid')],
      },
      { type: 'struct' as const, 'schema-id': 1, fields: [field(1, 'b', 'long')] },
    ];
    const md = { ...table(), schemas, 'current-schema-id': 1 };
    expect(allFields(md).map(f => [f.id, f.name, f.type])).toEqual([
      [1, 'b', 'long'],
      [2, 'gone', 'string'],
    ]);
  });

  test('ancestors.to the root, or to an expired parent', () => {
    const md = chain(1n, 2n, 3n);
    expect(ids(md)).toEqual([3n, 2n, 1n]);
    expect(ids(md, 2n)).toEqual([2n, 1n]);
    expect(rootReached(md)).toBe(true);
    const cut = { ...md, snapshots: md.snapshots.filter(s => s['snapshot-id'] !== 2n) };
    expect(ids(cut)).toEqual([3n]);
    expect(rootReached(cut)).toBe(false);
    expect(rootReached(cut, 1n)).toBe(true);
    expect(rootReached(cut, 99n)).toBe(false);
    expect(rootReached(table())).toBe(true);
  });

  test('ancestors.a parent that was taken away is no root', () => {
    const md = chain(1n, 2n, 3n);
    const { 'parent-snapshot-id': _, ...orphan } = md.snapshots[2]!;
    expect(rootReached({ ...md, snapshots: [orphan] })).toBe(false);
  });

  test('ancestors.a circle ends', () => {
    const md = chain(1n, 2n);
    const snapshots = md.snapshots.map(s =>
      s['snapshot-id'] === 1n ? { ...s, 'parent-snapshot-id': 2n } : s,
    );
    expect(ids({ ...md, snapshots })).toEqual([2n, 1n]);
    expect(rootReached({ ...md, snapshots })).toBe(false);
  });
});
