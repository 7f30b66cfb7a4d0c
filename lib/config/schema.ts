import { z } from 'zod';
import { icebergTypeOf, TYPE_MAP } from '../columnar/type-map';
import { parseDuration } from './duration';
import { suggestion } from './nearest';
import { show } from './problems';

const text = z.string().min(1);
const value = z.union([z.string(), z.number(), z.boolean()]);
const onBadRow = z.enum(['quarantineRow', 'quarantineFile']);
/** One byte to the tokenizer, and none that ends a row. */
const oneCharacter = z.string().refine(s => s.length === 1 && s < '\x80' && s !== '\n' && s !== '\r', {
  error: issue => `${show(issue.input)} is not one ASCII character; give one, such as ";" or "\\t"`,
});

const typeNames = new Set(
  TYPE_MAP.flatMap(row => [...row.mysql, ...row.also, row.iceberg.replace('(P,S)', '(10,2)')]),
);

/** A column's declared type, mapped to the lake's. */
const columnType = z.string().transform((name, context) => {
  const type = icebergTypeOf(name);
  if (type === undefined) {
    const fix = suggestion(name, typeNames, '; use a type such as "bigint", "decimal(10,2)" or "string"');
    context.issues.push({ code: 'custom', input: name, message: `${show(name)} is not a type${fix}` });
    return z.NEVER;
  }
  return type;
});

/** A duration, in milliseconds. */
const duration = z.string().transform((words, context) => {
  const ms = parseDuration(words);
  if (ms === undefined) {
    const message = `${show(words)} is not a duration; write "30 seconds", "1 minute" or "2 hours"`;
    context.issues.push({ code: 'custom', input: words, message });
    return z.NEVER;
  }
  return ms;
});

const timezone = z.string().refine(isTimezone, {
  error: issue => {
    const zones = Intl.supportedValuesOf('timeZone');
    const fix = suggestion(String(issue.input), zones, '; use an IANA name such as "UTC" or "Europe/Berlin"');
    return `${show(issue.input)} is not a time zone${fix}`;
  },
});

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const format = z.strictObject({
  kind: z.enum(['csv', 'dms-csv', 'dms-parquet', 'json-lines']).optional(),
  delimiter: oneCharacter.optional(),
  quote: oneCharacter.optional(),
  header: z.boolean().optional(),
  nullLiteral: z.string().optional(),
  quotedEmptyIsNull: z.boolean().optional(),
  decimalComma: z.boolean().optional(),
  opColumn: text.optional(),
  timestampColumn: text.optional(),
  sequenceColumn: text.optional(),
  load: z.boolean().optional(),
  rowBytesMax: z.int().positive().optional(),
});

const isObject = (value: unknown) => typeof value === 'object' && value !== null;

const load = z.strictObject({
  derive: z.record(text, text).default({}),
  sortBy: z.array(z.strictObject({ column: text, descending: z.boolean().default(false) })).default([]),
  countOn: text.optional(),
  duplicateKeys: z.union([z.literal('refuse'), z.strictObject({ newestBy: text })]).default('refuse'),
  groupBytes: z.int().positive().default(100_000_000),
  packBytes: z.int().positive().optional(),
});

const table = z.strictObject({
  mode: z.enum(['merge', 'append']).default('merge'),
  key: z.array(text).optional(),
  columns: z.record(text, columnType).default({}),
  partitionBy: z.array(text).default([]),
  deletedWhen: z.strictObject({ column: text, equals: value.nullable() }).optional(),
  from: text.optional(),
  where: z.record(text, value).optional(),
  omit: z.array(text).default([]),
  aliases: z.record(text, z.array(text).min(1)).default({}),
  others: z.enum(['take', 'omit']).default('take'),
  record: z.strictObject({ text: text.optional(), arrivedAt: text.optional() }).default({}),
  freshness: duration.default(60_000),
  absent: z.enum(['null', 'unchanged']).default('null'),
  onBadRow: onBadRow.optional(),
  format: format.optional(),
  watch: z.boolean().default(false),
  load: load.prefault({}),
  reader: z.union([text, z.custom<object>(isObject)]).optional(),
});

const report = z.strictObject({
  table: text.optional(),
  sql: text.optional(),
  schedule: z.literal('daily').optional(),
  params: z.record(text, z.string()).optional(),
});

const vpc = z.strictObject({
  vpcId: text,
  subnetIds: z.array(text).optional(),
  securityGroupIds: z.array(text).optional(),
});

const capacityUnits = z.literal([1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384]);
const dms = {
  schemas: z.record(text, z.array(text)),
  secretArn: text,
  secretKmsKeyArn: text.optional(),
  // DMS takes no more than 100 MiB.
  lobKiBMax: z.int().positive().max(102_400).default(1024),
  certificateArn: text.optional(),
  vpc: vpc.optional(),
  capacity: z.strictObject({ min: capacityUnits.default(1), max: capacityUnits.default(2) }).prefault({}),
  accountRoles: z.enum(['create', 'exist']).default('create'),
};

const source = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('dms-s3'),
    ...dms,
    fileFormat: z.enum(['parquet', 'csv']).default('parquet'),
  }),
  z.strictObject({ kind: z.literal('dms-kinesis'), ...dms, stream: text }),
  z.strictObject({
    kind: z.literal('mysql'),
    host: text,
    port: z.int().positive().max(65535).default(3306),
    secretArn: text.optional(),
    tables: z.array(text),
    vpc: vpc.optional(),
  }),
  z.strictObject({
    kind: z.literal('http'),
    tables: z.array(text).min(1).optional(),
    stream: text.optional(),
    authorizer: z
      .union([
        z.enum(['iam', 'none']),
        z.strictObject({ jwt: z.strictObject({ issuer: text, audience: z.array(text).min(1) }) }),
      ])
      .default('iam'),
    throttle: z
      .strictObject({
        rate: z.int().positive().default(1000),
        burst: z.int().positive().default(2000),
      })
      .prefault({}),
    bodyBytesMax: z.int().positive().max(6_000_000).default(1_048_576),
  }),
  z.strictObject({
    kind: z.literal('kinesis'),
    format: z.enum(['auto', 'dms', 'debezium', 'service-event', 'event', 'json', 'avro']).default('auto'),
    streamArn: text.optional(),
    streamKmsKeyArn: text.optional(),
    shards: z.union([z.int().positive(), z.literal('on-demand')]).optional(),
    retentionDays: z.int().min(1).max(365).optional(),
  }),
]);

const loads = z.strictObject({
  from: z.array(text).min(1),
  kmsKeyArns: z.array(text).default([]),
  // A Distributed Map's own bound is 10,000; an account's functions run 1,000 at once, if nobody asked for more.
  workers: z.int().min(1).max(1000).default(20),
});

/** A window is shorter than the five minutes for which SQS remembers it; Athena's least limit is 10 MB. */
const deploy = z.strictObject({
  kmsKeyArn: text.optional(),
  permissions: z.enum(['iam', 'lake-formation']).default('iam'),
  alarmEmail: text.optional(),
  scanLimitGiB: z.number().min(0.01).default(100),
  windowSeconds: z.int().min(1).max(240).default(15),
  loads: loads.optional(),
});

const MiB = 1024 * 1024;
const atMost = (limit: number) => z.int().positive().default(limit);
const limits = z.strictObject({
  rowGroupRowsMax: atMost(131_072),
  rowGroupBytesMax: atMost(8 * MiB),
  fileBytesMax: atMost(128 * MiB),
  deltaRowsMax: atMost(250_000),
  deltaBytesMax: atMost(24 * MiB),
  mergeRowsMax: atMost(250_000),
  mergeBytesMax: atMost(24 * MiB),
});

/** The shape of a config, value by value; what several values must have in common is checked after it (check.ts). */
export const lakeSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,49}$/, {
    error: issue =>
      `${show(issue.input)} is not a lake name; use lower case letters, digits and hyphens (50 at most), starting with a letter`,
  }),
  timezone: timezone.default('UTC'),
  tables: z.record(z.string(), table),
  sources: z.record(text, source).default({}),
  reports: z.record(z.string(), report).default({}),
  onBadRow: onBadRow.default('quarantineFile'),
  undeclared: z.enum(['refuse', 'strings']).default('refuse'),
  limits: limits.prefault({}),
  deploy: deploy.prefault({}),
});

export type LakeShape = z.output<typeof lakeSchema>;
export type TableShape = LakeShape['tables'][string];
export type SourceShape = LakeShape['sources'][string];
export type LoadShape = TableShape['load'];
export type DeployShape = LakeShape['deploy'];
