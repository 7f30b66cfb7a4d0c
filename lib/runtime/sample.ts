import { landedFile } from '../adapters/local/landing';
import { valueAt } from '../columnar/kernels';
import { type InferredTable, TableSample } from '../config/infer';
import { delimiterOf } from '../formats/delimiter';
import { detect } from '../formats/detect';
import type { BadRow, DecodedBatch, OpenedFile } from '../formats/format';
import { formatOf } from '../formats/formats';
import { noSuchFile } from '../stages/ingest/errors';

/** Rows of a file that types and keys are inferred from: it bounds the memory of their distinct values. */
export const SAMPLE_ROWS_MAX = 1_000_000;
const BATCH_ROWS = 8192;
const BATCH_BYTES = 8 << 20;

/** A table as a file suggests it. `whole`: every row was looked at, not the first SAMPLE_ROWS_MAX alone. */
export interface Sampled {
  readonly table: InferredTable;
  readonly whole: boolean;
  readonly badRows: number;
  /** The first of them: its line, and why. */
  readonly firstBad?: BadRow;
}

/**
 * Reads a file with the decoder that ingest will use, every column as text.
 * @throws TM_2301 without the file, TM_21xx when it cannot be read: a headerless file needs its columns declared
 */
export async function sampleFile(path: string): Promise<Sampled> {
  const { landing, key } = await landedFile(path);
  const info = await landing.head(key);
  if (!info) throw noSuchFile(path);
  const detected = detect(key);
  const kind = detected?.format ?? 'csv';
  const file = {
    name: key.slice(key.lastIndexOf('/') + 1),
    size: info.size,
    stream: () => landing.stream(key, info.etag),
    range: (start: number, end: number) => landing.range(key, start, end),
  };
  const found = kind === 'csv' ? await delimiterOf(file) : undefined;
  const delimiter = found === ',' ? undefined : found;
  const opened = await formatOf(kind).open({
    file,
    columns: [],
    options: { load: detected?.load ?? false, delimiter },
    batchRows: BATCH_ROWS,
    batchBytes: BATCH_BYTES,
  });
  const source = detected?.table ?? 'table_1';
  const { table, ...rest } = await sampleRows(opened, source);
  const from = detected?.schema === undefined ? {} : { from: `${detected.schema}.${source}` };
  return { table: { ...table, ...from, ...(delimiter === undefined ? {} : { delimiter }) }, ...rest };
}

async function sampleRows(opened: OpenedFile, source: string): Promise<Sampled> {
  const sample = new TableSample(
    source,
    opened.columns.map(column => column.name),
  );
  let rows = 0;
  let badRows = 0;
  let firstBad: BadRow | undefined;
  for await (const batch of opened.batches()) {
    badRows += batch.bad.length;
    firstBad ??= batch.bad[0];
    for (let i = 0; i < batch.length && rows < SAMPLE_ROWS_MAX; i++, rows++) sample.add(cells(batch, i));
    if (rows === SAMPLE_ROWS_MAX)
      return { table: typed(sample.result(), opened), whole: false, badRows, firstBad };
  }
  return { table: typed(sample.result(), opened), whole: true, badRows, firstBad };
}

/** What the file itself knows of its types (Parquet) stands; text is inferred. */
function typed(table: InferredTable, opened: OpenedFile): InferredTable {
  const columns = table.columns.map(column => {
    const own = opened.columns.find(c => c.name === column.name)?.type;
    return own === undefined || own === 'string'
      ? column
      : { name: column.name, type: SQL_NAMES[own] ?? own };
  });
  return { ...table, columns };
}

const SQL_NAMES: Readonly<Record<string, string>> = { long: 'bigint' };

function cells(batch: DecodedBatch, row: number): (string | null)[] {
  return batch.columns.map(column => {
    const value = valueAt(column, row);
    return value === null ? null : String(value);
  });
}
