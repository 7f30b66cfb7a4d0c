import type { FormatKind, FormatOptions } from '../formats/format';

/** What a user writes in tidemark.config.ts; every option is explained in docs/config.md. */
export interface LakeConfig {
  /** Lower case letters, digits and hyphens: names the lake's stack, bucket prefix and catalog database. */
  name: string;
  /** An IANA time zone: a date ends when it ends here. Default: UTC. */
  timezone?: string;
  /** By table name: lower case letters, digits and underscores. */
  tables: Record<string, TableConfig>;
  /** By a name of your own: where changes come from besides files. */
  sources?: Record<string, SourceConfig>;
  /** By report name, which is the report's table name too. */
  reports?: Record<string, ReportConfig>;
  /** What happens to a file with a row that cannot be read. Default: quarantineFile. */
  onBadRow?: OnBadRow;
  /** A source table that no table takes in: it waits in quarantine, or comes in as strings. Default: refuse. */
  undeclared?: 'refuse' | 'strings';
  limits?: LimitsConfig;
  /** How the lake stands in an AWS account. */
  deploy?: DeployConfig;
}

export type OnBadRow = 'quarantineRow' | 'quarantineFile';
export type ConfigValue = string | number | boolean;

export interface TableConfig {
  /** merge: the newest change of a key wins. append: every row is kept and there is no key. Default: merge. */
  mode?: 'merge' | 'append';
  /** Columns that identify a row, in sort order. Required for merge. */
  key?: string[];
  /** Column types by name, in the order of headerless files; SQL or Iceberg names. Others: from the source. */
  columns?: Record<string, string>;
  /** `month(created_at)`, `bucket(16, id)`, `truncate(4, zip)`, `region` ... Default: not partitioned. */
  partitionBy?: string[];
  /** A row with this value is a delete. Default: the op column of the format. */
  deletedWhen?: { column: string; equals: ConfigValue | null };
  /** `schema.table` or `table` at the source. Default: the table's own name, in any schema. */
  from?: string;
  /** Only source rows with these values come in. */
  where?: Record<string, ConfigValue>;
  /** Columns that never enter the lake. */
  omit?: string[];
  /** Other names under which sources bring a column: `{ user_agent: ['User-Agent'] }`. */
  aliases?: Record<string, string[]>;
  /** Columns that are not declared: taken in as strings, or left out. Default: take. */
  others?: 'take' | 'omit';
  /** Columns made of a record of a stream itself. */
  record?: RecordConfig;
  /** How long deltas may wait for a merge: `30 seconds`, `1 minute`, `2 hours`. Default: 1 minute. */
  freshness?: string;
  /** What a column missing from a DMS stream record means. Default: null. */
  absent?: 'null' | 'unchanged';
  /** Default: the lake's. */
  onBadRow?: OnBadRow;
  /** How this table's files are written; overrides what their names and bytes suggest. */
  format?: FormatConfig;
  /** On AWS: metrics of this table's own, and an alarm when its changes wait too long. Default: false. */
  watch?: boolean;
  /** How a copy of the whole table is taken in (`tidemark load`). */
  load?: LoadConfig;
  /** The Avro schema that rows in Avro are read as, or its file (`.avsc`). Default: as they were written. */
  reader?: string | object;
}

export interface RecordConfig {
  /** The column that holds the record's text as it came. */
  text?: string;
  /** The column that holds when the record arrived. */
  arrivedAt?: string;
}

export interface LoadConfig {
  /** Declared columns that the copy lacks, in order: the name of a column, or an expression of DuckDB over columns. */
  derive?: Record<string, string>;
  /** How rows stand in the table's files. Default: by the key; other orders make merges read more. */
  sortBy?: LoadSort[];
  /** Counted where it is not NULL, before and after. Default: the first column of the key. */
  countOn?: string;
  /** When rows of the copy share a key. Default: refuse. */
  duplicateKeys?: 'refuse' | { newestBy: string };
  /** Bytes of the copy's files at which a task of splitting closes. Default: 100 MB. */
  groupBytes?: number;
  /** Bytes at which a data file of the table closes. Default: limits.fileBytesMax. */
  packBytes?: number;
}

export interface LoadSort {
  column: string;
  /** Default: false. */
  descending?: boolean;
}

export interface FormatConfig extends FormatOptions {
  kind?: FormatKind;
}

/** Exactly one of `table` (the table as it was at the end of the date) and `sql` (a file beside the config). */
export interface ReportConfig {
  table?: string;
  sql?: string;
  /** daily: date d is built once d has ended in the lake's time zone. Default: only when asked for. */
  schedule?: 'daily';
  /** Values for `{{name}}` in the SQL; bound, never pasted. `{{report_date}}` is always there. */
  params?: Record<string, string>;
}

export type SourceConfig = DmsS3Source | DmsKinesisSource | MysqlSource | HttpSource | KinesisSource;

/** What a replication by AWS DMS is told, whatever its target. Secrets are named, never written into the config. */
interface DmsSource {
  /** Tables by schema: `{ hr: ['employees'] }`. */
  schemas: Record<string, string[]>;
  /** A secret with `host`, `port`, `username` and `password` of the MySQL database. */
  secretArn: string;
  /** The key of the account that encrypts the secret. Default: AWS's own. */
  secretKmsKeyArn?: string;
  /** The longest text or blob, in KiB: DMS cuts off what is beyond it, and says so only in its log. Default: 1024. */
  lobKiBMax?: number;
  /** Where the replication runs. Default: a small VPC of its own, without a way to the internet. */
  vpc?: VpcConfig;
  /** Least and most capacity units (2 GB of memory each). Default: 1 and 2. */
  capacity?: DmsCapacity;
  /** A certificate in DMS with the database's authority; the connection is encrypted only with it. */
  certificateArn?: string;
  /** DMS's two roles of fixed names, one of each in an account: `exist` where DMS was used before. Default: create. */
  accountRoles?: 'create' | 'exist';
}

/** DMS writes files into the landing bucket. */
export interface DmsS3Source extends DmsSource {
  kind: 'dms-s3';
  /** Default: parquet. */
  fileFormat?: 'parquet' | 'csv';
}

/** DMS writes records into a stream of this config. */
export interface DmsKinesisSource extends DmsSource {
  kind: 'dms-kinesis';
  /** The name of a source of kind kinesis, format dms. */
  stream: string;
}

export interface DmsCapacity {
  min?: DmsCapacityUnits;
  max?: DmsCapacityUnits;
}
export type DmsCapacityUnits = 1 | 2 | 4 | 8 | 16 | 32 | 64 | 128 | 192 | 256 | 384;

export interface MysqlSource {
  kind: 'mysql';
  host: string;
  /** Default: 3306. */
  port?: number;
  secretArn?: string;
  /** `schema.table`, `*` for any: `['shop.*']`. */
  tables: string[];
  vpc?: VpcConfig;
}

/** Events that are posted to `/events/{table}`. */
export interface HttpSource {
  kind: 'http';
  /** The source tables to which events may be posted, as `from` names them. Default: those of append tables. */
  tables?: string[];
  /** The kinesis source that keeps them. Default: a stream of its own. */
  stream?: string;
  /** Who may post. Default: iam. */
  authorizer?: 'iam' | 'none' | { jwt: { issuer: string; audience: string[] } };
  /** Requests a second, and how many at once. Default: 1000 and 2000. */
  throttle?: { rate?: number; burst?: number };
  /** Bytes of a request's body. Default: 1 MiB. */
  bodyBytesMax?: number;
}

export interface KinesisSource {
  kind: 'kinesis';
  /** How its records are written. Default: auto, each record tells it by its shape. */
  format?: 'auto' | 'dms' | 'debezium' | 'service-event' | 'event' | 'json' | 'avro';
  /** An existing stream; default: one of the lake's own. */
  streamArn?: string;
  /** The key of the account that encrypts the stream of `streamArn`. Default: AWS's own. */
  streamKmsKeyArn?: string;
  /** Of the lake's own stream; `on-demand` has as many as it needs. Default: 1. */
  shards?: number | 'on-demand';
  /** How many days the lake's own stream keeps a record. Default: 7. */
  retentionDays?: number;
}

/** Ids of what is there already: at least two subnets in two zones, with a way to the database and to AWS. */
export interface VpcConfig {
  vpcId: string;
  subnetIds?: string[];
  securityGroupIds?: string[];
}

export interface DeployConfig {
  /** A key of the account that encrypts buckets, ledger and streams. Default: AWS's own keys. */
  kmsKeyArn?: string;
  /** Who decides what may be read: IAM alone, or Lake Formation too. Default: iam. */
  permissions?: 'iam' | 'lake-formation';
  /** Told of every alarm, once the person there has confirmed. */
  alarmEmail?: string;
  /** What one query of a person may read, in GiB. Default: 100. */
  scanLimitGiB?: number;
  /** Files that arrive within this many seconds make one merge. Default: 15. */
  windowSeconds?: number;
  /** Copies of tables are loaded in the account (`tidemark load --target aws`). Default: they are not. */
  loads?: DeployLoadsConfig;
}

export interface DeployLoadsConfig {
  /** Where copies stand: `s3://bucket/prefix/`. Nothing else is read. */
  from: string[];
  /** Keys of the account that encrypt those copies; an RDS export has one always. Default: none. */
  kmsKeyArns?: string[];
  /** Workers that split and pack at once, 1000 at most. Default: 20. */
  workers?: number;
}

/** Upper bounds of what is held or written at once; memory follows them, not the size of files. */
export interface LimitsConfig {
  /** Rows a Parquet row group has at most. Default: 131072. */
  rowGroupRowsMax?: number;
  /** Bytes of a row group, in memory. Default: 8 MiB. */
  rowGroupBytesMax?: number;
  /** Bytes of a data file of a current table. Default: 128 MiB. */
  fileBytesMax?: number;
  /** Rows of a delta; a longer source becomes several. Default: 250,000. */
  deltaRowsMax?: number;
  /** Bytes of a delta's rows in memory. Default: 24 MiB. */
  deltaBytesMax?: number;
  /** Rows one merge takes from the log; what is left waits for the next. Default: 250,000. */
  mergeRowsMax?: number;
  /** Bytes of the deltas one merge takes, in memory. Default: 24 MiB. */
  mergeBytesMax?: number;
}

/** Gives a config its types while you write it; returns it as it is. It is checked when it is loaded. */
export function defineLake(config: LakeConfig): LakeConfig {
  return config;
}
