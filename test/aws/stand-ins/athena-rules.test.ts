import {
  AthenaClient,
  CreateWorkGroupCommand,
  GetQueryExecutionCommand,
  StartQueryExecutionCommand,
  type StartQueryExecutionCommandInput,
  UpdateWorkGroupCommand,
} from '@aws-sdk/client-athena';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { ATHENA, MOTO, standIn } from '../endpoints';
import { trino } from '../trino';
import { athenaRules } from './controls';

const client = new AthenaClient(standIn(ATHENA));
const s3 = new S3Client({ ...standIn(MOTO), forcePathStyle: true });
const place = `stand_ins_rules_${process.pid}`;
const bucket = place.replaceAll('_', '-');
const groups = { own: `${place}_own`, enforcing: `${place}_enforcing`, disabled: `${place}_disabled` };
const OutputLocation = `s3://${bucket}/answers/`;

const iceberg = (more = '', query = 'SELECT 1 a') =>
  `CREATE TABLE t WITH (table_type = 'ICEBERG', is_external = false, location = 's3://${bucket}/t/'${more}) AS ${query}`;
const table = (columns: string, more = '') =>
  `CREATE TABLE made (${columns}) ${more} LOCATION 's3://${bucket}/made/' TBLPROPERTIES ('table_type' = 'ICEBERG')`;

/** Refused before there is a query: the rule, the statement, Athena's words, other arguments of the request. */
const AT_START: [string, string, RegExp, Partial<StartQueryExecutionCommandInput>?][] = [
  ['query.bytes', `SELECT '${'x'.repeat(262_144)}'`, /greater than the maximum allowed/],
  ['token.length', 'SELECT 1', /between 32 and 128/, { ClientRequestToken: 'x'.repeat(31) }],
  ['workgroup.unknown', 'SELECT 1', /not found/, { WorkGroup: 'nobody' }],
  ['workgroup.disabled', 'SELECT 1', /disabled/, { WorkGroup: groups.disabled }],
  [
    'output.missing',
    'SELECT 1',
    /No output location/,
    { ResultConfiguration: undefined, WorkGroup: 'primary' },
  ],
  ['output.scheme', 'SELECT 1', /not a valid S3 path/, { ResultConfiguration: { OutputLocation: '/tmp' } }],
  ['catalog.unknown', 'SELECT 1', /was not found/, { QueryExecutionContext: { Catalog: 'iceberg' } }],
  [
    'reuse.off',
    'SELECT 1',
    /reuse/,
    { ResultReuseConfiguration: { ResultReuseByAgeConfiguration: { Enabled: true } } },
  ],
  [
    'parameters.statement',
    'DELETE FROM t WHERE a = ?',
    /not supported for DELETE/,
    { ExecutionParameters: ['1'] },
  ],
  ['parameters.empty', 'SELECT 1 WHERE 1 = ?', /between 1 and 1024/, { ExecutionParameters: [''] }],
  ['parameters.where', 'SELECT ?', /only in the WHERE clause/, { ExecutionParameters: ['1'] }],
  ['statement.empty', ' -- nothing\n', /must not be empty/],
  ['statement.one', 'SELECT 1; SELECT 2', /Only one sql statement/],
  ['insert.overwrite', 'INSERT OVERWRITE t SELECT 1', /mismatched input 'OVERWRITE'/],
  [
    'qualify',
    'SELECT a FROM t QUALIFY row_number() OVER (ORDER BY a) = 1',
    /line 1:17: mismatched input 'QUALIFY'/,
  ],
  ['verb.unknown', 'SELEC 1', /line 1:1: mismatched input 'SELEC'/],
  ['verb.trino', "CALL iceberg.system.register_table('a', 'b', 'c')", /not supported/],
  ['verb.prepare', 'EXECUTE q USING 1', /not supported/],
  ['alter.execute', 'ALTER TABLE t EXECUTE optimize', /mismatched input 'EXECUTE'/],
  ['alter.rename', 'ALTER TABLE t RENAME TO u', /not supported/],
  ['create.replace.table', 'CREATE OR REPLACE TABLE t AS SELECT 1 a', /mismatched input/],
  ['create.like', 'CREATE TABLE t LIKE u', /not supported/],
  ['create.other', 'CREATE MATERIALIZED VIEW v AS SELECT 1 a', /not supported/],
  ['describe.prepared', 'DESCRIBE OUTPUT q', /not supported/],
  ['show.other', 'SHOW STATS FOR t', /not supported/],
  [
    'with.function',
    'WITH FUNCTION f(x integer) RETURNS integer RETURN x SELECT f(1)',
    /mismatched input 'FUNCTION'/,
  ],
  ['quotes.ddl', 'DROP TABLE "t"', /backticks/],
  ['quotes.dml', 'SELECT `a` FROM t', /backquoted identifiers are not supported/],
  ['metadata.tables', 'SELECT * FROM "t$all_manifests"', /does not exist/],
  ['view.options', 'CREATE OR REPLACE VIEW v SECURITY DEFINER AS SELECT 1 a', /Expecting: 'AS'/],
];

/** Refused once it runs: the rule, the statement, Athena's words, the work group. */
const AT_RUN: [string, string, RegExp, string?][] = [
  [
    'ctas.iceberg.external_location',
    iceberg(", external_location = 's3://b/x/'"),
    /'external_location' is not supported/,
  ],
  [
    'ctas.iceberg.partitioned_by',
    iceberg(", partitioned_by = ARRAY['a']"),
    /'partitioned_by' is not supported/,
  ],
  [
    'ctas.iceberg.is_external',
    iceberg().replace('is_external = false', 'is_external = true'),
    /must be false/,
  ],
  ['ctas.iceberg.location', iceberg().replace(/, location = '.*?'/, ''), /'location' is required/],
  [
    'ctas.hive.properties',
    "CREATE TABLE t WITH (partitioning = ARRAY['a']) AS SELECT 1 a",
    /only supported for Iceberg/,
  ],
  ['ctas.property.unknown', iceberg(", sorted_by = ARRAY['a']"), /'sorted_by' does not exist/],
  [
    'ctas.enforced.external_location',
    `CREATE TABLE t WITH (external_location = 's3://${bucket}/x/') AS SELECT 1 a`,
    /enforces a centralized output location/,
    groups.enforcing,
  ],
  ['names.special', iceberg().replace('TABLE t', 'TABLE "t-1"'), /special character/],
  [
    'create.external.iceberg',
    table('a int').replace('TABLE', 'EXTERNAL TABLE'),
    /External keyword not supported/,
  ],
  ['create.managed', `CREATE TABLE t (a int) LOCATION 's3://${bucket}/t/'`, /Only external tables/],
  ['create.location', table('a int').replace(/LOCATION '.*?'/, ''), /location must be specified/],
  [
    'create.property.unknown',
    table('a int').replace("'ICEBERG'", "'ICEBERG', 'a.b' = 'c'"),
    /Unsupported table property key: a.b/,
  ],
  ['create.types', table('a int, b struct<c:array<tinyint>>'), /Unsupported type for Iceberg: tinyint/],
  ['create.transforms', table('a int', 'PARTITIONED BY (void(a))'), /Unknown partition transform/],
  [
    'types.zone.written',
    iceberg('', 'SELECT now() a'),
    /Unsupported Hive type: timestamp\(3\) with time zone/,
  ],
  [
    'types.zone.target',
    `INSERT INTO zoned SELECT CAST(now() AS timestamp(6) with time zone)`,
    /Unsupported Hive type/,
  ],
  [
    'types.precision',
    iceberg('', 'SELECT ARRAY[localtimestamp] a'),
    /Timestamp precision \(3\) not supported/,
  ],
  ['types.iceberg', iceberg('', "SELECT SMALLINT '1' a"), /Type not supported for Iceberg: smallint/],
  ['types.view', "CREATE VIEW v AS SELECT TIME '10:00:00' a", /Unsupported Hive type: time\(0\)/],
];

const start = (QueryString: string, more: Partial<StartQueryExecutionCommandInput> = {}) =>
  client.send(
    new StartQueryExecutionCommand({
      QueryString,
      WorkGroup: groups.own,
      QueryExecutionContext: { Database: place },
      ResultConfiguration: { OutputLocation },
      ...more,
    }),
  );

async function ended(QueryString: string, WorkGroup = groups.own) {
  const { QueryExecutionId } = await start(QueryString, { WorkGroup });
  for (;;) {
    const { QueryExecution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    const { State, StateChangeReason, AthenaError } = QueryExecution!.Status!;
    if (State !== 'QUEUED' && State !== 'RUNNING')
      return { state: State, reason: StateChangeReason, error: AthenaError };
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

beforeAll(async () => {
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const ResultConfiguration = { OutputLocation };
  const loose = { EnforceWorkGroupConfiguration: false };
  await client.send(new CreateWorkGroupCommand({ Name: groups.own, Configuration: loose }));
  await client.send(
    new CreateWorkGroupCommand({ Name: groups.enforcing, Configuration: { ResultConfiguration } }),
  );
  await client.send(
    new CreateWorkGroupCommand({ Name: groups.disabled, Configuration: { ResultConfiguration } }),
  );
  await client.send(new UpdateWorkGroupCommand({ WorkGroup: groups.disabled, State: 'DISABLED' }));
  await trino(`CREATE SCHEMA awsdatacatalog.${place} WITH (location = 's3://${bucket}/')`, 'default');
  // Trino makes what Athena would not.
  await trino(`CREATE TABLE iceberg.${place}.zoned (at timestamp(6) with time zone)`, place);
}, 60_000);
afterAll(() => {
  client.destroy();
  s3.destroy();
});

test.each(AT_START.map(([rule, sql, words, more]) => ({ rule, sql, words, more })))(
  'rules.start refuses $rule',
  async ({ sql, words, more }) => {
    await expect(start(sql, more)).rejects.toMatchObject({
      name: 'InvalidRequestException',
      message: expect.stringMatching(words),
    });
  },
);

test.each(AT_RUN.map(([rule, sql, words, group]) => ({ rule, sql, words, group })))(
  'rules.run refuses $rule',
  async ({ sql, words, group }) => {
    const outcome = await ended(sql, group);
    expect(outcome).toMatchObject({ state: 'FAILED', reason: expect.stringMatching(words) });
    expect(outcome.error).toMatchObject({ ErrorCategory: 2, Retryable: false });
  },
  30_000,
);

test('rules.complete each rule has a source and a test of its own', async () => {
  const rules = await athenaRules();
  expect(rules.map(({ name }) => name).sort()).toEqual([...AT_START, ...AT_RUN].map(([name]) => name).sort());
  expect(rules.every(({ source }) => source.startsWith('https://'))).toBe(true);
});

/** What stands beside a refused thing and is none: the rules must not be fooled. */
test.each([
  ['a semicolon in a string and at the end', `SELECT ';' AS "a;b" -- ; \n;`],
  ['words of clauses as names', 'SELECT "qualify".a AS qualify FROM (VALUES 1) AS "qualify" (a)'],
  ['time zones that are only looked at', 'SELECT now(), CAST(now() AS time)'],
  ['parameters in strings', `SELECT '?' WHERE 'a' <> '?'`],
  ['dollars in names that are no metadata', 'SELECT 1 AS "$path", 2 AS "a$"'],
  [
    'a cast to the precision Iceberg has',
    iceberg('', 'SELECT CAST(now() AS timestamp(6)) a').replace('TABLE t', 'TABLE u'),
  ],
])(
  'rules.mild %s pass',
  async (_what, sql) => {
    expect(await ended(sql)).toMatchObject({ state: 'SUCCEEDED' });
  },
  30_000,
);

test('rules.engine syntax is refused at the start, a missing table when it runs', async () => {
  await expect(start('-- one\nSELECT 1 FROM')).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: expect.stringMatching(/^line 2:14: mismatched input '<EOF>'/),
  });
  expect(await ended('SELECT * FROM missing')).toMatchObject({
    state: 'FAILED',
    reason: expect.stringMatching(/TABLE_NOT_FOUND/),
  });
  expect(await ended(iceberg('', '\nSELECT\n  1 AS a,\n  nothing AS b'))).toMatchObject({
    state: 'FAILED',
    reason: expect.stringMatching(/^COLUMN_NOT_FOUND: line 4:3/),
  });
}, 30_000);

test('rules.engine refuses more than 100 partitions in one write', async () => {
  const many = (n: number) =>
    iceberg(", partitioning = ARRAY['a']", `SELECT a FROM UNNEST(sequence(1, ${n})) AS x (a)`);
  const outcome = await ended(many(101).replaceAll(/\bt\b(?= |\/)/g, 'many'));
  expect(outcome).toMatchObject({
    state: 'FAILED',
    reason: expect.stringMatching(/TOO_MANY_OPEN_PARTITIONS/),
  });
}, 60_000);
