import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { TidemarkError } from '../../lib/errors';
import { FOOTER_TAIL_BYTES, footerLength, footerOfFile, parseFooter } from '../../lib/parquet/footer';
import { decodeThrift, encodeThrift } from '../../lib/parquet/thrift';
import { encodeRowGroup } from '../../lib/parquet/wasm';
import { ALL_FIELDS, batchOf, nullableOf } from '../columnar/arbitraries';
import { Duck } from './files';

const code = (n: string) => expect.objectContaining({ code: n });
const rows = fc.sample(fc.tuple(...ALL_FIELDS.map(f => nullableOf(f.type))), { numRuns: 50, seed: 5 });
const file = encodeRowGroup(batchOf(ALL_FIELDS, rows));

function footerIn(bytes: Uint8Array): Uint8Array {
  const length = footerLength(bytes.subarray(-FOOTER_TAIL_BYTES), bytes.length);
  return bytes.subarray(bytes.length - FOOTER_TAIL_BYTES - length, bytes.length - FOOTER_TAIL_BYTES);
}

test('footer.parse: columns, types and counts of our own file', () => {
  const footer = footerOfFile(file);
  expect(footer.rows).toBe(50);
  expect(footer.columns.map(c => [c.fieldId, c.name, c.optional])).toEqual(
    ALL_FIELDS.map(f => [f.id, f.name, true]),
  );
  expect(footer.columns.map(c => c.physical)).toEqual([
    'BOOLEAN',
    'INT32',
    'INT64',
    'FLOAT',
    'DOUBLE',
    'INT32',
    'INT64',
    'INT64',
    'BYTE_ARRAY',
    'BYTE_ARRAY',
    'INT32',
    'INT64',
    'FIXED_LEN_BYTE_ARRAY',
  ]);
  const [group] = footer.rowGroups;
  expect(group!.start).toBe(4);
  group!.columns.forEach((c, i) => {
    expect(c.values).toBe(50);
    expect(c.nulls).toBe(rows.filter(r => r[i] === null).length);
  });
});

test('footer.roundtrip: untouched footers encode to the same bytes, ours and foreign ones', async () => {
  const duck = await Duck.open();
  const path = duck.path('foreign.parquet');
  await duck.rows(`COPY (SELECT i AS id, i::VARCHAR AS t, i / 7 AS x FROM range(5000) r(i)) TO '${path}'
    (FORMAT parquet, ROW_GROUP_SIZE 2048, KV_METADATA {a: 'b'})`);
  const foreign = readFileSync(path);
  duck.close();
  for (const bytes of [file, foreign]) {
    const footer = footerIn(bytes);
    expect(Buffer.from(encodeThrift(decodeThrift(footer))).equals(footer)).toBe(true);
    expect(Buffer.from(encodeThrift(parseFooter(footer).tree)).equals(footer)).toBe(true);
  }
});

test('footer.damage: no magic, encrypted, a length past the file', () => {
  const tail = (text: string, length = 10) =>
    Buffer.concat([Buffer.from(Uint32Array.of(length).buffer), Buffer.from(text)]);
  expect(() => footerLength(tail('NOPE'), 100)).toThrow(code('TM_4201'));
  expect(() => footerLength(tail('PARE'), 100)).toThrow(code('TM_4202'));
  expect(() => footerLength(tail('PAR1', 89), 100)).toThrow(code('TM_4201'));
  expect(() => footerLength(Buffer.from('PAR1'), 100)).toThrow(code('TM_4201'));
  expect(footerLength(tail('PAR1', 88), 100)).toBe(88);
});

test('footer.damage: every cut is a coded error', () => {
  const footer = footerIn(file);
  for (let i = 0; i < footer.length; i += 7)
    expect(() => parseFooter(footer.subarray(0, i))).toThrow(code('TM_4201'));
});

test('footer.damage: changed bytes give a footer or a coded error, never another', () => {
  const footer = footerIn(file);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(footer.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      changes => {
        const bytes = Uint8Array.from(footer);
        for (const [at, value] of changes) bytes[at] = value;
        try {
          parseFooter(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(TidemarkError);
        }
      },
    ),
    { numRuns: 500 },
  );
});
