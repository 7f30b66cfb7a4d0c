import type { ResolvedLake, ResolvedSource } from './resolved';
import { streamSources } from './stream-sources';

/** What functions read of a config; what only a deploy needs stays out, ids and ARNs of secrets among it. */
export interface DeployedLake extends Omit<ResolvedLake, 'deploy' | 'sources'> {
  readonly sources: Record<string, DeployedSource>;
}

export type DeployedSource = ResolvedSource extends infer S
  ? S extends ResolvedSource
    ? Omit<S, OnlyDeployed>
    : never
  : never;

type OnlyDeployed =
  | ('secretArn' | 'secretKmsKeyArn' | 'certificateArn' | 'lobKiBMax' | 'vpc' | 'capacity' | 'accountRoles')
  | ('streamArn' | 'streamKmsKeyArn' | 'authorizer' | 'throttle');

/** The report's SQL beside the config of a deployed lake, as `sqlFile` names it. */
export const deployedSqlFile = (report: string) => `reports/${report}.sql`;

/** The config as it travels with the functions: every path is relative to the folder it stands in. */
export function deployedConfig(lake: ResolvedLake): DeployedLake {
  const { deploy: _, ...rest } = lake;
  return {
    ...rest,
    folder: '.',
    reports: lake.reports.map(report =>
      report.sqlFile === undefined ? report : { ...report, sqlFile: deployedSqlFile(report.name) },
    ),
    sources: Object.fromEntries(Object.entries(lake.sources).map(([name, s]) => [name, deployedSource(s)])),
  };
}

/** By hand, kind by kind: an ARN made by the CDK is not known yet when the config is written. */
function deployedSource(source: ResolvedSource): DeployedSource {
  switch (source.kind) {
    case 'dms-s3':
      return { kind: source.kind, schemas: source.schemas, fileFormat: source.fileFormat };
    case 'dms-kinesis':
      return { kind: source.kind, schemas: source.schemas, stream: source.stream };
    case 'mysql':
      return { kind: source.kind, host: source.host, port: source.port, tables: source.tables };
    case 'kinesis':
      return { kind: source.kind, format: source.format };
    case 'http':
      return {
        kind: source.kind,
        bodyBytesMax: source.bodyBytesMax,
        ...(source.stream === undefined ? {} : { stream: source.stream }),
      };
  }
}

/** The lake's stacks, in the order of their deploy; `dms` only where the config names such a source. */
export const stackNames = (lake: string) => ({
  storage: `${lake}-storage`,
  pipeline: `${lake}-pipeline`,
  dms: `${lake}-dms`,
});

/** Glue takes no hyphens without quotes. `staging` holds tables that wait to be adopted; nobody is granted it. */
export const databaseNames = (lake: string) => {
  const tables = lake.replaceAll('-', '_');
  return { tables, staging: `${tables}_staging` };
};

/** Athena's workgroups: one for people, with a limit, and the lake's own. */
export const workgroupNames = (lake: string) => ({ people: lake, system: `${lake}-system` });

/** What the command line finds a deployed lake by. A stream's key is `Stream` and its source's name. */
export type OutputKey =
  | 'LandingBucket'
  | 'LakeBucket'
  | 'ResultsBucket'
  | 'LogsBucket'
  | 'Ledger'
  | 'Database'
  | 'StagingDatabase'
  | 'Workgroup'
  | 'SystemWorkgroup'
  | 'IngestQueue'
  | 'IngestDeadLetters'
  | 'MergeQueue'
  | 'MergeDeadLetters'
  | 'ReportQueue'
  | 'ReportDeadLetters'
  | 'AlarmTopic'
  | 'LoadMachine'
  | 'QueryPolicy'
  | `Stream${string}`
  | `Intake${string}`;

/** The output that says where an http source takes events: the address before `/events/<table>`. */
export const intakeKey = (source: string): OutputKey => `Intake${pascal(source)}`;

/** The output that names a source's stream. */
export const streamKey = (source: string): OutputKey => `Stream${pascal(source)}`;

/** What stays when a lake's stacks go, Glue's databases beside it. The names are those of the outputs too. */
export type RetainedKey = Extract<
  OutputKey,
  'LandingBucket' | 'LakeBucket' | 'ResultsBucket' | 'LogsBucket' | 'Ledger' | `Stream${string}`
>;

/** Retained resources that a new deploy takes in, by the names they have in the account. */
export type Adopted = { readonly [key in RetainedKey]?: string };

/** Where `tidemark adopt` keeps them, beside the config: every later deploy needs them too. */
export const ADOPTED_FILE = 'tidemark.adopted.json';

/** What a deploy of the config retains, by the parts of its names. */
export function retainedKeys(lake: Pick<ResolvedLake, 'sources'>): RetainedKey[] {
  const streams = streamSources(lake)
    .filter(([, source]) => source.streamArn === undefined)
    .map(([name]) => streamKey(name) as RetainedKey);
  return ['LandingBucket', 'LakeBucket', 'ResultsBucket', 'LogsBucket', 'Ledger', ...streams];
}

/** An output's name: two lakes may stand in one stack. `my-shop`, LakeBucket -> `MyShopLakeBucket`. */
export const outputName = (lake: string, key: OutputKey) => pascal(lake) + key;

/** `my-shop` -> `MyShop`, for names that take neither hyphens nor underscores. */
export function pascal(name: string): string {
  return name.replace(/(?:^|[^A-Za-z0-9]+)([A-Za-z0-9]?)/g, (_, first: string) => first.toUpperCase());
}

/** Where Lambda puts batches of a stream that failed for good, under names of its own, in the lake's bucket. */
export const FAILED_BATCHES = 'aws/lambda/';
