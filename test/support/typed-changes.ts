import fc from 'fast-check';
import type { Scalar } from '../../lib/columnar/types';

/** A column as MySQL declares it, values that it may have, and how each is written. */
interface TypedColumn {
  readonly mysql: string;
  readonly values: fc.Arbitrary<Value>;
  /** As the lake holds it. */
  readonly lake: (value: Value) => Scalar;
  /** As DMS writes it into JSON; a text of JSON. */
  readonly dms: (value: Value) => string;
  /** As Debezium writes it unless told otherwise, and its Connect schema. */
  readonly debezium: (value: Value) => string;
  readonly connect: { readonly type: string; readonly name?: string; readonly parameters?: object };
}

export type Value = bigint | number | string | boolean | Uint8Array;
export type TypedRow = Readonly<Record<string, Value | null>>;

const text = JSON.stringify;
const digits = (value: Value) => String(value);
const INSTANT = { min: Date.UTC(1000, 0, 1), max: Date.UTC(9999, 11, 31, 23, 59, 59) };

function integer(mysql: string, [min, max]: readonly [bigint, bigint], wide: boolean): TypedColumn {
  return {
    mysql,
    values: fc.bigInt(min, max),
    lake: value => (wide ? (value as bigint) : Number(value)),
    dms: digits,
    debezium: digits,
    connect: { type: wide ? 'int64' : 'int32' },
  };
}

/** @param scale digits behind the point; the value is the unscaled integer */
function decimal(mysql: string, scale: number, [min, max]: readonly [bigint, bigint]): TypedColumn {
  const point = (n: bigint) => {
    const all = String(n < 0n ? -n : n).padStart(scale + 1, '0');
    const fraction = scale === 0 ? '' : `.${all.slice(-scale)}`;
    return `${n < 0n ? '-' : ''}${all.slice(0, all.length - scale)}${fraction}`;
  };
  return {
    mysql,
    // Bytes whose base64 is all digits may be a number as well: without a schema they are refused.
    values: fc.bigInt(min, max).filter(n => !/^\d+$/.test(bytesOf(n).toString('base64'))),
    lake: value => value as bigint,
    dms: value => point(value as bigint),
    debezium: value => text(bytesOf(value as bigint).toString('base64')),
    connect: {
      type: 'bytes',
      name: 'org.apache.kafka.connect.data.Decimal',
      parameters: { scale: String(scale) },
    },
  };
}

/** Two's complement, as few bytes as hold it: Java's BigInteger.toByteArray. */
export function bytesOf(n: bigint): Buffer {
  let width = 1;
  while (BigInt.asIntN(8 * width, n) !== n) width++;
  return Buffer.from(
    BigInt.asUintN(8 * width, n)
      .toString(16)
      .padStart(2 * width, '0'),
    'hex',
  );
}

/** @param unit microseconds that the source keeps */
function datetime(mysql: string, unit: 1_000_000n | 1000n | 1n, zoned: boolean): TypedColumn {
  const iso = (us: bigint) =>
    `${new Date(Number((us - mod(us, 1000n)) / 1000n)).toISOString().slice(0, -1)}${String(mod(us, 1000n)).padStart(3, '0')}`;
  const millis = unit > 1n;
  return {
    mysql,
    values: fc
      .tuple(fc.integer(INSTANT), fc.bigInt(0n, 999n))
      .map(([ms, us]) => BigInt(ms) * 1000n + us)
      .map(us => us - mod(us, unit)),
    lake: value => value as bigint,
    dms: value => text(`${iso(value as bigint)}Z`),
    debezium: value =>
      zoned
        ? text(`${iso(value as bigint)}Z`)
        : String(millis ? (value as bigint) / 1000n : (value as bigint)),
    connect: zoned
      ? { type: 'string', name: 'io.debezium.time.ZonedTimestamp' }
      : { type: 'int64', name: `io.debezium.time.${millis ? 'Timestamp' : 'MicroTimestamp'}` },
  };
}

const mod = (n: bigint, by: bigint) => ((n % by) + by) % by;

/** A TIME as MySQL prints it; the value is in microseconds. */
function time(us: bigint): string {
  const all = us < 0n ? -us : us;
  const two = (n: bigint) => String(n).padStart(2, '0');
  const seconds = all / 1_000_000n;
  const rest = all % 1_000_000n;
  const fraction = rest === 0n ? '' : `.${String(rest).padStart(6, '0')}`;
  return `${us < 0n ? '-' : ''}${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}${fraction}`;
}

const words = (mysql: string, values: fc.Arbitrary<string>, name?: string): TypedColumn => ({
  mysql,
  values,
  lake: value => value as string,
  dms: text,
  debezium: text,
  connect: { type: 'string', ...(name ? { name } : {}) },
});

/** Bytes that are no text of hex digits: which of the two a string is, nobody could say without a schema. */
const bytes = (mysql: string, minLength: number): TypedColumn => ({
  mysql,
  values: fc
    .uint8Array({ minLength, maxLength: 12 })
    .filter(b => b.length === 0 || !/^[0-9a-f]*$/i.test(Buffer.from(b).toString('base64'))),
  lake: value => value as Uint8Array,
  dms: value => text(`0x${Buffer.from(value as Uint8Array).toString('hex')}`),
  debezium: value => text(Buffer.from(value as Uint8Array).toString('base64')),
  connect: { type: 'bytes' },
});

const floats = (mysql: string, single: boolean): TypedColumn => ({
  mysql,
  values: single
    ? fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 })
    : fc.double({ noNaN: true, noDefaultInfinity: true }),
  lake: value => (Object.is(value, -0) ? 0 : (value as number)),
  dms: text,
  debezium: text,
  connect: { type: single ? 'float' : 'double' },
});

/** One column of each type that MySQL has and the lake reads. */
export const TYPED: Readonly<Record<string, TypedColumn>> = {
  id: integer('bigint', [-(1n << 63n), (1n << 63n) - 1n], true),
  tiny: integer('tinyint', [-128n, 127n], false),
  small: integer('smallint unsigned', [0n, 65535n], false),
  medium: integer('mediumint', [-8388608n, 8388607n], false),
  whole: integer('int', [-(1n << 31n), (1n << 31n) - 1n], false),
  unsigned: integer('int unsigned', [0n, (1n << 32n) - 1n], true),
  huge: decimal('bigint unsigned', 0, [0n, (1n << 64n) - 1n]),
  price: decimal('decimal(30,4)', 4, [-(10n ** 29n), 10n ** 29n]),
  count: decimal('decimal(10,0)', 0, [-(10n ** 9n), 10n ** 9n]),
  single: floats('float', true),
  ratio: floats('double', false),
  day: {
    mysql: 'date',
    values: fc.integer({ min: -354_285, max: 2_932_896 }),
    lake: value => value as number,
    dms: value => text(new Date((value as number) * 86_400_000).toISOString().slice(0, 10)),
    debezium: digits,
    connect: { type: 'int32', name: 'io.debezium.time.Date' },
  },
  at: datetime('datetime', 1_000_000n, false),
  at3: datetime('datetime(3)', 1000n, false),
  at6: datetime('datetime(6)', 1n, false),
  stamp: datetime('timestamp(6)', 1n, true),
  span: {
    mysql: 'time(6)',
    values: fc.bigInt(-3_020_399_000_000n, 3_020_399_000_000n),
    lake: value => time(value as bigint),
    dms: value => text(time(value as bigint)),
    debezium: digits,
    connect: { type: 'int64', name: 'io.debezium.time.MicroTime' },
  },
  year: {
    ...integer('year', [1901n, 2155n], false),
    connect: { type: 'int32', name: 'io.debezium.time.Year' },
  },
  name: words('varchar(40)', fc.string({ unit: 'grapheme', maxLength: 12 })),
  size: words("enum('s','m','l')", fc.constantFrom('s', 'm', 'l'), 'io.debezium.data.Enum'),
  more: words('json', fc.json({ maxDepth: 1 }), 'io.debezium.data.Json'),
  code: bytes('varbinary(12)', 0),
  blob: bytes('blob', 1),
  live: {
    mysql: 'bit(1)',
    values: fc.boolean(),
    lake: value => value as boolean,
    dms: text,
    debezium: text,
    connect: { type: 'boolean' },
  },
  flags: {
    ...bytes('bit(20)', 3),
    values: fc.uint8Array({ minLength: 3, maxLength: 3 }),
    debezium: value =>
      text(
        Buffer.from(value as Uint8Array)
          .reverse()
          .toString('base64'),
      ),
    connect: { type: 'bytes', name: 'io.debezium.data.Bits', parameters: { length: '20' } },
  },
};

/** Columns that come and grow while a history runs: `extra` is added, `grows` is an INT at first. */
export const ALTERED = {
  extra: words('varchar(40)', fc.string({ unit: 'grapheme', maxLength: 12 })),
  grows: integer('bigint', [-(1n << 63n), (1n << 63n) - 1n], true),
} as const satisfies Readonly<Record<string, TypedColumn>>;

export const columnOf = (name: string): TypedColumn => TYPED[name] ?? ALTERED[name as keyof typeof ALTERED];

export const TYPED_COLUMNS = Object.fromEntries(Object.entries(TYPED).map(([name, c]) => [name, c.mysql]));

/** What befalls a table, in order; a copy of it first. `was` is the row before. */
export type TypedChange =
  | { readonly op: 'load' | 'insert'; readonly row: TypedRow }
  | { readonly op: 'update'; readonly row: TypedRow; readonly was: TypedRow }
  | { readonly op: 'delete'; readonly was: TypedRow }
  | { readonly op: 'truncate' };

const typedRow: fc.Arbitrary<TypedRow> = fc.record(
  Object.fromEntries(
    Object.entries(TYPED).map(([name, { values }]) => [
      name,
      name === 'id' ? fc.bigInt(0n, 8n) : fc.option(values, { freq: 6 }),
    ]),
  ),
);

const step = fc.record({
  op: fc.constantFrom('insert', 'update', 'update', 'move', 'delete', 'truncate'),
  row: typedRow,
  pick: fc.nat(),
});

/** A history of one table in which every change fits what was there, and the rows at its end. */
export const typedHistory = fc
  .record({ loaded: fc.array(typedRow, { maxLength: 4 }), steps: fc.array(step, { maxLength: 14 }) })
  .map(({ loaded, steps }) => {
    const rows = new Map<Value | null, TypedRow>();
    const changes: TypedChange[] = [];
    for (const row of loaded) {
      if (rows.has(row.id!)) continue;
      rows.set(row.id!, row);
      changes.push({ op: 'load', row });
    }
    for (const { op, row, pick } of steps) {
      const was = [...rows.values()][pick % Math.max(1, rows.size)];
      if (op === 'truncate' && pick % 5 === 0) {
        rows.clear();
        changes.push({ op });
      } else if (op === 'insert' && !rows.has(row.id!)) {
        rows.set(row.id!, row);
        changes.push({ op, row });
      } else if (was && op === 'delete') {
        rows.delete(was.id!);
        changes.push({ op, was });
      } else if (was && (op === 'update' || (op === 'move' && !rows.has(row.id!)))) {
        const now = op === 'move' ? row : { ...row, id: was.id! };
        rows.delete(was.id!);
        rows.set(now.id!, now);
        changes.push({ op: 'update', row: now, was });
      }
    }
    return { changes, rows: [...rows.values()].map(lakeRow) };
  });

/** The row as the lake holds it. */
export function lakeRow(row: TypedRow): Record<string, Scalar> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value === null ? null : columnOf(name).lake(value)]),
  );
}

type Writer = 'dms' | 'debezium';

function object(row: TypedRow, writer: Writer): string {
  const members = Object.entries(row).flatMap(([name, value]) => {
    if (value !== null) return [`${text(name)}:${columnOf(name)[writer](value)}`];
    // DMS leaves out what is NULL.
    return writer === 'dms' ? [] : [`${text(name)}:null`];
  });
  return `{${members.join()}}`;
}

/** A row as DMS tells of it. `was` is that before an update. */
interface DmsChange {
  readonly operation: 'load' | 'insert' | 'update' | 'delete';
  readonly row: TypedRow;
  readonly was?: TypedRow;
  /** AR_H_CHANGE_SEQ. */
  readonly sequence: string;
}

/** What AWS DMS tells of a history; of a TRUNCATE, for which it has nothing, deletes of all rows. */
function dmsChanges(changes: readonly TypedChange[]): DmsChange[] {
  const told: DmsChange[] = [];
  const live = new Map<Value | null, TypedRow>();
  const put = (operation: DmsChange['operation'], row: TypedRow, was?: TypedRow) => {
    const sequence = `20240729005907${String(Math.min(told.length, 99)).padStart(2, '0')}${String(told.length).padStart(19, '0')}`;
    told.push({ operation, row, sequence, ...(was ? { was } : {}) });
  };
  for (const change of changes) {
    if (change.op === 'truncate') {
      for (const row of live.values()) put('delete', row);
      live.clear();
    } else if (change.op === 'delete') {
      put('delete', change.was);
      live.delete(change.was.id!);
    } else {
      put(change.op, change.row, change.op === 'update' ? change.was : undefined);
      if (change.op === 'update') live.delete(change.was.id!);
      live.set(change.row.id!, change.row);
    }
  }
  return told;
}

/** The records that AWS DMS puts into a stream. */
export function dmsRecords(changes: readonly TypedChange[], table: string): string[] {
  return dmsChanges(changes).map(({ operation, row, was, sequence }) => {
    const placed = operation === 'load' ? '' : `,"AR_H_CHANGE_SEQ":"${sequence}"`;
    const before = was ? `"before-image":{"id":${was.id}},` : '';
    return `{${before}"data":${object(row, 'dms').slice(0, -1)}${placed}},"metadata":{"timestamp":"2024-07-29T00:59:07.686557Z","record-type":"data","operation":"${operation}","partition-key-type":"schema-table","schema-name":"shop","table-name":"${table}"${operation === 'load' ? '' : ',"commit-timestamp":"2024-07-29T00:59:07.678294Z","transaction-id":1141,"transaction-record-id":1'}}}`;
  });
}

/** A file that AWS DMS writes to S3, below the folders of its table. */
export interface DmsFile {
  readonly name: string;
  readonly text: string;
  /** Its columns. */
  readonly columns: readonly string[];
}

/**
 * CSV with AddColumnName, a change sequence and before-images of the key: the copy as one LOAD file, then the changes,
 * `rows` a file. A file has the columns that the table had when the first of its rows was changed, so that a new column
 * begins a file.
 */
export function dmsFiles(changes: readonly TypedChange[], rows: number): DmsFile[] {
  const told = dmsChanges(changes);
  const files: DmsFile[] = [];
  const loads = told.filter(({ operation }) => operation === 'load');
  if (loads[0]) {
    const names = Object.keys(loads[0].row);
    const lines = loads.map(({ row }) => cellsOf(names, row).join());
    files.push({ name: 'LOAD00000001.csv', text: csvText(names, lines), columns: names });
  }
  const others = told.filter(({ operation }) => operation !== 'load');
  for (let at = 0; at < others.length; ) {
    const names = Object.keys(others[at]!.row);
    const end = others.findIndex(
      ({ row }, i) => i > at && (i === at + rows || Object.keys(row).length !== names.length),
    );
    const some = others.slice(at, end < 0 ? others.length : end);
    const lines = some.map(({ operation, row, was, sequence }) =>
      [OPS[operation], ...cellsOf(names, row), sequence, was ? String(was.id) : ''].join(),
    );
    const text = csvText(['Op', ...names, 'AR_H_CHANGE_SEQ', 'BI_id'], lines);
    files.push({ name: `20240729-0059${String(10_000 + at)}.csv`, text, columns: names });
    at += some.length;
  }
  return files;
}

const OPS = { load: 'I', insert: 'I', update: 'U', delete: 'D' };
const csvText = (names: readonly string[], lines: readonly string[]) =>
  `${[names.join(), ...lines].join('\n')}\n`;

/** A text in quotes, anything else bare; nothing at all is NULL. */
function cellsOf(names: readonly string[], row: TypedRow): string[] {
  return names.map(name => {
    const value = row[name] ?? null;
    if (value === null) return '';
    const json = columnOf(name).dms(value);
    return json.startsWith('"') ? `"${String(JSON.parse(json)).replaceAll('"', '""')}"` : json;
  });
}

/** The records of Debezium; a key change is a delete and a create, and after each delete comes a tombstone. */
export function debeziumRecords(changes: readonly TypedChange[], table: string, schemas: boolean): string[] {
  const records: string[] = [];
  let at = 0;
  const wrapped = (payload: string) =>
    schemas
      ? `{"schema":${payload === 'null' ? 'null' : connectSchema(table)},"payload":${payload}}`
      : payload;
  const put = (op: string, before: TypedRow | undefined, after: TypedRow | undefined) => {
    const image = (row: TypedRow | undefined) => (row ? object(row, 'debezium') : 'null');
    const file = `mysql-bin.${String(7 + Math.floor(at / 5)).padStart(6, '0')}`;
    const source = `{"version":"2.7.0.Final","connector":"mysql","name":"shop","ts_ms":1722214747678,"snapshot":"${op === 'r'}","db":"shop","sequence":null,"table":"${table}","server_id":1,"gtid":null,"file":"${file}","pos":${4 + (at % 5) * 2_000_000_000},"row":${at % 3},"thread":5,"query":null}`;
    records.push(
      wrapped(
        `{"before":${image(before)},"after":${image(after)},"source":${source},"op":"${op}","ts_ms":1722214747686,"transaction":null}`,
      ),
    );
    if (op === 'd') records.push(schemas && at % 2 === 0 ? wrapped('null') : at % 3 === 0 ? '' : 'null');
  };
  for (const change of changes) {
    if (change.op === 'truncate') put('t', undefined, undefined);
    else if (change.op === 'delete') put('d', change.was, undefined);
    else if (change.op !== 'update') put(change.op === 'load' ? 'r' : 'c', undefined, change.row);
    else if (change.was.id === change.row.id) put('u', change.was, change.row);
    else {
      put('d', change.was, undefined);
      put('c', undefined, change.row);
    }
    at++;
  }
  return records;
}

function connectSchema(table: string): string {
  const fields = Object.entries(TYPED).map(([field, { connect }]) => ({
    ...connect,
    optional: field !== 'id',
    ...(connect.name ? { version: 1 } : {}),
    field,
  }));
  const row = (field: string) => ({
    type: 'struct',
    fields,
    optional: true,
    name: `shop.${table}.Value`,
    field,
  });
  const source = {
    type: 'struct',
    fields: [],
    optional: false,
    name: 'io.debezium.connector.mysql.Source',
    field: 'source',
  };
  const op = { type: 'string', optional: false, field: 'op' };
  return text({
    type: 'struct',
    fields: [row('before'), row('after'), source, op],
    optional: false,
    name: `shop.${table}.Envelope`,
  });
}

/** ServiceEvents in JSON. */
export function serviceEventRecords(changes: readonly TypedChange[], source: string): string[] {
  return eventsOf(changes).map(({ type, row }, i) => {
    const data = `{${Object.entries(row)
      .map(([name, value]) => `${text(name)}:${value === null ? 'null' : columnOf(name).dms(value)}`)
      .join()}}`;
    return `{"source":"${source}","type":"${type}","data":${data},"aws_request_id":"r-${i}","version":"1","event_date":"2024-07-29T00:59:07.678294+00:00","uuid":"0e37df36-f698-11e6-8dd4-cb9ced3df976","user_id":7}`;
  });
}

/** What a service says of a history: of a TRUNCATE deletes of all rows, of a key change a delete and a create. */
export function eventsOf(changes: readonly TypedChange[]): { type: string; row: TypedRow }[] {
  const events: { type: string; row: TypedRow }[] = [];
  const live = new Map<Value | null, TypedRow>();
  const put = (type: string, row: TypedRow) => {
    events.push({ type, row });
    if (type === 'delete') live.delete(row.id!);
    else live.set(row.id!, row);
  };
  for (const change of changes) {
    if (change.op === 'truncate') for (const row of [...live.values()]) put('delete', row);
    else if (change.op === 'delete') put('delete', change.was);
    else if (change.op === 'update' && change.was.id === change.row.id) put('update', change.row);
    else {
      if (change.op === 'update') put('delete', change.was);
      put('create', change.row);
    }
  }
  return events;
}
