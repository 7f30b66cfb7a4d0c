import type { StreamFormat } from '../formats/stream-formats';
import type { LocalLake as BoundLake } from '../runtime/local';
import type { Ingested } from '../stages/ingest/request';
import type { ControlTaken } from '../stages/ingest-stream/follow-control';
import { optionUnfit } from './errors';
import type { FileTaken, IngestOptions } from './lake';
import { tableOf } from './names';

/** How records are written (`format`), or the source of the config that they are of; plain JSON with neither has its `table`. */
export interface RecordOptions extends Pick<IngestOptions, 'table' | 'again' | 'merge'> {
  readonly format?: StreamFormat;
  readonly source?: string;
}

/** A record: an object, written as JSON, or its text; in Avro the text is base64 of its bytes. */
export type Records = Iterable<string | object> | AsyncIterable<string | object>;

/** What became of records. */
export interface RecordsTaken {
  /** One for each table that has some of them, one without a table for those that are no table's. */
  readonly tables: FileTaken[];
  /** What they said of tables, and what came of it. */
  readonly control: readonly ControlTaken[];
}

export interface LakeRecords {
  /**
   * Takes in records as a stream brings them, of a file that has one a line, or given one by one, and merges them.
   * Either is known by its bytes: the same records again are `seen`, unless `again` is given.
   * @throws TM_7102 for options that do not say how they are written, and for a record that is no JSON; TM_6002;
   * TM_2321 for a source that is no stream; TM_2301, TM_2105, TM_2106 and TM_2390 for a file that cannot be read
   */
  ingestRecords(from: string | Records, options: RecordOptions): Promise<RecordsTaken>;
}

export function recordsIn(lake: BoundLake, merged: (ingested: Ingested) => Promise<FileTaken>): LakeRecords {
  return {
    async ingestRecords(from, options) {
      const { merge = true, ...asked } = await checked(options);
      if (asked.table !== undefined) tableOf(lake.config, asked.table);
      const input = typeof from === 'string' ? from : lines(from);
      const { tables, control } = await lake.ingestRecords(input, asked);
      const taken: FileTaken[] = [];
      for (const ingested of tables) taken.push(merge ? await merged(ingested) : ingested);
      return { tables: taken, control };
    },
  };
}

const WRITE = "{ format: 'debezium' }, or { format: 'json', table: 'orders' }";

/** @throws TM_7102 */
async function checked(options: RecordOptions): Promise<RecordOptions> {
  const { isStreamFormat } = await import('../formats/stream-formats');
  const { format, source, table } = options ?? {};
  if (format === undefined && source === undefined)
    throw optionUnfit('nothing says how the records are written', WRITE);
  if (format !== undefined && !isStreamFormat(format))
    throw optionUnfit(`there is no format ${format} of records`, WRITE);
  if (format === 'json' && source === undefined && table === undefined)
    throw optionUnfit('a plain event does not say its table', WRITE);
  return options;
}

async function* lines(records: Records): AsyncGenerator<string> {
  for await (const record of records) yield `${textOf(record)}\n`;
}

/** @throws TM_7102: nothing of the records is in then */
function textOf(record: unknown): string {
  if (typeof record === 'string') return record;
  if (typeof record !== 'object' || record === null || record instanceof Uint8Array)
    throw optionUnfit('a record is neither an object nor a text', '{ id: 1 }');
  try {
    return JSON.stringify(record);
  } catch (error) {
    throw optionUnfit(`a record is no JSON: ${(error as Error).message}`, '{ id: 1 }');
  }
}
