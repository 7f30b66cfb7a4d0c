import { decimalOf, type PrimitiveType } from './types';

/** One lake type and what it is called everywhere. `P` and `S` stand for a decimal's precision and scale. */
export interface TypeRow {
  /** The lake's (Iceberg's) name. */
  readonly iceberg: PrimitiveType | 'decimal(P,S)';
  /** MySQL column types that become it. */
  readonly mysql: readonly string[];
  /** Names of other systems a user may write for it. */
  readonly also: readonly string[];
  readonly arrow: string;
  readonly parquet: string;
  /** In Athena's DDL and in Glue's columns. */
  readonly athena: string;
  readonly duckdb: string;
}

/**
 * MySQL -> Arrow -> Parquet -> Iceberg -> Athena -> DuckDB, a row a lake type. Nothing in it loses a value:
 * unsigned types go to the next wider one, REAL (a double in MySQL) to double, TIME (which runs past 24 hours)
 * and ENUM to string. TINYINT(1) is an int, since MySQL lets it hold 2 to 127: declare it boolean where it is one.
 * MySQL's TIMESTAMP is a `timestamp` in UTC (Athena can make no report or view over timestamptz).
 */
export const TYPE_MAP: readonly TypeRow[] = [
  {
    iceberg: 'boolean',
    mysql: ['bit(1)', 'boolean', 'bool'],
    also: [],
    arrow: 'Bool',
    parquet: 'BOOLEAN',
    athena: 'boolean',
    duckdb: 'BOOLEAN',
  },
  {
    iceberg: 'int',
    mysql: [
      'tinyint',
      'smallint',
      'mediumint',
      'int',
      'integer',
      'tinyint unsigned',
      'smallint unsigned',
      'mediumint unsigned',
      'year',
    ],
    also: ['int1', 'int2', 'int4', 'utinyint', 'usmallint'],
    arrow: 'Int32',
    parquet: 'INT32',
    athena: 'int',
    duckdb: 'INTEGER',
  },
  {
    iceberg: 'long',
    mysql: ['bigint', 'int unsigned', 'integer unsigned'],
    also: ['long', 'int8', 'uinteger'],
    arrow: 'Int64',
    parquet: 'INT64',
    athena: 'bigint',
    duckdb: 'BIGINT',
  },
  {
    iceberg: 'decimal(20,0)',
    mysql: ['bigint unsigned'],
    also: ['ubigint'],
    arrow: 'Decimal128(20,0)',
    parquet: 'FIXED_LEN_BYTE_ARRAY(9) DECIMAL(20,0)',
    athena: 'decimal(20,0)',
    duckdb: 'DECIMAL(20,0)',
  },
  {
    iceberg: 'float',
    mysql: ['float', 'float unsigned'],
    also: ['float4'],
    arrow: 'Float32',
    parquet: 'FLOAT',
    athena: 'float',
    duckdb: 'FLOAT',
  },
  {
    iceberg: 'double',
    mysql: ['double', 'double precision', 'real', 'double unsigned', 'real unsigned'],
    also: ['float8'],
    arrow: 'Float64',
    parquet: 'DOUBLE',
    athena: 'double',
    duckdb: 'DOUBLE',
  },
  {
    iceberg: 'decimal(P,S)',
    mysql: ['decimal', 'numeric', 'dec', 'fixed', 'decimal unsigned', 'numeric unsigned'],
    also: [],
    arrow: 'Decimal128(P,S)',
    parquet: 'INT32 | INT64 | FIXED_LEN_BYTE_ARRAY DECIMAL(P,S)',
    athena: 'decimal(P,S)',
    duckdb: 'DECIMAL(P,S)',
  },
  {
    iceberg: 'date',
    mysql: ['date'],
    also: [],
    arrow: 'Date32',
    parquet: 'INT32 DATE',
    athena: 'date',
    duckdb: 'DATE',
  },
  {
    iceberg: 'timestamp',
    mysql: ['datetime', 'timestamp'],
    also: ['timestamp without time zone'],
    arrow: 'Timestamp(us)',
    parquet: 'INT64 TIMESTAMP(MICROS, local)',
    athena: 'timestamp',
    duckdb: 'TIMESTAMP',
  },
  {
    iceberg: 'timestamptz',
    mysql: [],
    also: ['timestamptz', 'timestamp with time zone'],
    arrow: 'Timestamp(us, UTC)',
    parquet: 'INT64 TIMESTAMP(MICROS, UTC)',
    athena: 'timestamp',
    duckdb: 'TIMESTAMP WITH TIME ZONE',
  },
  {
    iceberg: 'string',
    mysql: [
      'char',
      'varchar',
      'nchar',
      'nvarchar',
      'tinytext',
      'text',
      'mediumtext',
      'longtext',
      'json',
      'enum',
      'set',
      'time',
    ],
    also: ['string', 'uuid', 'jsonb', 'character varying', 'character', 'bpchar', 'interval'],
    arrow: 'Utf8',
    parquet: 'BYTE_ARRAY STRING',
    athena: 'string',
    duckdb: 'VARCHAR',
  },
  {
    iceberg: 'binary',
    mysql: ['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob', 'bit', 'geometry'],
    also: ['bytea', 'bytes'],
    arrow: 'Binary',
    parquet: 'BYTE_ARRAY',
    athena: 'binary',
    duckdb: 'BLOB',
  },
];

const BY_NAME = new Map(
  TYPE_MAP.flatMap(row => [...row.mysql, ...row.also].map(name => [name, row] as const)),
);
const BY_TYPE = new Map(TYPE_MAP.map(row => [row.iceberg as string, row]));

/** The largest precision a decimal of Iceberg, Athena or DuckDB can have. */
export const DECIMAL_PRECISION_MAX = 38;

/**
 * The lake type of a type name as MySQL, Athena, Postgres, DuckDB or Iceberg writes it, in any case:
 * `bigint`, `INT(10) UNSIGNED`, `varchar(20)`, `enum('a','b')`, `decimal(10, 2)`. Undefined: no lake type
 * holds it exactly (an unknown name, a decimal of more than 38 digits).
 */
export function icebergTypeOf(userType: string): PrimitiveType | undefined {
  const text = userType.trim().toLowerCase().replace(/\s+/g, ' ');
  const match = /^([a-z][a-z0-9_ ]*?) ?(?:\((.*)\))?((?: [a-z ]+)?)$/s.exec(text);
  if (!match) return undefined;
  const [, base = '', argument = '', rest = ''] = match;
  const args = argument === '' ? [] : argument.split(',').map(Number);
  // ZEROFILL makes a MySQL column unsigned, SIGNED is the default.
  const name = `${base}${rest}`.replace(/ signed\b/, '').replace(/ (unsigned )?zerofill$/, ' unsigned');
  if (name === 'bit') return args.length === 0 || args[0] === 1 ? 'boolean' : 'binary';
  if (/^float( unsigned)?$/.test(name) && args.length === 1 && args[0]! > 24) return 'double';
  const row = BY_NAME.get(name);
  if (!row) return undefined;
  return row.iceberg === 'decimal(P,S)' ? decimalType(args) : row.iceberg;
}

/** decimal alone is decimal(10,0), as in MySQL and Athena. */
function decimalType([precision = 10, scale = 0]: readonly number[]): PrimitiveType | undefined {
  const right = Number.isInteger(precision) && Number.isInteger(scale) && precision >= 1 && scale >= 0;
  if (!right || precision > DECIMAL_PRECISION_MAX || scale > precision) return undefined;
  return `decimal(${precision},${scale})`;
}

function rowOf(type: PrimitiveType): TypeRow {
  return BY_TYPE.get(type) ?? BY_TYPE.get('decimal(P,S)')!;
}

function filled(name: string, type: PrimitiveType): string {
  const decimal = decimalOf(type);
  return decimal ? name.replace('P,S', `${decimal.precision},${decimal.scale}`) : name;
}

/** The type's name in DuckDB's SQL. */
export function duckdbType(type: PrimitiveType): string {
  return filled(rowOf(type).duckdb, type);
}

/** The type's name in Athena's DDL and in Glue. */
export function athenaType(type: PrimitiveType): string {
  return filled(rowOf(type).athena, type);
}
