import { TidemarkError } from '../errors';

/** TM_4201: the bytes are no Parquet file, or its footer is cut off or damaged. */
export function parquetCorrupt(what: string, where = 'parquet footer', cause?: unknown): TidemarkError {
  return new TidemarkError('TM_4201', what, where, 'fetch or write the file again', { cause });
}

/** TM_4202: a Parquet file that is valid but not of the kind Tidemark reads: nested columns, encryption, chunks in other files. */
export function parquetUnsupported(what: string, where = 'parquet footer'): TidemarkError {
  return new TidemarkError(
    'TM_4202',
    what,
    where,
    'write the file flat and unencrypted: leave a nested column out of it, or write it as text',
  );
}

/** TM_4203: row groups of different schemas cannot stand in one file; the file must be rewritten whole. */
export function schemaDiffers(where: string): TidemarkError {
  return new TidemarkError(
    'TM_4203',
    'the row groups have different schemas',
    where,
    'rewrite the file whole',
  );
}

/** TM_4204: a required column has a NULL. */
export function requiredIsNull(name: string): TidemarkError {
  return new TidemarkError('TM_4204', 'a required column has a NULL', `column ${name}`, 'quarantine the row');
}

/** TM_4205: the Parquet engine failed to encode or decode; for a decode usually a damaged data page. */
export function engineFailed(what: string, where: string, cause: unknown): TidemarkError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TidemarkError('TM_4205', `${what}: ${reason}`, where, 'check the file with another reader', {
    cause,
  });
}

/** TM_4206: the Parquet engine trapped and could not be started again in this process. */
export function engineLost(cause?: unknown): TidemarkError {
  return new TidemarkError('TM_4206', 'the Parquet engine trapped', 'parquet-wasm', 'restart the process', {
    cause,
  });
}

/** TM_4207: the column of a file is not of its field's type and does not widen to it. */
export function columnUnreadable(name: string, found: string, wanted: string): TidemarkError {
  return new TidemarkError(
    'TM_4207',
    `the file has ${found}, the field is ${wanted}`,
    `column ${name}`,
    'retype the column',
  );
}
