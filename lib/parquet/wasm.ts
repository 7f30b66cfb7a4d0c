import type * as Arrow from 'apache-arrow';
import type { WriterProperties } from 'parquet-wasm/node';
import { fromArrowIpc, toArrowIpc } from '../columnar/arrow';
import type { Batch } from '../columnar/column';
import { columnsDiffer } from '../columnar/errors';
import { TidemarkError } from '../errors';
import { repeats } from './dictionary';
import { type Engine, withEngine } from './engine';
import { engineFailed, requiredIsNull } from './errors';

export interface EncodeOptions {
  /** Default zstd. */
  readonly codec?: 'zstd' | 'snappy' | 'uncompressed';
  /** Dictionary encoding of all columns or none; by default of those whose values repeat. */
  readonly dictionary?: boolean;
}

/**
 * The batch as a whole Parquet file of one row group (of none if it has no rows): PARQUET:field_id of each field,
 * required fields required, statistics of each chunk. Throws TM_4101 if a column is not of its field's type (the engine
 * would take the bytes for values of that type), TM_4204 if a required column has a NULL, TM_4205 if it refuses.
 */
export function encodeRowGroup(batch: Batch, options: EncodeOptions = {}): Uint8Array {
  batch.fields.forEach((field, i) => {
    const { type } = batch.columns[i]!;
    if (type !== field.type) throw columnsDiffer(`column ${field.name}`, field.type, type);
    if (field.required && batch.columns[i]!.valid?.includes(0)) throw requiredIsNull(field.name);
  });
  const ipc = toArrowIpc(batch);
  return guarded('encode', `${batch.length} rows`, () =>
    withEngine(engine => {
      const table = engine.Table.fromIPCStream(ipc);
      // writeParquet takes the table and the properties over: neither may be freed here.
      return engine.writeParquet(table, writerProperties(engine, batch, options));
    }),
  );
}

function writerProperties(engine: Engine, batch: Batch, options: EncodeOptions): WriterProperties {
  const { Compression, EnabledStatistics, WriterPropertiesBuilder } = engine;
  const codecs = {
    zstd: Compression.ZSTD,
    snappy: Compression.SNAPPY,
    uncompressed: Compression.UNCOMPRESSED,
  };
  let builder = new WriterPropertiesBuilder()
    .setCompression(codecs[options.codec ?? 'zstd'])
    .setStatisticsEnabled(EnabledStatistics.Chunk)
    .setMaxRowGroupSize(Math.max(batch.length, 1))
    .setDictionaryEnabled(options.dictionary ?? false);
  if (options.dictionary === undefined) {
    batch.fields.forEach((field, i) => {
      if (repeats(batch.columns[i]!)) builder = builder.setColumnDictionaryEnabled(field.name, true);
    });
  }
  return builder.build();
}

/** Which rows to decode: from `offset` on, `limit` at most, or all that follow. */
export interface DecodeOptions {
  readonly offset: number;
  readonly limit?: number | undefined;
  /** Rows of one batch. The engine's own, 1,024, costs several times the time. */
  readonly batchSize: number;
}

/**
 * Rows of a whole Parquet file of one row group as an Arrow table. Throws TM_4205 for damaged bytes; a flipped bit
 * inside a data page may pass unseen, so objects need a checksum of their own.
 */
export function decodeParquet(file: Uint8Array, options: DecodeOptions, where = 'parquet file'): Arrow.Table {
  const ipc = guarded('decode', where, () =>
    withEngine(engine => engine.readParquet(file, options).intoIPCStream()),
  );
  return fromArrowIpc(ipc);
}

function guarded<T>(what: string, where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof TidemarkError ? error : engineFailed(what, where, error);
  }
}
