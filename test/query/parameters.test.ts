import { bindParameters } from '../../lib/query/parameters';

const VALUES = {
  report_date: { value: '2021-01-01', type: 'DATE' as const },
  city: { value: "O'Hara", type: 'VARCHAR' as const },
};
const bind = (sql: string) => bindParameters(sql, VALUES, 'r.sql');

test('parameters.bound: typed, numbered by first use, repeated ones once', () => {
  expect(bind('SELECT {{city}}, {{ report_date }}, {{city}}')).toEqual({
    sql: 'SELECT CAST($1 AS VARCHAR), CAST($2 AS DATE), CAST($1 AS VARCHAR)',
    params: ["O'Hara", '2021-01-01'],
  });
});

test('parameters.comments: stay as they are', () => {
  const sql = 'SELECT 1 -- {{nobody}} it\'s\n/* {{nobody}} " */ FROM t';
  expect(bind(sql)).toEqual({ sql, params: [] });
});

test.each([
  ['SELECT 1;', 'SELECT 1 '],
  ['SELECT 1; -- done;\n', 'SELECT 1  -- done;\n'],
  ["SELECT ';' -- ;", "SELECT ';' -- ;"],
  ["SELECT ';'", "SELECT ';'"],
])('parameters.semicolon: %s', (sql, expected) => {
  expect(bind(sql).sql).toBe(expected);
});

test.each([
  ['SELECT\n\n {{date}}', 'TM_6007', 'r.sql:3'],
  ["SELECT 'it''s {{city}}'", 'TM_6008', 'r.sql:1'],
  ['SELECT "{{city}}"', 'TM_6008', 'r.sql:1'],
  ["SELECT 'a", 'TM_6009', 'r.sql:1'],
  ["SELECT '", 'TM_6009', 'r.sql:1'],
  ["SELECT 'it''", 'TM_6009', 'r.sql:1'],
  ['SELECT /*/', 'TM_6009', 'r.sql:1'],
  ['SELECT {{constructor}}', 'TM_6007', 'r.sql:1'],
])('parameters.refused: %s', (sql, code, where) => {
  expect(() => bind(sql)).toThrow(expect.objectContaining({ code, where }));
});
