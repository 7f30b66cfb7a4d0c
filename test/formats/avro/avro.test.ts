import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { AvroFault } from '../../../lib/formats/avro/errors';
import { crc64Avro } from '../../../lib/formats/avro/fingerprint';
import { AvroRecords } from '../../../lib/formats/avro/records';
import { avroSchema } from '../../../lib/formats/avro/schema';
import { avroBytes, headed, singleObject } from '../../support/avro';
import { anySchema } from './any-schema';

interface Golden {
  fingerprints: { schema: unknown; canonical: string; little_endian: string }[];
  values: { writer: unknown; hex: string; json?: unknown; text?: string }[];
  resolutions: { writer: unknown; reader: unknown; hex: string; json?: unknown; refused?: true }[];
}
/** Written and resolved by fastavro 1.12; the fingerprints are those of Apache Avro's own Python too. */
const golden = JSON.parse(readFileSync(join(__dirname, 'golden.json'), 'utf8')) as Golden;

const record = (...fields: object[]) => ({ type: 'record', name: 'R', fields });
const field = (name: string, type: unknown, more: object = {}) => ({ name, type, ...more });

/** The record's JSON text, or its fault's code, column and reason. */
function read(writer: unknown, body: Uint8Array, reader?: unknown): string {
  const schema = avroSchema(writer, 'writer');
  const rows = reader === undefined ? undefined : { schema: avroSchema(reader, 'reader'), rows: [] };
  const said = new AvroRecords().read(headed(writer, body), schema, rows);
  return 'code' in said ? `${said.code} ${said.column ?? '-'} ${said.reason}` : said.toString();
}

const hex = (text: string) => Buffer.from(text, 'hex');

describe('avro.fingerprint', () => {
  test('is that of other libraries, of the Parsing Canonical Form', () => {
    for (const { schema, canonical, little_endian } of golden.fingerprints) {
      const { fingerprint, type } = avroSchema(schema, 'writer');
      expect(JSON.stringify(type.schema())).toBe(canonical);
      expect(fingerprint).toBe(little_endian);
    }
  });
  test("is the specification's of null", () => {
    expect(crc64Avro(Buffer.from('"null"'))).toBe('8a8f25cce724dd63');
  });
  test('leaves out what meaning keeps', () => {
    const [plain, millis] = ['', 'timestamp-millis'].map(logicalType =>
      avroSchema(
        record(field('at', { type: 'long', ...(logicalType ? { logicalType } : {}) }, { doc: 'x' })),
        'writer',
      ),
    );
    expect(plain!.fingerprint).toBe(millis!.fingerprint);
    expect(plain!.meaning).not.toBe(millis!.meaning);
  });
});

describe('avro.values', () => {
  test('are those that other libraries wrote', () => {
    for (const { writer, hex: bytes, json, text } of golden.values) {
      const said = read(writer, hex(bytes));
      if (text === undefined) expect(JSON.parse(said)).toEqual(json);
      else expect(said).toBe(text);
    }
  });

  test('any value of any schema comes out as the text it has', () => {
    fc.assert(
      fc.property(anySchema, ({ schema, value, text }) => {
        expect(read(schema, avroBytes(schema, value))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test('read by their own schema come out the same', () => {
    fc.assert(
      fc.property(anySchema, ({ schema, value, text, plain }) => {
        if (plain) expect(read(schema, avroBytes(schema, value), schema)).toBe(text);
      }),
    );
  });

  test('logical: what the columns of the lake are read from', () => {
    const cases: [object, unknown, string][] = [
      [{ type: 'int', logicalType: 'date' }, 20664, '"2026-07-30"'],
      [{ type: 'int', logicalType: 'date' }, -719162, '"0001-01-01"'],
      [{ type: 'int', logicalType: 'time-millis' }, 3_723_004, '"01:02:03.004000"'],
      [{ type: 'long', logicalType: 'time-micros' }, 86_399_999_999n, '"23:59:59.999999"'],
      [{ type: 'long', logicalType: 'timestamp-millis' }, -1n, '"1969-12-31T23:59:59.999Z"'],
      [
        { type: 'long', logicalType: 'timestamp-micros' },
        1_722_214_747_678_294n,
        '"2024-07-29T00:59:07.678294Z"',
      ],
      [{ type: 'long', logicalType: 'timestamp-nanos' }, 1_000n, '"1970-01-01T00:00:00.000001Z"'],
      [{ type: 'long', logicalType: 'local-timestamp-millis' }, 0n, '"1970-01-01T00:00:00.000"'],
      [
        { type: 'long', logicalType: 'local-timestamp-micros' },
        253_402_300_799_999_999n,
        '"9999-12-31T23:59:59.999999"',
      ],
      [
        { type: 'long', 'connect.name': 'io.debezium.time.MicroTimestamp' },
        1n,
        '"1970-01-01T00:00:00.000001"',
      ],
      [{ type: 'bytes', logicalType: 'decimal', precision: 6, scale: 2 }, hex('ff'), '-0.01'],
      [
        { type: 'bytes', logicalType: 'decimal', precision: 38, scale: 0 },
        hex('4b3b4ca85a86c47a098a223fffffffff'),
        '99999999999999999999999999999999999999',
      ],
      [
        { type: 'fixed', name: 'D', size: 4, logicalType: 'decimal', precision: 6, scale: 3 },
        hex('0001e240'),
        '123.456',
      ],
      [{ type: 'string', logicalType: 'uuid' }, 'abc', '"abc"'],
      [
        { type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' },
        hex('0e37df36f69811e68dd4cb9ced3df976'),
        '"0e37df36-f698-11e6-8dd4-cb9ced3df976"',
      ],
      // Said of a type that it does not fit: ignored, as the specification has it.
      [{ type: 'string', logicalType: 'date' }, 'x', '"x"'],
      [{ type: 'bytes', logicalType: 'decimal', precision: 2, scale: 3 }, hex('01'), '"0x01"'],
      [{ type: 'int', logicalType: 'furlong' }, 5, '5'],
    ];
    for (const [type, value, text] of cases) {
      const schema = record(field('v', type));
      expect(read(schema, avroBytes(schema, { v: value }))).toBe(`{"v":${text}}`);
    }
  });

  test('logical: what is no such value is a fault of its field', () => {
    const of = (type: object, value: unknown) => {
      const schema = record(field('v', type));
      return read(schema, avroBytes(schema, { v: value })).slice(0, 9);
    };
    expect(of({ type: 'int', logicalType: 'date' }, 2_932_897)).toBe('TM_2193 v');
    expect(of({ type: 'long', logicalType: 'timestamp-micros' }, 1n << 62n)).toBe('TM_2193 v');
    expect(of({ type: 'long', logicalType: 'timestamp-nanos' }, 1n)).toBe('TM_2193 v');
    expect(of({ type: 'bytes', logicalType: 'decimal', precision: 2 }, hex(''))).toBe('TM_2193 v');
    expect(of({ type: 'fixed', name: 'F', size: 12, logicalType: 'duration' }, Buffer.alloc(12))).toBe(
      'TM_2194 v',
    );
  });
});

describe('avro.resolution', () => {
  test('is that of another library, rule by rule', () => {
    for (const { writer, reader, hex: bytes, json, refused } of golden.resolutions) {
      const said = read(writer, hex(bytes), reader);
      if (refused) expect(said).toMatch(/^TM_2194 \w/);
      else expect(JSON.parse(said)).toEqual(json);
    }
  });

  test('every promotion keeps every digit', () => {
    const schema = record(field('x', 'long'));
    const body = avroBytes(schema, { x: (1n << 53n) + 1n });
    expect(read(schema, body, record(field('x', 'double')))).toBe('{"x":9007199254740993}');
  });

  test('a default of bytes names them by code points, and of a union its first branch', () => {
    const reader = record(
      field('b', 'bytes', { default: '\u00ff\u0000' }),
      field('u', ['string', 'null'], { default: 'x' }),
      field('d', { type: 'int', logicalType: 'date' }, { default: 1 }),
    );
    expect(read(record(), Buffer.alloc(0), reader)).toBe('{"b":"0xff00","u":"x","d":"1970-01-02"}');
  });

  test("a field of the reader's own name comes before one that goes by an alias", () => {
    const writer = record(field('old', 'int'), field('new', 'int'));
    const body = avroBytes(writer, { old: 5, new: 6 });
    const reader = record(field('new', 'long', { aliases: ['old'] }));
    expect(read(writer, body, reader)).toBe('{"new":6}');
  });

  test('what does not resolve names the field, and stops only what comes to it', () => {
    const writer = record(field('n', ['null', 'string']));
    const reader = record(field('n', ['null', 'int']));
    expect(read(writer, avroBytes(writer, { n: null }), reader)).toBe('{"n":null}');
    expect(read(writer, avroBytes(writer, { n: { string: 'a' } }), reader)).toMatch(/^TM_2194 n .*string/);
    const lacking = record(field('deep', { ...record(field('y', 'int')), name: 'D' }));
    const without = record(field('deep', { ...record(), name: 'D' }));
    expect(read(without, Buffer.alloc(0), lacking)).toMatch(/^TM_2194 deep\.y /);
  });

  test('two units of time, or two scales, do not resolve: the same number is another value', () => {
    const at = (logicalType: string) => record(field('t', { type: 'long', logicalType }));
    const body = avroBytes(at('timestamp-millis'), { t: 1n });
    expect(read(at('timestamp-millis'), body, at('timestamp-micros'))).toMatch(/^TM_2194 t /);
    expect(read(at('timestamp-millis'), body, record(field('t', 'long')))).toBe('{"t":1}');
    const amount = (scale: number) =>
      record(field('t', { type: 'bytes', logicalType: 'decimal', precision: 9, scale }));
    expect(read(amount(2), avroBytes(amount(2), { t: hex('05') }), amount(3))).toMatch(/^TM_2194 t /);
  });

  test('a field that nobody reads is passed by, a duration too', () => {
    const writer = record(
      field('gone', {
        type: 'array',
        items: { type: 'fixed', name: 'F', size: 12, logicalType: 'duration' },
      }),
      field('x', 'int'),
    );
    const body = avroBytes(writer, { gone: [Buffer.alloc(12)], x: 3 });
    expect(read(writer, body, record(field('x', 'int')))).toBe('{"x":3}');
    expect(read(writer, body)).toMatch(/^TM_2194 gone /);
  });
});

describe('avro.hostile', () => {
  const list = record(field('a', { type: 'array', items: 'null' }));
  const text = record(field('s', 'string'));
  const varint = (n: bigint) => {
    const bytes: number[] = [];
    for (let z = n << 1n; ; z >>= 7n) {
      bytes.push(Number(z & 127n) | (z > 127n ? 128 : 0));
      if (z <= 127n) return Buffer.from(bytes);
    }
  };

  test('counts and lengths beyond the bytes stop at once', () => {
    const started = performance.now();
    for (const n of [1n << 31n, 1n << 40n, (1n << 62n) - 1n]) {
      expect(read(list, varint(n))).toMatch(/^TM_2193 a /);
      expect(read(text, varint(n))).toMatch(/^TM_2193 s /);
      expect(read(record(field('m', { type: 'map', values: 'int' })), varint(n))).toMatch(/^TM_2193 m /);
    }
    // A reader that passes the field by counts too.
    expect(read(list, varint(1n << 40n), record())).toMatch(/^TM_2193 a /);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  test('what is passed by counts too, however little text it leaves', () => {
    const nulls = { ...record(...Array.from({ length: 1000 }, (_, i) => field(`n${i}`, 'null'))), name: 'N' };
    const of = (...fields: object[]) =>
      record(field('a', { type: 'array', items: { type: 'record', name: 'I', fields } }));
    expect(read(of(field('gone', nulls)), varint(1n << 40n), of())).toMatch(/^TM_2193 a\.gone .*more values/);
  });

  test('a schema that grows without bytes, or nests in itself, ends', () => {
    const self = record(field('r', 'R'));
    expect(read(self, Buffer.alloc(0))).toMatch(/^TM_2193 r.*nest/);
    let wide: unknown = { type: 'record', name: 'L0', fields: [] };
    for (let i = 1; i < 12; i++)
      wide = {
        type: 'record',
        name: `L${i}`,
        fields: [field('a', wide), ...'bcdefghijk'.split('').map(f => field(f, `L${i - 1}`))],
      };
    expect(read(wide, Buffer.alloc(0))).toMatch(/^TM_2193/);
  });

  test('bytes that are no value of their schema are a fault that says where', () => {
    const cases: [unknown, string, RegExp][] = [
      [text, '04', /^TM_2193 s .*ends/],
      [text, '01', /^TM_2193 s /],
      [text, '0461620063', /^TM_2193 - .*2 bytes behind/],
      [text, '02ff', /^TM_2105 s /],
      [record(field('b', 'boolean')), '02', /^TM_2193 b /],
      [record(field('u', ['null', 'int'])), '04', /^TM_2193 u .*branch 2/],
      [record(field('u', ['null', 'int'])), '01', /^TM_2193 u /],
      [record(field('e', { type: 'enum', name: 'E', symbols: ['A'] })), '02', /^TM_2193 e /],
      [record(field('i', 'int')), 'ffffffff7f', /^TM_2193 i .*no int/],
      [record(field('l', 'long')), 'ffffffffffffffffff7f', /^TM_2193 l .*64 bits/],
      [record(field('l', 'long')), 'ffffffffffffffffffffffff01', /^TM_2193 l .*64 bits/],
      [record(field('d', 'double')), '00000000', /^TM_2193 d .*ends/],
      [record(), '00', /^TM_2193 - .*1 bytes behind/],
    ];
    for (const [schema, bytes, said] of cases) expect(read(schema, hex(bytes))).toMatch(said);
  });

  test('any bytes are a value or a fault, never anything else', () => {
    fc.assert(
      fc.property(anySchema, fc.uint8Array({ maxLength: 60 }), ({ schema }, bytes) => {
        const said = read(schema, bytes);
        if (!said.startsWith('TM_')) expect(() => JSON.parse(said) as unknown).not.toThrow();
      }),
      { numRuns: 500 },
    );
  });

  test('what is no schema is said to be none', () => {
    const deep = (n: number): unknown => (n === 0 ? 'int' : { type: 'array', items: deep(n - 1) });
    const cases: unknown[] = [
      null,
      5,
      {},
      'furlong',
      { type: 'record', name: 'a b', fields: [] },
      { type: 'record', name: 'R' },
      { type: 'record', name: 'R', fields: [null] },
      { type: 'record', name: 'R', fields: [field('x;y', 'int')] },
      { type: 'record', name: "x'];process.exit()//", fields: [] },
      { type: 'enum', name: 'E', symbols: ["A'"] },
      { type: 'fixed', name: 'F', size: -1 },
      ['int', 'int'],
      [['int']],
      deep(100),
      record(...Array.from({ length: 30_000 }, (_, i) => field(`f${i}`, 'int'))),
      // A meaning at every level made the library read each level twice.
      JSON.parse('{"type":"record","name":"R","__proto__":{"fields":[]},"fields":"x"}'),
    ];
    for (const schema of cases) {
      try {
        avroSchema(schema, 'writer');
      } catch (error) {
        expect(error).toBeInstanceOf(AvroFault);
        expect((error as AvroFault).said.code).toBe('TM_2195');
        continue;
      }
      throw new Error(`taken for a schema: ${JSON.stringify(schema).slice(0, 100)}`);
    }
  });
});

test('avro.single-object: the head is C3 01 and the fingerprint', () => {
  const schema = record(field('x', 'int'));
  const { fingerprint } = avroSchema(schema, 'writer');
  expect(singleObject(schema, { x: 1 }).toString('hex')).toBe(`c301${fingerprint}02`);
});
