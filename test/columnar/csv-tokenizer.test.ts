import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { CsvTokenizer, ESCAPED, unescapeField } from '../../lib/columnar/csv-tokenizer';

const LINE_ENDS = ['\n', '\r\n'] as const;

interface Row {
  readonly fields: string[];
  readonly line: number;
  readonly fault: string | undefined;
  readonly raw: string;
}

/** All rows of the content, pushed in chunks that end at `cuts`. */
function tokenize(
  content: Buffer,
  cuts: readonly number[] = [],
  dialect: { delimiter?: string; rowBytesMax?: number } = {},
) {
  const tokenizer = new CsvTokenizer({
    delimiter: (dialect.delimiter ?? ',').charCodeAt(0),
    quote: 34,
    rowBytesMax: dialect.rowBytesMax ?? 1 << 20,
  });
  const rows: Row[] = [];
  const take = () => {
    while (tokenizer.next()) {
      const fields = Array.from({ length: tokenizer.fields }, (_, i) => {
        const field = Buffer.from(tokenizer.bytes.subarray(tokenizer.starts[i], tokenizer.ends[i]));
        if (tokenizer.forms[i] !== ESCAPED) return field.toString();
        return field.subarray(0, unescapeField(field, 0, field.length, 34, field)).toString();
      });
      const { line, fault } = tokenizer;
      rows.push({ fields, line, fault, raw: Buffer.from(tokenizer.raw()).toString() });
    }
  };
  const edges = [0, ...[...cuts].sort((a, b) => a - b), content.length];
  for (let i = 1; i < edges.length; i++) {
    tokenizer.push(new Uint8Array(content.subarray(edges[i - 1], edges[i])));
    take();
  }
  tokenizer.end();
  take();
  return { rows, unterminated: tokenizer.unterminated };
}

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r\n', 'a', 'é', '😀', ' '), maxLength: 8 }),
  fc.constant(''),
);

const files = fc.record({
  rows: fc
    .integer({ min: 2, max: 5 })
    .chain(width =>
      fc.array(fc.array(texts, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 12 }),
    ),
  quoteAll: fc.boolean(),
  lineEnd: fc.constantFrom(...LINE_ENDS),
  lastLineEnd: fc.boolean(),
  cuts: fc.array(fc.nat(400), { maxLength: 12 }),
});

function write(
  rows: readonly (readonly string[])[],
  quoteAll: boolean,
  lineEnd: string,
  lastLineEnd: boolean,
): Buffer {
  const field = (text: string) =>
    quoteAll || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  return Buffer.from(rows.map(row => row.map(field).join(',')).join(lineEnd) + (lastLineEnd ? lineEnd : ''));
}

describe('csv-tokenizer', () => {
  test('csv-tokenizer.fields are those of csv-parse, wherever chunks end', () => {
    fc.assert(
      fc.property(files, ({ rows, quoteAll, lineEnd, lastLineEnd, cuts }) => {
        const content = write(rows, quoteAll, lineEnd, lastLineEnd);
        const oracle = parse(content, {
          record_delimiter: [...LINE_ENDS],
          relax_column_count: true,
        }) as string[][];
        const found = tokenize(
          content,
          cuts.map(cut => Math.min(cut, content.length)),
        );
        expect(found.rows.map(row => row.fields)).toEqual(oracle);
        expect(oracle).toEqual(rows);
        expect(found.rows.every(row => row.fault === undefined)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('csv-tokenizer.anything gives the same rows from any chunks', () => {
    const noise = fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a', 'b'), maxLength: 60 });
    fc.assert(
      fc.property(
        noise,
        fc.array(fc.nat(60), { maxLength: 10 }),
        fc.constantFrom(1 << 20, 7),
        (text, cuts, rowBytesMax) => {
          const content = Buffer.from(text);
          const whole = tokenize(content, [], { rowBytesMax });
          const cut = tokenize(
            content,
            cuts.map(at => Math.min(at, content.length)),
            { rowBytesMax },
          );
          const shape = ({ fields, line, fault, raw }: Row) =>
            fault === 'too-long' ? { line, fault } : { fields, line, fault, raw };
          expect(cut.rows.map(shape)).toEqual(whole.rows.map(shape));
          expect(cut.unterminated).toBe(whole.unterminated);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('csv-tokenizer.line and raw say where a row stands', () => {
    const { rows } = tokenize(Buffer.from('a,"x\ny"\r\nb,2\n\nc,3'), [3, 5]);
    expect(rows.map(row => [row.line, row.raw])).toEqual([
      [1, 'a,"x\ny"'],
      [3, 'b,2'],
      [4, ''],
      [5, 'c,3'],
    ]);
  });

  test('csv-tokenizer.quote inside a bare field is text', () => {
    expect(tokenize(Buffer.from('5" pipe,a"b\n')).rows[0]!.fields).toEqual(['5" pipe', 'a"b']);
  });

  test('csv-tokenizer.delimiter may stand above the letters', () => {
    expect(tokenize(Buffer.from('a|b,c|"d|e"|\n'), [], { delimiter: '|' }).rows[0]!.fields).toEqual([
      'a',
      'b,c',
      'd|e',
      '',
    ]);
  });

  test('csv-tokenizer.text after a closing quote marks its row and no other', () => {
    const { rows } = tokenize(Buffer.from('"a"b,c\nd,e\n'));
    expect(rows.map(row => row.fault)).toEqual(['text-after-quote', undefined]);
    expect(rows[0]!.raw).toBe('"a"b,c');
  });

  test('csv-tokenizer.quote that is never closed is told at the end', () => {
    const { rows, unterminated } = tokenize(Buffer.from('a,b\nc,"d\ne,f\n'));
    expect(rows.map(row => row.fields)).toEqual([['a', 'b']]);
    expect(unterminated).toBe(true);
  });

  test('csv-tokenizer.row too long is dropped but for its head, and the next one is read', () => {
    const long = Buffer.from(`1,"${'x'.repeat(300_000)}\n${'y'.repeat(300_000)}"\n2,b\n`);
    const cuts = Array.from({ length: 60 }, (_, i) => i * 10_000);
    const { rows } = tokenize(long, cuts, { rowBytesMax: 100_000 });
    expect(rows.map(row => [row.fault, row.line, row.raw.length])).toEqual([
      ['too-long', 1, 65_536],
      [undefined, 3, 3],
    ]);
    expect(rows[1]!.fields).toEqual(['2', 'b']);
  });
});
