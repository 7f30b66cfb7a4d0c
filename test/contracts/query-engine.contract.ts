import type { Cell, QueryEngine } from '../../lib/ports/query-engine';

export interface QueryEngineHarness {
  engine(): QueryEngine;
  /** A relation of one column `n`, the bigints 1 to `count`. */
  numbers(count: number): string;
  /** The bytes ab 00. */
  readonly binary: string;
  /** 2021-01-01 08:00 UTC with microseconds and a zone. */
  readonly zoned: string;
}

const row = async (engine: QueryEngine, sql: string, params: Cell[] = []) =>
  (await engine.rows({ sql, params })).rows[0];

/** The rules of lib/ports/query-engine.ts, for every engine. */
export function queryEngineContract(name: string, harness: QueryEngineHarness): void {
  test.each<[string, Cell, string]>([
    ['CAST(9007199254740993 AS BIGINT)', 9007199254740993n, 'BIGINT'],
    ['CAST(-1 AS BIGINT)', -1n, 'BIGINT'],
    ['CAST(1 AS INTEGER)', 1, 'INTEGER'],
    ['CAST(1 AS SMALLINT)', 1, 'SMALLINT'],
    ['CAST(1.5 AS DOUBLE)', 1.5, 'DOUBLE'],
    ['CAST(1e300 AS DOUBLE)', 1e300, 'DOUBLE'],
    ['CAST(0.5 AS REAL)', 0.5, 'FLOAT'],
    ["CAST('NaN' AS DOUBLE)", Number.NaN, 'DOUBLE'],
    ["CAST('-Infinity' AS DOUBLE)", Number.NEGATIVE_INFINITY, 'DOUBLE'],
    ['CAST(12.5 AS DECIMAL(38,2))', '12.50', 'DECIMAL(38,2)'],
    ["CAST('18446744073709551615' AS DECIMAL(20,0))", '18446744073709551615', 'DECIMAL(20,0)'],
    ['true', true, 'BOOLEAN'],
    ['false', false, 'BOOLEAN'],
    ["'NULL'", 'NULL', 'VARCHAR'],
    ["''", '', 'VARCHAR'],
    [`'a "b" ''c'', é\n\\ 🐟'`, `a "b" 'c', é\n\\ 🐟`, 'VARCHAR'],
    ['CAST(NULL AS BIGINT)', null, 'BIGINT'],
    ['CAST(NULL AS VARCHAR)', null, 'VARCHAR'],
    ["DATE '0001-01-01'", '0001-01-01', 'DATE'],
    ["CAST('2021-01-01 10:00:00' AS TIMESTAMP(6))", '2021-01-01 10:00:00', 'TIMESTAMP'],
    ["CAST('1969-12-31 23:59:59.999999' AS TIMESTAMP(6))", '1969-12-31 23:59:59.999999', 'TIMESTAMP'],
    ["CAST('2021-01-01 10:00:00.500' AS TIMESTAMP(6))", '2021-01-01 10:00:00.5', 'TIMESTAMP'],
  ])(`${name}.cell: %s`, async (sql, expected, type) => {
    const { columns, rows } = await harness.engine().rows({ sql: `SELECT ${sql} AS x` });
    expect({ columns, rows }).toEqual({ columns: [{ name: 'x', type }], rows: [[expected]] });
  });

  test(`${name}.cell: binary in hex, a zone as +00`, async () => {
    const { columns, rows } = await harness
      .engine()
      .rows({ sql: `SELECT ${harness.binary} AS b, ${harness.zoned} AS z` });
    expect(columns.map(c => c.type)).toEqual(['BLOB', 'TIMESTAMP WITH TIME ZONE']);
    expect(rows).toEqual([['ab00', '2021-01-01 08:00:00+00']]);
  });

  test(`${name}.params: bound, whatever they hold, in any order and more than once`, async () => {
    const text = `'; DROP TABLE x; -- "{{a}}" $1 ? \\`;
    const sql = `SELECT CAST($2 AS VARCHAR), '$1', CAST($1 AS BIGINT) + CAST($1 AS BIGINT), CAST($3 AS VARCHAR) -- $4`;
    expect(await row(harness.engine(), sql, [7n, text, null])).toEqual([text, '$1', 14n, null]);
  });

  test(`${name}.params: numbers and booleans are typed`, async () => {
    const sql = 'SELECT CAST($1 AS DOUBLE), CAST($2 AS INTEGER), CAST($3 AS BOOLEAN), CAST($4 AS BIGINT)';
    expect(await row(harness.engine(), sql, [1.5e-7, -3, false, 9007199254740993n])).toEqual([
      1.5e-7,
      -3,
      false,
      9007199254740993n,
    ]);
  });

  test(`${name}.rows: a row that looks like the column names is a row`, async () => {
    const { columns, rows } = await harness.engine().rows({ sql: "SELECT 'a' AS a, 'b' AS b" });
    expect(columns.map(c => c.name)).toEqual(['a', 'b']);
    expect(rows).toEqual([['a', 'b']]);
  });

  test(`${name}.rows: none, with their columns`, async () => {
    const { columns, rows } = await harness
      .engine()
      .rows({ sql: `SELECT n, CAST(n AS VARCHAR) AS "a ""b""" FROM (${harness.numbers(3)}) t WHERE n > 5` });
    expect(columns).toEqual([
      { name: 'n', type: 'BIGINT' },
      { name: 'a "b"', type: 'VARCHAR' },
    ]);
    expect(rows).toEqual([]);
  });

  test(`${name}.stream: every row once, in order, in pieces`, async () => {
    const { columns, batches } = await harness
      .engine()
      .stream({ sql: `SELECT n FROM (${harness.numbers(3003)}) t ORDER BY n` });
    const pieces: bigint[][] = [];
    for await (const batch of batches) pieces.push(batch.map(([n]) => n as bigint));
    expect(columns).toEqual([{ name: 'n', type: 'BIGINT' }]);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.flat()).toEqual(Array.from({ length: 3003 }, (_, i) => BigInt(i + 1)));
  });

  test(`${name}.stream: two that are read in turns, and whole answers meanwhile, cut nothing off`, async () => {
    const engine = harness.engine();
    const begin = async (count: number) => {
      const sql = `SELECT n FROM (${harness.numbers(count)}) t ORDER BY n`;
      return (await engine.stream({ sql })).batches[Symbol.asyncIterator]();
    };
    const [one, other] = [await begin(9000), await begin(7001)];
    const counts = [0, 0];
    for (let reading = [one, other]; reading.length > 0; ) {
      for (const batches of [...reading]) {
        const { done, value } = await batches.next();
        if (done) reading = reading.filter(r => r !== batches);
        else counts[batches === one ? 0 : 1]! += value.length;
      }
      expect(await row(engine, 'SELECT CAST(1 AS INTEGER) AS x')).toEqual([1]);
    }
    expect(counts).toEqual([9000, 7001]);
  });

  test(`${name}.rows: many at once each get their own`, async () => {
    const asked = Array.from({ length: 8 }, (_, i) =>
      harness
        .engine()
        .rows({ sql: `SELECT n FROM (${harness.numbers(3000)}) t WHERE n > ${i} * 100 ORDER BY n` }),
    );
    expect((await Promise.all(asked)).map(({ rows }) => rows.length)).toEqual(
      asked.map((_, i) => 3000 - i * 100),
    );
  });

  test(`${name}.describe: columns and types, parameters bound, nothing run`, async () => {
    const sql = `SELECT n, CAST(n AS DECIMAL(10,2)) / 3 > 1 AS big, CAST($1 AS DATE) AS d FROM (${harness.numbers(3)}) t -- end`;
    const columns = await harness.engine().describe({ sql, params: ['2021-01-01'] });
    expect(columns).toEqual([
      { name: 'n', type: 'BIGINT' },
      { name: 'big', type: 'BOOLEAN' },
      { name: 'd', type: 'DATE' },
    ]);
  });

  test.each([
    ['SELECT 1', true],
    ['  WITH a AS (SELECT 1 AS x) SELECT * FROM a;  -- done', true],
    ['/* ; */ SELECT \';\' AS ";"', true],
    ['(SELECT 1) UNION ALL (SELECT 2)', true],
    ['EXPLAIN SELECT 1', true],
    ['SELECT 1; SELECT 2', false],
    ["SELECT 1; DELETE FROM x WHERE a = ';'", false],
    ['CREATE TABLE x AS SELECT 1 AS a', false],
    ['DROP TABLE IF EXISTS no_such_table', false],
  ])(`${name}.readsOnly: %s`, async (sql, expected) => {
    expect(await harness.engine().readsOnly({ sql })).toBe(expected);
  });

  test(`${name}.errors: the engine's own words, line included`, async () => {
    const failing = harness.engine().rows({ sql: 'SELECT 1,\n  no_such_function(2)' });
    await expect(failing).rejects.toMatchObject({ code: 'TM_6001', what: expect.stringMatching(/line 2/i) });
    const running = harness
      .engine()
      .rows({ sql: `SELECT CAST(CAST(n AS VARCHAR) || 'x' AS BIGINT) FROM (${harness.numbers(2)}) t` });
    await expect(running).rejects.toMatchObject({ code: 'TM_6001' });
  });
}
