import { arrowType } from '../../lib/columnar/arrow';
import { athenaType, duckdbType, icebergTypeOf, TYPE_MAP } from '../../lib/columnar/type-map';
import type { PrimitiveType } from '../../lib/columnar/types';
import { ALL_TYPES } from './arbitraries';

const concrete = (type: string) => type.replace('P,S', '12,3') as PrimitiveType;

test.each(TYPE_MAP.map(row => [row.iceberg, row] as const))('type-map.row: %s', (_, row) => {
  const type = concrete(row.iceberg);
  for (const name of [...row.mysql, ...row.also]) {
    if (row.iceberg === 'decimal(P,S)') expect(icebergTypeOf(name)).toBe('decimal(10,0)');
    // BIT without a length is BIT(1); the row of binary means longer ones.
    else expect(icebergTypeOf(name === 'bit' ? 'bit(8)' : name)).toBe(type);
  }
  expect(athenaType(type)).toBe(concrete(row.athena));
  expect(duckdbType(type)).toBe(concrete(row.duckdb));
  expect(icebergTypeOf(type)).toBe(type);
  expect(String(arrowType(type)).replace(/\W/g, '').toLowerCase()).toContain(
    { Date32: 'date32', Utf8: 'utf8' }[row.arrow] ??
      row.arrow.split('(')[0]!.replace('128', '').toLowerCase(),
  );
});

test.each<[string, PrimitiveType | undefined]>([
  ['INT(10) UNSIGNED ZEROFILL', 'long'],
  ['int(11)', 'int'],
  ['int(5) zerofill', 'long'],
  ['bigint(20) unsigned', 'decimal(20,0)'],
  ['tinyint(1)', 'int'],
  ['bit(1)', 'boolean'],
  ['bit(64)', 'binary'],
  ['varchar(20)', 'string'],
  ["enum('a','b)','it''s')", 'string'],
  ['decimal(10, 2) unsigned', 'decimal(10,2)'],
  ['numeric', 'decimal(10,0)'],
  ['decimal(5)', 'decimal(5,0)'],
  ['decimal(39,2)', undefined],
  ['decimal(3,5)', undefined],
  ['datetime(6)', 'timestamp'],
  ['timestamp(3)', 'timestamp'],
  ['timestamp(6) with time zone', 'timestamptz'],
  ['time(3)', 'string'],
  ['year(4)', 'int'],
  ['float(53)', 'double'],
  ['float(10)', 'float'],
  ['double precision', 'double'],
  [' BigInt ', 'long'],
  ['hugeint', undefined],
  ['', undefined],
  ['int; drop table x', undefined],
])('type-map.icebergTypeOf: %p is %p', (name, type) => {
  expect(icebergTypeOf(name)).toBe(type);
});

test('type-map.names: every type has a name in every engine', () => {
  for (const type of ALL_TYPES) {
    expect(athenaType(type)).not.toMatch(/P,S|undefined/);
    expect(duckdbType(type)).not.toMatch(/P,S|undefined/);
  }
});
