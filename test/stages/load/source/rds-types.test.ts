import type { PrimitiveType } from '../../../../lib/columnar/types';
import { exportedColumn } from '../../../../lib/stages/load/source/rds-types';

/** The database's type, the type of what the files hold, and what the column is. */
const MYSQL: [string, PrimitiveType, string][] = [
  ['bigint', 'long', 'long'],
  ['bigint unsigned', 'decimal(20,0)', 'decimal(20,0)'],
  ['bigint', 'decimal(20,0)', 'decimal(20,0)'],
  ['bit(1)', 'binary', 'boolean bits'],
  ['bit(8)', 'binary', 'long bits'],
  ['bit(63)', 'binary', 'long bits'],
  ['bit(64)', 'binary', 'decimal(20,0) bits'],
  ['BIT', 'boolean', 'boolean'],
  ['decimal(10,2)', 'decimal(10,2)', 'decimal(10,2)'],
  ['decimal', 'decimal(12,3)', 'decimal(12,3)'],
  ['decimal(50,2)', 'string', 'string'],
  ['double', 'double', 'double'],
  ['float', 'double', 'double'],
  ['int', 'int', 'int'],
  ['int unsigned', 'long', 'long'],
  ['int', 'long', 'long'],
  ['mediumint unsigned', 'long', 'long'],
  ['smallint', 'int', 'int'],
  ['tinyint(1)', 'int', 'int'],
  ['year', 'int', 'int'],
  ['char(3)', 'string', 'string'],
  ["enum('a','b')", 'string', 'string'],
  ["set('a','b')", 'string', 'string'],
  ['json', 'string', 'string'],
  ['longtext', 'string', 'string'],
  ['varchar(20)', 'binary', 'string utf8'],
  ['varbinary(16)', 'binary', 'binary'],
  ['blob', 'binary', 'binary'],
  ['blob', 'string', 'string'],
  ['date', 'string', 'date text'],
  ['date', 'date', 'date'],
  ['datetime(6)', 'timestamptz', 'timestamp'],
  ['datetime', 'timestamp', 'timestamp'],
  ['timestamp', 'string', 'timestamp text'],
  ['timestamp', 'timestamptz', 'timestamp'],
  ['time', 'string', 'string'],
];

const POSTGRES: [string, PrimitiveType, string][] = [
  ['bigint', 'long', 'long'],
  ['integer', 'int', 'int'],
  ['boolean', 'boolean', 'boolean'],
  // As decimal(10,0) it would be rounded.
  ['numeric', 'string', 'string'],
  ['numeric(12,2)', 'string', 'decimal(12,2) text'],
  ['money', 'string', 'string'],
  ['character varying', 'string', 'string'],
  ['bytea', 'binary', 'binary'],
  ['bit', 'string', 'string'],
  ['bit varying', 'string', 'string'],
  ['uuid', 'string', 'string'],
  ['jsonb', 'string', 'string'],
  ['ARRAY', 'string', 'string'],
  ['USER-DEFINED', 'string', 'string'],
  ['date', 'string', 'date text'],
  ['timestamp without time zone', 'string', 'timestamp text'],
  ['timestamp with time zone', 'string', 'timestamptz text'],
  ['time with time zone', 'string', 'string'],
];

const shown = ({ type, stored }: { type: string; stored?: string }) => (stored ? `${type} ${stored}` : type);

test.each([...MYSQL, ...POSTGRES])('rds-types: %s in files as %s is %s', (originalType, stored, wanted) => {
  expect(shown(exportedColumn({ name: 'c', originalType }, stored))).toBe(wanted);
});

test('rds-types.precision: where the type alone does not say its bits', () => {
  const bit = (precision: number) => exportedColumn({ name: 'c', originalType: 'bit', precision }, 'binary');
  expect([0, 1, 2, 64].map(n => shown(bit(n)))).toEqual([
    'boolean bits',
    'boolean bits',
    'long bits',
    'decimal(20,0) bits',
  ]);
});

test.each([
  ['int', 'int32', 'int'],
  ['int unsigned', 'int64', 'long'],
  ['bigint unsigned', 'fixed_len_byte_array(9) (DECIMAL(20,0))', 'decimal(20,0)'],
  ['decimal', 'int64 (DECIMAL(12, 3))', 'decimal(12,3)'],
  ['datetime', 'int64 (TIMESTAMP_MICROS)', 'timestamp'],
  ['date', 'binary (UTF8)', 'date text'],
  ['numeric', 'binary (UTF8)', 'string'],
  ['bit(8)', 'binary', 'long bits'],
  ['bit(8)', '', 'long bits'],
  ['double', 'double', 'double'],
  ['float', 'double', 'double'],
  ['blob', 'binary', 'binary'],
  ['blob', 'string', 'string'],
  ['varchar(3)', '', 'string'],
  ['geography', '', 'string'],
])(
  'rds-types.described: without files, %s that is exported as "%s" is %s',
  (originalType, exportedType, wanted) => {
    expect(shown(exportedColumn({ name: 'c', originalType, exportedType }, undefined))).toBe(wanted);
  },
);
