export type {
  DeployConfig,
  DmsKinesisSource,
  DmsS3Source,
  FormatConfig,
  HttpSource,
  KinesisSource,
  LakeConfig,
  LimitsConfig,
  MysqlSource,
  ReportConfig,
  SourceConfig,
  TableConfig,
  VpcConfig,
} from './config/define';
export { defineLake } from './config/define';
export { TidemarkError } from './errors';
