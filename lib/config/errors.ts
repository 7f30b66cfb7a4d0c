import { TidemarkError } from '../errors';

/** One thing wrong in a config: where it stands (`tables.orders.columns.zip`), its value and a fix. */
export interface Problem {
  readonly path: string;
  readonly message: string;
}

/** A config that loads but cannot be used; `problems` lists everything found, in the order of the file. */
export class ConfigError extends TidemarkError {
  constructor(
    file: string,
    readonly problems: readonly Problem[],
  ) {
    const lines = problems.map(problem => (problem.path ? `${problem.path}: ` : '') + problem.message);
    const what =
      lines.length === 1 ? lines[0]! : `${lines.length} problems\n${lines.map(l => `  ${l}\n`).join('')}`;
    super('TM_1003', what, file, 'mend it and run again; docs/config.md lists every option');
    this.name = 'ConfigError';
  }
}

/** TM_1001: there is no config file at the path given, or none in the folder and those above it. */
export function configMissing(path: string): TidemarkError {
  return new TidemarkError(
    'TM_1001',
    'no config found',
    path,
    'write one with `tidemark init <sample files>`, or name yours with --config',
  );
}

/** TM_1002: the config file stops with an error when it is loaded: its syntax, an import, or code of its own. */
export function configUnreadable(file: string, cause: unknown): TidemarkError {
  const message = cause instanceof Error ? cause.message : String(cause);
  const missing = /Cannot find (?:module|package) '([^']+)'/.exec(message);
  const next = missing
    ? `install ${missing[1]} beside the config, or do without it ('tidemark' itself needs no install)`
    : 'mend the line it names';
  const what = `the config does not load: ${message.split('\n').slice(0, 2).join(' ').trim()}`;
  return new TidemarkError('TM_1002', what, file, next, { cause });
}

/** TM_1003: the config loads but something in it cannot be used. Every problem is listed at once. */
export function configInvalid(file: string, problems: readonly Problem[]): ConfigError {
  return new ConfigError(file, problems);
}

/** TM_1004: the config file has no default export, so nothing says which of its values is the lake. */
export function noDefaultExport(file: string): TidemarkError {
  return new TidemarkError(
    'TM_1004',
    'no default export',
    file,
    'write `export default defineLake({ ... })`',
  );
}

/** TM_1005: two config files stand in one folder, and nothing says which of them is meant. */
export function configAmbiguous(folder: string, names: readonly string[]): TidemarkError {
  return new TidemarkError(
    'TM_1005',
    `${names.join(' and ')} stand side by side`,
    folder,
    'keep one, or name it with --config',
  );
}

/** TM_1006: the config's name ends in something other than .ts, .mts, .mjs, .js or .json. */
export function configKindUnknown(file: string): TidemarkError {
  return new TidemarkError('TM_1006', 'not a kind of config file', file, 'use .ts, .mts, .mjs, .js or .json');
}

/** TM_1010: a table that merges was used before its key was named: without it no change finds its row. */
export function keyMissing(table: string): TidemarkError {
  return new TidemarkError(
    'TM_1010',
    'key: [] // TODO: name the columns that identify a row',
    `tables.${table}.key`,
    `write key: ['<column>'], the columns that identify a row`,
  );
}

/** TM_1011: a copy of the whole table is loaded into one that keeps every row it was ever given, or only some of its source's. */
export const noLoads = (table: string, option: string) =>
  new TidemarkError(
    'TM_1011',
    `a table with ${option} takes no loads`,
    `tables.${table}`,
    'take its files in with tidemark ingest',
  );
