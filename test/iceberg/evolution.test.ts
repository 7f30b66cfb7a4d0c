import {
  addColumns,
  renameColumns,
  replaceColumn,
  setProperties,
  widenColumn,
} from '../../lib/iceberg/evolution';
import { currentSchema } from '../../lib/iceberg/metadata';
import { table } from './tables';

const extra = { id: 5, name: 'extra', type: 'double' as const, required: false };
const names = (md: ReturnType<typeof table>) => currentSchema(md).fields.map(f => f.name);

describe('evolution', () => {
  test('add.before the columns that stay last', () => {
    const md = addColumns(table(), [extra], { before: [3, 4], now: 2000 });
    expect(names(md)).toEqual(['id', 'name', 'extra', 'ts', 'price']);
    expect(md).toMatchObject({ 'current-schema-id': 1, 'last-column-id': 5, 'last-updated-ms': 2000 });
    expect(md.schemas).toHaveLength(2);
    expect(currentSchema(md).identifierFieldIds).toEqual([1]);
    expect(names(addColumns(table(), [extra], { now: 1 })).at(-1)).toBe('extra');
  });

  test('add.is idempotent', () => {
    const md = addColumns(table(), [extra], { now: 2000 });
    expect(addColumns(md, [extra], { now: 3000 })).toBe(md);
    const other = { ...extra, id: 6, name: 'other' };
    expect(names(addColumns(md, [extra, other], { now: 3000 }))).toEqual([
      'id',
      'name',
      'ts',
      'price',
      'extra',
      'other',
    ]);
  });

  test('add.an equal schema of the past comes back under its id', () => {
    const md = addColumns(table(), [extra], { now: 2000 });
    const back = addColumns({ ...md, 'current-schema-id': 0 }, [extra], { now: 3000 });
    expect(back['current-schema-id']).toBe(1);
    expect(back.schemas).toBe(md.schemas);
  });

  test('add.keeps keys of other engines', () => {
    const md = table();
    const schemas = md.schemas.map(s => ({
      ...s,
      fields: s.fields.map(f => ({ ...f, 'initial-default': 1 })),
    }));
    const evolved = addColumns({ ...md, schemas }, [extra], { now: 1 });
    expect(evolved.schemas[1]!.fields[0]!['initial-default']).toBe(1);
  });

  test('add.refused', () => {
    const add = (change: object) => () => addColumns(table(), [{ ...extra, ...change }], { now: 1 });
    expect(add({ required: true })).toThrow('TM_4023');
    expect(add({ id: 2 })).toThrow('TM_4023');
    expect(add({ name: 'name' })).toThrow('TM_4008');
    expect(add({ name: '_pos' })).toThrow('TM_4008');
    const dropped = { ...addColumns(table(), [extra], { now: 1 }), 'current-schema-id': 0 };
    expect(() => addColumns(dropped, [{ ...extra, type: 'int' }], { now: 1 })).toThrow('TM_4023');
  });

  test('rename.keeps ids, types and places; back again it is the schema of before', () => {
    const md = renameColumns(table(), new Map([[2, 'title']]), 2000);
    expect(names(md)).toEqual(['id', 'title', 'ts', 'price']);
    expect(currentSchema(md).fields.map(f => f.id)).toEqual(currentSchema(table()).fields.map(f => f.id));
    expect(md.schemas).toHaveLength(2);
    expect(renameColumns(md, new Map([[2, 'name']]), 3000)['current-schema-id']).toBe(0);
    expect(renameColumns(md, new Map([[2, 'title']]), 3000)).toBe(md);
  });

  test('rename.two at once change places; one alone is refused', () => {
    const swapped = new Map([
      [2, 'ts'],
      [3, 'name'],
    ]);
    expect(names(renameColumns(table(), swapped, 1))).toEqual(['id', 'ts', 'name', 'price']);
    expect(() => renameColumns(table(), new Map([[2, 'ts']]), 1)).toThrow('TM_4008');
    expect(() => renameColumns(table(), new Map([[9, 'x']]), 1)).toThrow('TM_4023');
  });

  test('replace.stands in its place, as key and in the order too; the old one is kept or goes', () => {
    const key = { ...extra, name: 'id', type: 'int' as const, required: true };
    const order = {
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
    const sorted = { ...table(), 'sort-orders': [order], 'default-sort-order-id': 1 };
    const gone = replaceColumn(sorted, 1, key, { now: 2000 });
    expect(names(gone)).toEqual(['id', 'name', 'ts', 'price']);
    expect(currentSchema(gone).identifierFieldIds).toEqual([5]);
    expect(gone['default-sort-order-id']).toBe(2);
    expect(gone['sort-orders'].map(o => o.fields[0]?.['source-id'])).toEqual([1, 5]);
    expect(gone['last-column-id']).toBe(5);
    const keep = { id: 2, name: 'name_then', type: 'string' as const, required: false, doc: 'then' };
    const kept = replaceColumn(table(), 2, { ...extra, name: 'name' }, { keep, before: [4], now: 1 });
    expect(currentSchema(kept).fields.map(f => [f.id, f.name])).toEqual([
      [1, 'id'],
      [5, 'name'],
      [3, 'ts'],
      [2, 'name_then'],
      [4, 'price'],
    ]);
  });

  test('replace.refused: a column of another id, or one that the table is partitioned by', () => {
    expect(() => replaceColumn(table(), 9, extra, { now: 1 })).toThrow('TM_4023');
    expect(() => replaceColumn(table(), 2, { ...extra, id: 3 }, { now: 1 })).toThrow('TM_4023');
    const field = { 'source-id': 2, 'field-id': 1000, name: 'name', transform: 'identity' };
    const md = { ...table(), 'partition-specs': [{ 'spec-id': 0, fields: [field] }], 'default-spec-id': 0 };
    expect(() => replaceColumn(md as ReturnType<typeof table>, 2, extra, { now: 1 })).toThrow('TM_4023');
  });

  test('widen.what Iceberg allows', () => {
    const long = widenColumn(table(), 1, 'long', 2000);
    expect(currentSchema(long).fields[0]).toMatchObject({ id: 1, name: 'id', type: 'long', required: true });
    expect(long['last-column-id']).toBe(4);
    expect(currentSchema(widenColumn(table(), 4, 'decimal(12,2)', 1)).fields[3]!.type).toBe('decimal(12,2)');
    expect(widenColumn(long, 1, 'long', 3000)).toBe(long);
  });

  test('widen.refused', () => {
    for (const [id, type] of [
      [1, 'string'],
      [1, 'double'],
      [4, 'decimal(12,3)'],
      [4, 'decimal(8,2)'],
      [4, 'decimal(39,2)'],
      [2, 'long'],
      [9, 'long'],
    ] as const) {
      expect(() => widenColumn(table(), id, type, 1)).toThrow('TM_4023');
    }
  });

  test('properties.set and removed', () => {
    const md = setProperties(table({ a: '1', b: '2' }), { c: '3' }, ['a'], 500);
    expect(md.properties).toEqual({ b: '2', c: '3' });
    // Time goes on even if the clock went back.
    expect(md['last-updated-ms']).toBe(1001);
    expect(setProperties(md, { c: '3' }, ['a'], 9000)).toBe(md);
  });
});
