export type { LakeConfig } from './config/define';
export { loadConfigSync as loadConfig } from './config/load-sync';
export type { ResolvedLake } from './config/resolved';
export { Dms, type DmsProps } from './constructs/dms/dms';
export { Lake, type LakeProps } from './constructs/lake';
export { Pipeline, type PipelineProps } from './constructs/pipeline/pipeline';
export { Storage, type StorageProps } from './constructs/storage/storage';
