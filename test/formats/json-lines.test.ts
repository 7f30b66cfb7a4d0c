import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { decode, type Reading, shown } from './memory-file';

const read = (content: string | Uint8Array, reading: Reading = {}) => decode('json-lines', content, reading);

describe('json-lines.values', () => {
  test('json-lines.objects read as JSON.parse reads them', async () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.string({
        unit: fc.constantFrom('"', '\\', '\n', '\u0001', '/', 'é', '{', '}', '[', ','),
        maxLength: 6,
      }),
      fc.constant(null),
      fc.jsonValue({ maxDepth: 2 }).filter(json => typeof json === 'object'),
    );
    const key = fc.oneof(
      fc.constantFrom('a', 'b', 'ключ', 'q"q', 'c\\d'),
      fc.string({ minLength: 1, maxLength: 3 }),
    );
    const objects = fc.array(fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true }), {
      maxLength: 8,
    });
    const style = fc.record({
      space: fc.boolean(),
      lineEnd: fc.constantFrom('\n', '\r\n', '\n\n'),
      chunkBytes: fc.integer({ min: 1, max: 50 }),
    });
    await fc.assert(
      fc.asyncProperty(objects, style, async (rows, { space, lineEnd, chunkBytes }) => {
        fc.pre(rows.length > 0 && rows.every(row => !Object.hasOwn(row, '__proto__')));
        const line = (row: object) =>
          space ? JSON.stringify(row, null, 1).replace(/\n */g, ' ') : JSON.stringify(row);
        const found = await read(rows.map(row => line(row)).join(lineEnd), { chunkBytes });
        const plain = (json: unknown) =>
          typeof json === 'object' && json !== null ? JSON.parse(JSON.stringify(json)) : json;
        const expected = rows.map(row =>
          Object.fromEntries(Object.entries(row).map(([name, json]) => [name, plain(json)])),
        );
        const back = found.rows.map((row, i) =>
          Object.fromEntries(
            Object.entries(row).map(([name, text]) => [
              name,
              typeof expected[i]![name] === 'object' && text !== null ? JSON.parse(String(text)) : text,
            ]),
          ),
        );
        expect(back).toEqual(expected);
        expect(found.bad).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('json-lines.numbers keep every digit', async () => {
    const found = await read(
      '{"id":9007199254740993,"price":0.10,"rate":1e-7,"text":1.00,"low":-9223372036854775808}\n',
      { columns: { id: 'long', price: 'decimal(38,2)', rate: 'double', low: 'long' } },
    );
    expect(found.rows).toEqual([
      { id: 9007199254740993n, price: 10n, rate: 1e-7, low: -9223372036854775808n, text: '1.00' },
    ]);
  });

  test('json-lines.absent is not NULL', async () => {
    const found = await read('{"a":1,"b":null}\n{"b":2}\n{"a":null}\n{}\n', {
      columns: { a: 'int', b: 'int' },
    });
    expect(found.rows).toEqual([{ a: 1, b: null }, { b: 2 }, { a: null }, {}]);
  });

  test('json-lines.absent marks of a bad row do not fall on the next one', async () => {
    const found = await read('{"b":1}\n{"b":"x"}\n{"a":1,"b":2}\n', { columns: { a: 'int', b: 'int' } });
    expect(found.rows).toEqual([{ b: 1 }, { a: 1, b: 2 }]);
  });

  test('json-lines.columns are declared ones first, then others as first seen', async () => {
    const found = await read('{"z":1,"b":2}\n{"y":true,"a":[1, 2]}\n', {
      columns: { a: 'string', c: 'int', b: 'int' },
    });
    expect(Object.entries(found.columns)).toEqual([
      ['a', 'string'],
      ['b', 'int'],
      ['z', 'string'],
      ['y', 'string'],
    ]);
    expect(found.rows[1]).toEqual({ y: 'true', a: '[1, 2]' });
  });

  test('json-lines.op, time and sequence come from the members that the options name', async () => {
    const options = { opColumn: '_op', timestampColumn: 'ts', sequenceColumn: 'n' };
    const content = '{"_op":"U","id":1,"ts":"1970-01-01T00:00:01Z","n":7}\n{"_op":"D","id":2}\n';
    const found = await read(content, { options });
    expect([found.ops, found.changedAt, found.sequence]).toEqual(['UD', [1_000_000n, null], ['7', null]]);
    expect(found.columns).toEqual({ id: 'string' });
  });

  test('json-lines.op may be missing in a load only', async () => {
    const content = '{"_op":"U","id":1}\n{"id":2}\n';
    const found = await read(content, { options: { opColumn: '_op' } });
    expect(found.bad.map(row => [row.line, row.code])).toEqual([[2, 'TM_2102']]);
    expect((await read(content, { options: { opColumn: '_op', load: true } })).ops).toBe('UI');
    await expect(read('{"id":2}\n', { options: { opColumn: '_op' } })).rejects.toMatchObject({
      code: 'TM_2102',
    });
  });

  test('json-lines.gzip, byte order mark and blank lines are no trouble', async () => {
    const found = await read(gzipSync('\ufeff{"a":1}\r\n\r\n  \n{"a":2}'));
    expect([found.rows, found.lines]).toEqual([
      [{ a: '1' }, { a: '2' }],
      [1, 4],
    ]);
  });
});

describe('json-lines.bad rows', () => {
  test.each([
    ['[1]', 'not a JSON object'],
    ['7', 'not a JSON object'],
    ['{"a":1', 'JSON object without its end'],
    ['{"a":1}}', 'text after the JSON object'],
    ['{"a":1} {"a":2}', 'text after the JSON object'],
    ['{"a":01}', 'malformed JSON'],
    ['{"a":1.}', 'malformed JSON'],
    ['{"a":-}', 'malformed JSON'],
    ['{"a":+1}', 'malformed JSON'],
    ['{"a":1e}', 'malformed JSON'],
    ['{"a":NaN}', 'malformed JSON'],
    ['{"a":nul}', 'malformed JSON'],
    ["{'a':1}", 'malformed JSON'],
    ['{"a":1,}', 'malformed JSON'],
    ['{"a" 1}', 'malformed JSON'],
    ['{"a":[1,]}', 'malformed JSON'],
    ['{"a":[1}]}', 'malformed JSON'],
    ['{"a":"x\ty"}', 'malformed JSON'],
    ['{"a":"\\x"}', 'a: a broken escape'],
    ['{"a":"\\ud800"}', 'a: a broken escape'],
    ['{"\\x":1}', 'a name with a broken escape'],
    ['{"a":1,"a":2}', 'member a stands twice'],
    ['{"a":1,"\\u0061":2}', 'member a stands twice'],
  ])('json-lines.line %p is a bad row', async (line, reason) => {
    const found = await read(`{"a":"before"}\n${line}\n{"a":"after"}\n`);
    expect(found.rows).toEqual([{ a: 'before' }, { a: 'after' }]);
    expect(found.bad.map(shown)).toEqual([[2, undefined, 'TM_2112', reason, line]]);
  });

  test('json-lines.scanner accepts exactly what JSON.parse accepts', async () => {
    const noise = fc.string({
      unit: fc.constantFrom('{', '}', '"', ':', ',', '1', '0', '.', 'e', '-', ' ', '[', ']', '\\', 'n'),
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(noise, async text => {
        const line = `{"a":${text}}`;
        let valid = true;
        try {
          JSON.parse(line);
        } catch {
          valid = false;
        }
        const members = /"[^"]*":/g;
        fc.pre(new Set(line.match(members)).size === (line.match(members) ?? []).length);
        expect((await read(line)).bad.length).toBe(valid ? 0 : 1);
      }),
      { numRuns: 1000 },
    );
  });

  test('json-lines.value of another type, invalid UTF-8 and a long line are bad rows', async () => {
    const content = Buffer.concat([
      Buffer.from('{"a":1.5}\n{"a":{"b":1}}\n{"a":"'),
      Buffer.of(0xff),
      Buffer.from(`"}\n{"a":"${'1'.repeat(100)}"}\n{"a":"2"}\n`),
    ]);
    const found = await read(content, {
      columns: { a: 'int' },
      options: { rowBytesMax: 50 },
      chunkBytes: 16,
    });
    expect(found.bad.map(row => [row.line, row.code, row.reason])).toEqual([
      [1, 'TM_2103', '"1.5" is not int'],
      [2, 'TM_2103', '"{"b":1}" is not int'],
      [3, 'TM_2105', 'bytes that are not valid UTF-8'],
      [4, 'TM_2109', 'row longer than 50 bytes (rowBytesMax)'],
    ]);
    expect(found.rows).toEqual([{ a: 2 }]);
  });

  test('json-lines.file of 0 bytes is refused', async () => {
    await expect(read('')).rejects.toMatchObject({ code: 'TM_2108' });
  });
});
