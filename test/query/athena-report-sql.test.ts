import type { Field } from '../../lib/columnar/types';
import { createReportSql } from '../../lib/query/athena/create-report';
import { explainSql } from '../../lib/query/athena/explain';
import { insertReportSql } from '../../lib/query/athena/insert-report';
import { withPlaceholders } from '../../lib/query/athena/placeholders';
import { describeSql, reportSelect } from '../../lib/query/athena/report-select';
import { bindParameters } from '../../lib/query/parameters';

const field = (id: number, name: string, type: Field['type']): Field => ({ id, name, type, required: false });
const FIELDS = [
  field(1, 'a"b', 'int'),
  field(2, 'at', 'timestamp'),
  field(3, 'price', 'decimal(10,2)'),
  field(9, 'report_date', 'date'),
];
const VALUES = {
  report_date: { value: '2021-01-01', type: 'DATE' as const },
  city: { value: "O'Hara", type: 'VARCHAR' as const },
};
const SQL = `SELECT 1, '$1' FROM t WHERE c = {{city}} OR c = {{city}} AND d < {{report_date}} -- the end`;

test('athenaReport.select: every column named and cast, parameters in the order of the text', () => {
  const source = bindParameters(SQL, VALUES, 'r.sql');
  expect(withPlaceholders(reportSelect(source, FIELDS, '2021-01-01'))).toEqual({
    sql: `SELECT CAST(q."a""b" AS integer) AS "a""b", CAST(q."at" AS timestamp(6)) AS "at", CAST(q."price" AS decimal(10,2)) AS "price", CAST(? AS date) AS "report_date" FROM (SELECT 1, '$1' FROM t WHERE c = CAST(? AS VARCHAR) OR c = CAST(? AS VARCHAR) AND d < CAST(? AS DATE) -- the end
) q`,
    params: ['2021-01-01', "O'Hara", "O'Hara", '2021-01-01'],
  });
});

test('athenaReport.describe: no row, and a comment at the end ends', () => {
  expect(describeSql(bindParameters('SELECT 1 -- one;', {}, 'r.sql')).sql).toBe(
    'SELECT * FROM (SELECT 1 -- one;\n) q LIMIT 0',
  );
});

test('athenaReport.create: an Iceberg table at its location, by date', () => {
  expect(
    createReportSql({ database: 'shop', table: 'daily' }, "s3://b/it's", 'SELECT 1'),
  ).toBe(`CREATE TABLE "shop"."daily" WITH (table_type = 'ICEBERG', is_external = false, location = 's3://b/it''s', format = 'PARQUET', partitioning = ARRAY['report_date']) AS
SELECT 1`);
});

test('athenaReport.insert: columns by name', () => {
  expect(insertReportSql({ database: 'shop_staging', table: 'daily_1' }, FIELDS, 'SELECT 1')).toBe(
    'INSERT INTO "shop_staging"."daily_1" ("a""b", "at", "price", "report_date")\nSELECT 1',
  );
});

test('athenaReport.explain: values stand in the text, quoted', () => {
  const { sql, params } = bindParameters(SQL, VALUES, 'r.sql', 'literal');
  expect(params).toEqual([]);
  expect(explainSql(sql)).toBe(
    `EXPLAIN SELECT 1, '$1' FROM t WHERE c = CAST('O''Hara' AS VARCHAR) OR c = CAST('O''Hara' AS VARCHAR) AND d < CAST('2021-01-01' AS DATE) -- the end`,
  );
});
