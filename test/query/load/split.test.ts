import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { duckDbCopyEngine } from '../../../lib/adapters/local/duckdb-copy';
import type { Field, PrimitiveType, Scalar } from '../../../lib/columnar/types';
import { partitionKey } from '../../../lib/iceberg/partition-key';
import { compareValues } from '../../../lib/iceberg/single-value';
import { applyTransform } from '../../../lib/iceberg/transform';
import { footerOfFile } from '../../../lib/parquet/footer';
import { rowGroupBounds } from '../../../lib/parquet/metrics';
import type { SplitOrder, WrittenPart } from '../../../lib/ports/copy-engine';
import { userFields } from '../../../lib/table/columns';
import { ALL_FIELDS, rowsOfAllTypes } from '../../columnar/arbitraries';
import { fieldsNamed, LoadFolder, logFields, MARK, rowsIn } from './load-files';

const at = new LoadFolder();
afterAll(() => at.close());

const plain = (v: Scalar) => (v instanceof Uint8Array ? Buffer.from(v).toString('hex') : v);
const keyed = (rows: readonly (readonly Scalar[])[]) =>
  rows.map(row => JSON.stringify(row.map(v => String(plain(v))))).sort();

async function splitRows(order: SplitOrder): Promise<Scalar[][]> {
  const parts = await at.engine.split(order);
  return parts.flatMap(p => rowsIn(p.file, userFields(order.fields)));
}

test('split.all types: the rows as they were, in the partitions of our kernels, sorted by the key, exact bounds', async () => {
  const types = Object.fromEntries(ALL_FIELDS.map(f => [f.name, f.type]));
  const fields = logFields({ id: 'long', ...types });
  const named = (name: string) => fieldsNamed(fields, name)[0]!;
  const transforms = [
    { source: named('c_timestamp'), transform: 'month' },
    { source: named('c_string'), transform: 'truncate[1]' },
    { source: named('id'), transform: 'bucket[2]' },
    { source: named('c_float'), transform: 'void' },
    { source: named('c_boolean'), transform: 'identity' },
  ];
  await fc.assert(
    fc.asyncProperty(rowsOfAllTypes, async rows => {
      const stored = fields.slice(0, ALL_FIELDS.length + 1);
      const ids = rows.map((_, i) => BigInt((i * 7919) % 1000) - 500n);
      const given = rows.map((row, i) => [ids[i]!, ...row]);
      const file = at.parquet('types.parquet', stored, given);
      const key = fieldsNamed(fields, 'id');
      const order = at.order({
        copy: { files: [file] },
        fields,
        key,
        partitionBy: transforms,
        countOn: named('c_date'),
      });
      const parts = await at.engine.split(order);
      expect(keyed(parts.flatMap(p => rowsIn(p.file, stored)))).toEqual(keyed(given));
      const names = new Set(parts.map(p => partitionKey({ specId: 0, partition: p.partition })));
      expect(names.size).toBe(parts.length);
      for (const part of parts) checkPart(part, stored, order);
    }),
    { numRuns: 10 },
  );
});

function checkPart(
  part: WrittenPart,
  stored: readonly Field[],
  { partitionBy, countOn, fields }: SplitOrder,
): void {
  const rows = rowsIn(part.file, stored);
  const column = (field: Field) => stored.findIndex(f => f.id === field.id);
  for (const row of rows) {
    const values = partitionBy.map(({ source, transform }) =>
      applyTransform(transform, source.type, row[column(source)]!),
    );
    expect(values.map(plain)).toEqual(part.partition.map(plain));
  }
  const ids = rows.map(row => row[0] as bigint);
  expect(ids).toEqual([...ids].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  expect(part.counted).toBe(rows.filter(row => row[column(countOn!)] !== null).length);
  expect([part.rows, part.nullKeys]).toEqual([rows.length, 0]);
  const bytes = readFileSync(part.file);
  expect(part.bytes).toBe(bytes.length);
  const footer = footerOfFile(bytes);
  expect(footer.columns.map(c => [c.fieldId, c.name])).toEqual(fields.map(f => [f.id, f.name]));
  for (const [c, field] of stored.entries()) {
    const values = rows.map(row => row[c]!);
    checkBounds(values, rowGroupBounds(footer, 0, field), field.type);
  }
}

function checkBounds(
  values: readonly Scalar[],
  bounds: ReturnType<typeof rowGroupBounds>,
  type: PrimitiveType,
): void {
  const there = values.filter(v => v !== null && !(typeof v === 'number' && Number.isNaN(v))) as Exclude<
    Scalar,
    null
  >[];
  // A float that is NaN leaves a chunk without bounds, a NUL in front does not.
  if (!bounds) {
    expect(['float', 'double', 'string', 'binary']).toContain(type);
    return;
  }
  expect(bounds.nulls).toBe(values.length - values.filter(v => v !== null).length);
  for (const v of there) {
    if (bounds.min !== null) expect(compareValues(type, bounds.min, v)).toBeLessThanOrEqual(0);
    if (bounds.max !== null) expect(compareValues(type, bounds.max, v)).toBeGreaterThanOrEqual(0);
  }
}

test('split.mark: every row bears the load', async () => {
  const fields = logFields({ id: 'long' });
  const file = at.parquet('mark.parquet', fields.slice(0, 1), [[2n], [1n]]);
  const order = at.order({ copy: { files: [file] }, fields, key: fields.slice(0, 1) });
  const [part] = await at.engine.split(order);
  expect(part!.partition).toEqual([]);
  const mark = ['I', MARK.major, MARK.minor, 5n, null, MARK.source, null, 19_782];
  expect(rowsIn(part!.file, fields)).toEqual([
    [1n, ...mark],
    [2n, ...mark],
  ]);
});

test('split.empty: files without rows leave nothing', async () => {
  const fields = logFields({ id: 'long' });
  const file = at.parquet('none.parquet', fields.slice(0, 1), []);
  expect(await at.engine.split(at.order({ copy: { files: [file] }, fields }))).toEqual([]);
});

test('split.order: without a key, or where keys repeat, rows stay as the copy has them, the same each time', async () => {
  const fields = logFields({ id: 'long', n: 'long', p: 'int' });
  const rows = Array.from({ length: 5000 }, (_, i) => [BigInt((i * 31) % 50), BigInt(i), i % 3]);
  const files = [0, 1].map(f =>
    at.parquet(`order-${f}.parquet`, fields.slice(0, 3), rows.slice(2500 * f, 2500 * (f + 1))),
  );
  const partitionBy = [{ source: fields[2]!, transform: 'identity' }];
  const copy = { files };
  const keyless = await splitRows(at.order({ copy, fields, partitionBy }));
  expect(keyless).toEqual([0, 1, 2].flatMap(p => rows.filter(r => r[2] === p)));
  const key = fields.slice(0, 1);
  const repeated = await splitRows(at.order({ copy, fields, partitionBy, key, keysRepeat: true }));
  const byKey = (a: Scalar[], b: Scalar[]) => Number((a[0] as bigint) - (b[0] as bigint));
  expect(repeated).toEqual([0, 1, 2].flatMap(p => rows.filter(r => r[2] === p).sort(byKey)));
  expect(await splitRows(at.order({ copy, fields }))).toEqual(rows);
});

test('split.slices: files are sorted as many at a time as fit; none is cut, and a large group not at all', async () => {
  const fields = logFields({ id: 'long', kind: 'int', more: 'string' });
  const user = userFields(fields);
  const ids = Array.from({ length: 300 }, (_, i) => BigInt((i * 7919) % 300));
  const files = Array.from({ length: 6 }, (_, f) => {
    const rows = ids.slice(50 * f, 50 * f + 50).map(id => [id, Number(id) % 2, `m${id}`]);
    // The first file lacks a column that the others have.
    return at.parquet(`slice-${f}.parquet`, f === 0 ? user.slice(0, 2) : user, rows);
  });
  const given = ids.map((id, i) => [id, Number(id) % 2, i < 50 ? null : `m${id}`]);
  // A row is 8 + 4 + 4 + 4 bytes, or less.
  const slicing = async (filesAtOnce: number, order: Partial<SplitOrder>) => {
    const engine = duckDbCopyEngine({ tempFolder: at.path('temp'), sortBytes: filesAtOnce * 50 * 20 });
    const parts = await engine.split(at.order({ copy: { files }, fields, ...order }));
    return parts.map(p => rowsIn(p.file, user));
  };
  const order = {
    key: fieldsNamed(fields, 'id'),
    partitionBy: [{ source: fieldsNamed(fields, 'kind')[0]!, transform: 'identity' as const }],
  };
  const byKey = (a: readonly Scalar[], b: readonly Scalar[]) => Number((a[0] as bigint) - (b[0] as bigint));
  const sliced = (from: number, to: number) =>
    [0, 1].map(kind =>
      given
        .slice(from, to)
        .filter(row => row[1] === kind)
        .sort(byKey),
    );
  expect(await slicing(2, order)).toEqual([...sliced(0, 100), ...sliced(100, 200), ...sliced(200, 300)]);
  expect(await slicing(1, order)).toEqual(sliced(0, 300));
  expect(await slicing(2, { key: [] })).toEqual([0, 100, 200].map(from => given.slice(from, from + 100)));
});

test('split.limits: row groups end at the rows and bytes they may have', async () => {
  const fields = logFields({ id: 'long', t: 'string' });
  const rows = Array.from({ length: 20_000 }, (_, i) => [BigInt(i), 'x'.repeat(200) + i]);
  const file = at.parquet('wide.parquet', fields.slice(0, 2), rows);
  const order = at.order({ copy: { files: [file] }, fields, key: fields.slice(0, 1) });
  const groups = async (limits: SplitOrder['limits']) => {
    const [part] = await at.engine.split({ ...order, folder: at.fresh(), limits });
    return footerOfFile(readFileSync(part!.file)).rowGroups.map(g => g.rows);
  };
  expect(await groups({ rowGroupRowsMax: 8192, rowGroupBytesMax: 8 << 20 })).toEqual([8192, 8192, 3616]);
  for (const n of await groups({ rowGroupRowsMax: 122_880, rowGroupBytesMax: 1 << 20 }))
    expect(n).toBeLessThanOrEqual(4096);
});

describe('split.text: values that text spells', () => {
  const columns: Readonly<Record<string, PrimitiveType>> = {
    id: 'long',
    name: 'string',
    amount: 'decimal(12,2)',
    huge: 'decimal(38,9)',
    day: 'date',
    at: 'timestamp',
    ok: 'boolean',
    raw: 'binary',
    n: 'int',
    d: 'double',
  };
  const fields = logFields(columns);
  // biome-ignore format: a row of values a line
  const rows: (readonly (string | null)[])[] = [
    ['1', '', '10.50', '12345678901234567890.123456789', '2024-02-29', '2024-02-29 00:00:00.5', 'true', '01FF', '-5', '0.1', 'x'],
    ['2', ...Array<null>(10).fill(null)],
    ['9007199254740993', 'a "b",\nc 😀', '-.01', '0.000000001', '1969-12-31', '1969-12-31T23:59:59.999999Z', 'f', '0x', '3', '-0.5', null],
  ];
  const expected: Scalar[][] = [
    [
      1n,
      '',
      1050n,
      12345678901234567890123456789n,
      19_782,
      1_709_164_800_500_000n,
      true,
      Uint8Array.of(1, 255),
      -5,
      0.1,
    ],
    [2n, null, null, null, null, null, null, null, null, null],
    [9_007_199_254_740_993n, 'a "b",\nc 😀', -1n, 1n, -1, -1n, false, Uint8Array.of(), 3, -0.5],
  ];

  test.each(['of the table', 'described'])('columns %s', async whose => {
    const files = [at.text('a.parquet', [...Object.keys(columns), 'beyond'], rows)];
    const described = Object.entries(columns).map(([name, type]) => ({
      name,
      type,
      stored: 'text' as const,
    }));
    const copy = whose === 'described' ? { files, columns: described } : { files };
    expect(await splitRows(at.order({ copy, fields }))).toEqual(expected);
  });

  test('files whose columns stand otherwise, or lack some', async () => {
    const files = [
      at.text('b.parquet', ['id', 'name'], [['1', 'x']]),
      at.text('c.parquet', ['n', 'id'], [['7', '2']]),
    ];
    const own = logFields({ id: 'long', name: 'string', n: 'int' });
    expect(await splitRows(at.order({ copy: { files }, fields: own }))).toEqual([
      [1n, 'x', null],
      [2n, null, 7],
    ]);
  });
});

test('split.rds: decimals of 9 bytes, bits, text that is bytes, dates as strings', async () => {
  const fields = logFields({
    id: 'decimal(20,0)',
    flag: 'boolean',
    mask: 'long',
    note: 'string',
    day: 'date',
    at: 'timestamp',
  });
  const stored: Field[] = [
    { id: 1, name: 'id', type: 'decimal(20,0)', required: false },
    { id: 2, name: 'flag', type: 'binary', required: false },
    { id: 3, name: 'mask', type: 'binary', required: false },
    { id: 4, name: 'note', type: 'binary', required: false },
    { id: 5, name: 'day', type: 'string', required: false },
    { id: 6, name: 'at', type: 'timestamptz', required: false },
  ];
  const bytes = (...b: number[]) => Uint8Array.of(...b);
  const file = at.parquet('rds.parquet', stored, [
    [2n ** 64n - 1n, bytes(1), bytes(1, 0, 255), Buffer.from('é'), '2024-02-29', 5n],
    [0n, bytes(0), bytes(0), bytes(), '1969-12-31', -1n],
    [null, null, null, null, null, null],
  ]);
  const columns = [
    { name: 'flag', type: 'boolean' as const, stored: 'bits' as const },
    { name: 'mask', type: 'long' as const, stored: 'bits' as const },
    { name: 'note', type: 'string' as const, stored: 'utf8' as const },
    { name: 'day', type: 'date' as const, stored: 'text' as const },
  ];
  expect(footerOfFile(readFileSync(file.path)).columns[0]!.physical).toBe('FIXED_LEN_BYTE_ARRAY');
  const order = at.order({ copy: { files: [file], columns }, fields });
  expect(await splitRows(order)).toEqual([
    [2n ** 64n - 1n, true, 65_791n, 'é', 19_782, 5n],
    [0n, false, 0n, '', -1, -1n],
    [null, null, null, null, null, null],
  ]);
});

describe('split.derive', () => {
  const fields = logFields({ id: 'string', amount: 'decimal(12,2)', year: 'int', label: 'string' });
  const given = () =>
    at.text(
      'derive.parquet',
      ['order_id', 'cents', 'created', 'amount'],
      [
        ['a', '150', '2021-03-04', 'ignored'],
        ['b', '-1', '1969-01-01', 'x'],
      ],
    );

  test('a name, an expression, earlier ones, and a column that is derived anew', async () => {
    const derive = {
      id: 'order_id',
      amount: 'CAST(cents AS BIGINT) / 100 -- of a hundred',
      created_year: 'year(CAST(created AS DATE))',
      year: 'Created_Year',
      label: "id || ':' || year || ':' || amount",
    };
    const order = at.order({ copy: { files: [given()] }, fields, derive });
    expect(await splitRows(order)).toEqual([
      ['a', 150n, 2021, 'a:2021:1.50'],
      ['b', -1n, 1969, 'b:1969:-0.01'],
    ]);
  });

  test('a column has the name of a word for the time, and means the column', async () => {
    const file = at.text('words.parquet', ['order_id', 'localtime'], [['a', 'x']]);
    const derive = {
      id: 'order_id',
      label: "localtime || age('2021-01-02'::TIMESTAMP, '2021-01-01'::TIMESTAMP)",
    };
    const order = at.order({ copy: { files: [file] }, fields, derive });
    expect((await splitRows(order))[0]!.at(-1)).toBe('x1 day');
  });

  test.each([
    ['nothing', /nothing/],
    ['random()', /random/],
    ['now()', /now/],
    ['upper(CAST(current_timestamp AS VARCHAR))', /current_timestamp/],
    ['list_transform([cents], x -> x || today())[1]', /today/],
    ['age(CAST(created AS TIMESTAMP))', /age/],
    ['CAST(ago(INTERVAL 1 DAY) AS VARCHAR)', /ago/],
    ['localtime', /localtime/],
    ["(SELECT content FROM read_text('/etc/passwd'))", /TRY|disabled/],
    ['1) IS NULL FROM x; DROP TABLE y; SELECT (1', /./],
    ['sum(CAST(cents AS BIGINT))', /./],
  ])('refused: %s', async (text, why) => {
    const order = at.order({ copy: { files: [given()] }, fields, derive: { label: text } });
    const split = at.engine.split(order);
    await expect(split).rejects.toMatchObject({ code: 'TM_2733', what: expect.stringMatching(why) });
  });
});

describe('split.faults: the file and the row', () => {
  const fields = logFields({ id: 'long', v: 'decimal(5,2)', day: 'date', n: 'int' });
  const names = ['id', 'v', 'day', 'n'];
  const withRow = (...bad: (string | null)[]) =>
    at.text('bad.parquet', names, [
      ...Array.from({ length: 3000 }, (_, i) => [String(i), '1.5', '2024-01-01', String(i)]),
      bad,
      ['9', '1', null, null],
    ]);

  test.each([
    ['v', '1.555'],
    ['v', '1000'],
    ['v', '1.5551e0'],
    ['v', '1_0'],
    ['v', 'zwölf'],
    ['n', '2147483648'],
    ['n', '1.5'],
    ['n', ''],
    ['day', '2021-02-30'],
    ['day', '2021-02-03 04:05:06'],
    ['day', '0000-00-00'],
    ['day', 'infinity'],
  ])('column %s of %s', async (column, bad) => {
    const row = names.map(name => (name === column ? bad : name === 'id' ? '1' : null));
    const files = [at.text('good.parquet', names, [['1', '1', null, null]]), withRow(...row)];
    const split = at.engine.split(at.order({ copy: { files }, fields, key: fields.slice(0, 1) }));
    const error = await split.catch(e => e);
    expect(error).toMatchObject({ code: 'TM_2731', where: 'bad.parquet, row 3001' });
    expect(error.what).toContain(`column ${column}: `);
    expect(error.what).toContain(bad);
  });

  test('a derivation that fails on one row', async () => {
    const files = [withRow('1', '1', null, '7')];
    const derive = {
      half: 'n + 1',
      n: "CASE WHEN half = 8 THEN CAST(concat(half, day, 'x') AS INTEGER) ELSE 1 END",
    };
    const columns = [{ name: 'n', type: 'long' as const }];
    const split = at.engine.split(at.order({ copy: { files, columns }, fields, derive }));
    await expect(split).rejects.toMatchObject({ code: 'TM_2731', where: 'bad.parquet, row 8' });
  });

  test.each([
    ['decimal(9,4)', 12_500n, 12_345n, 'decimal(9,2)'],
    ['double', 1.25, 1.255, 'decimal(9,2)'],
    ['double', 3, 3.5, 'long'],
    ['long', 5n, 2n ** 40n, 'int'],
    ['timestamp', 86_400_000_000n, 1n, 'date'],
  ] as const)('a %s of %s is no other value, one of %s would be', async (stored, good, bad, type) => {
    const own = logFields({ v: type });
    const file = at.parquet(
      'v.parquet',
      [{ id: 1, name: 'v', type: stored, required: false }],
      [[good], [bad]],
    );
    const split = at.engine.split(at.order({ copy: { files: [file] }, fields: own }));
    await expect(split).rejects.toMatchObject({ code: 'TM_2731', where: 'v.parquet, row 2' });
  });

  test('files that break off', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => [BigInt(i), 100n, 1, i]);
    const whole = at.parquet('whole.parquet', fields.slice(0, 4), rows);
    const bytes = readFileSync(whole.path);
    const damaged = Buffer.from(bytes);
    damaged.fill(0x5a, 4, 40);
    const broken = [
      at.write('cut.parquet', bytes.subarray(0, bytes.length - 500)),
      at.write('damaged.parquet', damaged),
    ];
    for (const file of broken) {
      const copy = { files: [whole, file] };
      const split = at.engine.split(at.order({ copy, fields, key: fields.slice(0, 1) }));
      await expect(split).rejects.toMatchObject({ code: 'TM_2732', where: file.name });
    }
  });

  test('a column of a type that has nothing in common', async () => {
    const file = at.parquet(
      'bool.parquet',
      [{ id: 1, name: 'day', type: 'boolean', required: false }],
      [[true]],
    );
    const split = at.engine.split(at.order({ copy: { files: [file] }, fields }));
    await expect(split).rejects.toMatchObject({ code: 'TM_2734' });
  });

  test('of files of which the first lacks a column', async () => {
    const files = [
      at.text('lacks.parquet', ['v'], [['1']]),
      at.text('has.parquet', ['id', 'n'], [['1', 'x']]),
    ];
    const order = at.order({ copy: { files }, fields, key: fields.slice(0, 1) });
    await expect(at.engine.split(order)).rejects.toMatchObject({
      code: 'TM_2731',
      where: 'has.parquet, row 1',
    });
    expect(await at.engine.nullKeys(order, 2)).toEqual([{ file: 'lacks.parquet', row: 1 }]);
  });

  test('keys that are NULL', async () => {
    const keyed = (name: string, ...keys: (string | null)[]) =>
      at.text(
        name,
        ['id', 'v'],
        keys.map(id => [id, '1']),
      );
    const files = [keyed('k1.parquet', '1', null), keyed('k2.parquet', null, '2', null)];
    const order = at.order({ copy: { files }, fields, key: fields.slice(0, 1) });
    expect((await at.engine.split(order)).map(p => p.nullKeys)).toEqual([3]);
    expect(await at.engine.nullKeys(order, 2)).toEqual([
      { file: 'k1.parquet', row: 2 },
      { file: 'k2.parquet', row: 1 },
    ]);
  });
});

test('split.foreign: what other engines write, and DuckDB finds our ids', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const path = at.path('foreign.parquet').replaceAll("'", "''");
  await connection.run(
    `COPY (SELECT 1::UTINYINT AS a, 4000000000::UINTEGER AS b, 18446744073709551615::UBIGINT AS c, TIMESTAMP_NS '2024-01-01 00:00:00.000001' AS d, 1.25::DECIMAL(9,4) AS e, 2.5::DOUBLE AS f, UUID '00000000-0000-0000-0000-000000000001' AS g, TIME '01:02:03' AS h) TO '${path}' (FORMAT parquet)`,
  );
  const fields = logFields({
    a: 'int',
    b: 'long',
    c: 'decimal(20,0)',
    d: 'timestamp',
    e: 'decimal(9,2)',
    f: 'decimal(9,2)',
    g: 'string',
    h: 'string',
  });
  const file = { path: at.path('foreign.parquet'), name: 'foreign.parquet' };
  const order = at.order({ copy: { files: [file] }, fields });
  const [part] = await at.engine.split(order);
  expect(rowsIn(part!.file, userFields(fields))).toEqual([
    [
      1,
      4_000_000_000n,
      2n ** 64n - 1n,
      1_704_067_200_000_001n,
      125n,
      250n,
      '00000000-0000-0000-0000-000000000001',
      '01:02:03',
    ],
  ]);
  const out = part!.file.replaceAll("'", "''");
  const ids = await connection.runAndReadAll(
    `SELECT field_id FROM parquet_schema(replace('${out}', '[a]', '[[]a]')) WHERE field_id IS NOT NULL`,
  );
  expect(ids.getRows().map(r => Number(r[0]))).toEqual(fields.map(f => f.id));
  connection.closeSync();
  instance.closeSync();
});

test('split.partitions: names that a folder cannot tell apart', async () => {
  const fields = logFields({ id: 'long', s: 'string' });
  const values = [
    null,
    '',
    'a',
    'A',
    'null',
    '__HIVE_DEFAULT_PARTITION__',
    'x/../y',
    'x'.repeat(5000),
    "q'u",
  ];
  const rows = values.map((s, i) => [BigInt(i), s]);
  const file = at.parquet('names.parquet', fields.slice(0, 2), rows);
  const order = at.order({
    copy: { files: [file] },
    fields,
    key: fields.slice(0, 1),
    partitionBy: [{ source: fields[1]!, transform: 'identity' }],
  });
  const parts = await at.engine.split(order);
  expect(new Set(parts.map(p => p.partition[0]))).toEqual(new Set(values));
  expect(parts).toHaveLength(values.length);
  expect(parts.every(p => p.rows === 1)).toBe(true);
});
