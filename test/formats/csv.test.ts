import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { decode, shown } from './memory-file';

const utf8 = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

describe('csv.rows', () => {
  test('csv.rows equal those of csv-parse for any text, line end, chunk and batch', async () => {
    const texts = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 10 }),
      fc.string({ unit: fc.constantFrom('"', ';', '\n', '\r\n', 'x', 'ß'), maxLength: 6 }),
    );
    const table = fc.array(fc.array(texts, { minLength: 3, maxLength: 3 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.record({ lineEnd: fc.constantFrom('\n', '\r\n'), quoteAll: fc.boolean(), bom: fc.boolean() }),
        fc.record({ chunkBytes: fc.integer({ min: 1, max: 40 }), batchRows: fc.integer({ min: 1, max: 4 }) }),
        async (rows, { lineEnd, quoteAll, bom }, reading) => {
          const field = (text: string) =>
            quoteAll || /[";\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
          const lines = [['a', 'b', 'c'], ...rows].map(row => row.map(field).join(';'));
          const content = Buffer.from((bom ? '\ufeff' : '') + lines.join(lineEnd) + lineEnd);
          const oracle = parse(content, {
            bom: true,
            columns: true,
            delimiter: ';',
            record_delimiter: ['\n', '\r\n'],
          }) as Record<string, string>[];
          const found = await decode('csv', content, {
            ...reading,
            options: { delimiter: ';', nullLiteral: '\\N' },
          });
          const expected = oracle.map(row =>
            Object.fromEntries(
              Object.entries(row).map(([name, text]) => [name, text === '\\N' ? null : text]),
            ),
          );
          expect(found.rows).toEqual(expected);
          expect(found.bad).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('csv.types are the declared ones, others are strings', async () => {
    const found = await decode('csv', 'id,price,name,at\n1,2.50,x,2021-01-01 00:00:00\n', {
      columns: { price: 'decimal(10,2)', id: 'long', missing: 'int', at: 'timestamp' },
    });
    expect(found.columns).toEqual({ id: 'long', price: 'decimal(10,2)', name: 'string', at: 'timestamp' });
    expect(found.rows).toEqual([{ id: 1n, price: 250n, name: 'x', at: 1_609_459_200_000_000n }]);
    expect(found.ops).toBe('I');
  });

  test('csv.name that differs in case alone means the declared column', async () => {
    const found = await decode('csv', 'ID,Name\n1,x\n', { columns: { id: 'int' } });
    expect(found.columns).toEqual({ id: 'int', Name: 'string' });
  });

  test('csv.null is bare and empty, an empty string is quoted', async () => {
    const content = 'a,b,c\n,"",x\n1,,\n';
    const columns = { a: 'int' } as const;
    expect((await decode('csv', content, { columns })).rows).toEqual([
      { a: null, b: '', c: 'x' },
      { a: 1, b: null, c: null },
    ]);
    const both = await decode('csv', content, { columns, options: { quotedEmptyIsNull: true } });
    expect(both.rows[0]).toEqual({ a: null, b: null, c: 'x' });
  });

  test('csv.null literal replaces the empty field, and only where it is bare', async () => {
    const found = await decode('csv', 'a,b,c\nNULL,"NULL",\n', { options: { nullLiteral: 'NULL' } });
    expect(found.rows).toEqual([{ a: null, b: 'NULL', c: '' }]);
  });

  test('csv.blank lines are no rows, but in a file of one column they are NULL', async () => {
    expect((await decode('csv', '\n\na,b\n\n1,2\n\n')).rows).toEqual([{ a: '1', b: '2' }]);
    expect((await decode('csv', 'a\n1\n\n2\n')).rows).toEqual([{ a: '1' }, { a: null }, { a: '2' }]);
  });

  test('csv.header of a file without rows is still read', async () => {
    const found = await decode('csv', 'a,b');
    expect([found.columns, found.rows]).toEqual([{ a: 'string', b: 'string' }, []]);
  });

  test('csv.header may be missing when columns are declared', async () => {
    const found = await decode('csv', '1,x\n2,y\n', {
      columns: { id: 'int', name: 'string' },
      options: { header: false },
    });
    expect(found.rows).toEqual([
      { id: 1, name: 'x' },
      { id: 2, name: 'y' },
    ]);
  });

  test('csv.op, time and sequence come from the columns that the options name', async () => {
    const found = await decode('csv', 'id,what,at,seq,Op\n1,I,1970-01-01 00:00:01,7,x\n2,D,,8,y\n', {
      options: { opColumn: 'what', timestampColumn: 'at', sequenceColumn: 'seq' },
    });
    expect(found.rows).toEqual([
      { id: '1', Op: 'x' },
      { id: '2', Op: 'y' },
    ]);
    expect([found.ops, found.changedAt, found.sequence]).toEqual(['ID', [1_000_000n, null], ['7', '8']]);
  });

  test('csv.batches end at their bounds of rows and bytes', async () => {
    const content = `a,b\n${'123,4567\n'.repeat(10)}`;
    expect((await decode('csv', content, { batchRows: 4 })).batches).toBe(3);
    expect((await decode('csv', content, { batchRows: 100, batchBytes: 16 })).batches).toBe(5);
  });
});

describe('csv.bad rows', () => {
  test('csv.bad rows are left out with line, column, reason and their bytes', async () => {
    const content = 'id,price\n1,"2.50"\n"x\ny",1\n3\n4,"12,50"\n5,5,5\n6,6\n"7"7,1\n';
    const found = await decode('csv', content, { columns: { id: 'int', price: 'decimal(10,2)' } });
    expect(found.rows).toEqual([
      { id: 1, price: 250n },
      { id: 6, price: 600n },
    ]);
    expect([found.ordinals, found.lines]).toEqual([
      [0, 5],
      [2, 8],
    ]);
    expect(found.bad.map(shown)).toEqual([
      [3, 'id', 'TM_2103', '"x\ny" is not int', '"x\ny",1'],
      [5, undefined, 'TM_2101', '1 fields where 2 are expected', '3'],
      [6, 'price', 'TM_2103', '"12,50" is not decimal(10,2)', '4,"12,50"'],
      [7, undefined, 'TM_2101', '3 fields where 2 are expected', '5,5,5'],
      [9, undefined, 'TM_2113', 'text between a closing quote and the next delimiter', '"7"7,1'],
    ]);
    expect(found.bad.map(row => row.row)).toEqual([1, 2, 3, 4, 6]);
  });

  test('csv.bad row leaves no value behind in the columns before the fault', async () => {
    const found = await decode('csv', 'a,b,c\nx,1,1\nleft,2,bad\n,bad,1\ny,,2\n', {
      columns: { b: 'int', c: 'int' },
    });
    expect(found.rows).toEqual([
      { a: 'x', b: 1, c: 1 },
      { a: 'y', b: null, c: 2 },
    ]);
  });

  test.each([1, 3, 1000])(
    'csv.invalid UTF-8 is a bad row in chunks of %i, never replaced',
    async chunkBytes => {
      const content = utf8('a,b\nä,1\nx,', [0xff], '\nö,2\n', [0xc3], ',3\né,4');
      const found = await decode('csv', content, { chunkBytes });
      expect(found.rows.map(row => row.a)).toEqual(['ä', 'ö', 'é']);
      expect(found.bad.map(shown)).toEqual([
        [3, 'b', 'TM_2105', 'bytes that are not valid UTF-8', 'x,\xff'],
        [5, 'a', 'TM_2105', 'bytes that are not valid UTF-8', '\xc3,3'],
      ]);
    },
  );

  test('csv.row of 10 MB is a bad row of which 64 KiB are kept', async () => {
    const content = `a,b\n1,x\n2,${'y'.repeat(10_000_000)}\n3,z\n`;
    const found = await decode('csv', content, { chunkBytes: 65_536 });
    expect(found.rows.map(row => row.a)).toEqual(['1', '3']);
    const [bad] = found.bad;
    expect([bad!.line, bad!.code, bad!.raw.length]).toEqual([3, 'TM_2109', 65_536]);
  });

  test('csv.op that is none is a bad row', async () => {
    const found = await decode('csv', 'op,a\nI,1\nX,2\n,3\nU,4\n', { options: { opColumn: 'op' } });
    expect([found.ops, found.bad.map(row => [row.code, row.reason])]).toEqual([
      'IU',
      [
        ['TM_2104', 'op "X" is none of I, U, D, T'],
        ['TM_2104', 'op "" is none of I, U, D, T'],
      ],
    ]);
  });
});

describe('csv.bad files', () => {
  test('csv.quote that is never closed fails the file, after its good batches', async () => {
    await expect(decode('csv', 'a,b\n1,2\n3,"4\n5,6\n', { name: 'x.csv' })).rejects.toMatchObject({
      code: 'TM_2110',
      where: 'x.csv, line 3',
    });
    await expect(decode('csv', '"a,b\n1,2\n')).rejects.toMatchObject({ code: 'TM_2110' });
  });

  test.each([
    ['0 bytes', '', {}, 'TM_2108'],
    ['blank lines', '\n\n', {}, 'TM_2111'],
    ['a column twice', 'a,a\n1,2\n', {}, 'TM_2111'],
    ['a column without a name', 'a,\n1,2\n', {}, 'TM_2111'],
    ['UTF-16', utf8([0xff, 0xfe, 0x61, 0]), {}, 'TM_2105'],
    ['a header in latin1', utf8('a,', [0xe4], '\n'), {}, 'TM_2105'],
    ['no op column', 'a,b\n1,2\n', { opColumn: 'op' }, 'TM_2102'],
    ['no declared columns', '1,2\n', { header: false }, 'TM_2111'],
    ['a long delimiter', 'a\n', { delimiter: '||' }, 'TM_2114'],
    ['delimiter = quote', 'a\n', { delimiter: "'", quote: "'" }, 'TM_2114'],
    ['a first row too long', `${'a'.repeat(100)}\n`, { rowBytesMax: 50 }, 'TM_2109'],
  ] as const)('csv.file with %s is refused', async (_, content, options, code) => {
    await expect(decode('csv', content, { options })).rejects.toMatchObject({ code });
  });
});
