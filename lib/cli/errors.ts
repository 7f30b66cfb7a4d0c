import { TidemarkError } from '../errors';

/** TM_7001: the command line asks for something that is not there or does not go together. */
export const usage = (what: string, where: string, next: string) =>
  new TidemarkError('TM_7001', what, where, next);

/** TM_7002: no table of this name is in the config or the lake. */
export const unknownTable = (name: string, known: readonly string[]) =>
  new TidemarkError(
    'TM_7002',
    `there is no table ${name}`,
    'the command line',
    known.length === 0 ? 'declare one in tidemark.config.ts' : `name one of: ${known.join(', ')}`,
  );

/** TM_7003: the folder holds no lake yet, so there is nothing to show. */
export const noLake = (folder: string) =>
  new TidemarkError(
    'TM_7003',
    'there is no lake yet',
    folder,
    'run: tidemark ingest <files>, or name a lake with --lake',
  );

/** Endings of the names of data files. */
export const ENDINGS = 'csv, json, jsonl, ndjson or parquet, or these with .gz';

/** TM_7004: a path or pattern names no file that a format reads. */
export const noFiles = (path: string) =>
  new TidemarkError(
    'TM_7004',
    'no file is there to take in',
    path,
    `check the path; names of data end in ${ENDINGS}`,
  );

/** TM_7005: a config is there already, and a config may hold a person's work. */
export const configExists = (file: string) =>
  new TidemarkError(
    'TM_7005',
    'a config is there already',
    file,
    'add the table to it by hand, write another with --config <file>, or overwrite it with --force',
  );

/** TM_7006: nothing was received under this name. */
export const neverReceived = (name: string) =>
  new TidemarkError(
    'TM_7006',
    'no file of this name was ever received',
    name,
    'see what waits in quarantine: tidemark quarantine list',
  );

/** TM_7099: a fault of Tidemark itself. */
export const unexpected = (cause: unknown) =>
  new TidemarkError(
    'TM_7099',
    cause instanceof Error ? `unexpected: ${cause.message}` : `unexpected: ${String(cause)}`,
    'tidemark',
    'run it again with --debug and report what it prints',
    { cause },
  );
