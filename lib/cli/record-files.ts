import type { Command } from 'commander';
import { TidemarkError } from '../errors';
import type { Arrival, Lake, RecordFileOptions } from '../runtime/lake';
import type { RecordFileTaken } from '../stages/ingest-stream/ingest-record-file';
import { type Cli, options } from './cli';
import { usage } from './errors';
import { exits } from './exits';
import { inputFiles } from './files';
import {
  counts,
  type IngestFlags,
  map,
  messageOf,
  OF_THE_FILE,
  readingOf,
  type Taken,
  withHold,
} from './ingest';
import { controlRow, ingestColumns, ingestLines, ingestRow, type Said } from './render/ingest';
import { inLine } from './render/table';

/** Records from stdin. */
const STDIN = '-';

/** Whether the lines of what is named are records of a stream. */
export function takesRecords(paths: readonly string[], { format, source }: IngestFlags): boolean {
  if (format !== undefined || source !== undefined) return true;
  if (!paths.includes(STDIN)) return false;
  throw usage('nothing says how the records are written', 'stdin', 'name it with --format, or a --source');
}

interface Asked {
  readonly command: Command;
  readonly paths: readonly string[];
  readonly flags: IngestFlags;
}

/** Takes files of records in one by one, each merged before the next; a line for each table. */
export async function ingestRecordFiles(
  cli: Cli,
  lake: Lake,
  { command, paths, flags }: Asked,
): Promise<void> {
  const asked = await checked(flags);
  const inputs = await inputsOf(cli, lake, paths);
  const forEyes = options(command).output === 'table';
  const width = Math.max(...inputs.map(({ label }) => label.length));
  const rows = takeAll(cli, lake, { inputs, asked, merge: flags.merge }, taken => {
    if (!forEyes) return;
    const { table } = taken.ingested;
    const label = taken.file.label.padEnd(width) + (table === undefined ? '' : `  ${table}`);
    for (const line of ingestLines({ ...taken, file: { ...taken.file, label } }, 0)) cli.say(line);
  });
  if (forEyes) for await (const _ of rows);
  else await cli.rows(command, { columns: ingestColumns, rows: map(rows, rowOf) });
}

const rowOf = (one: Taken | Said) => ('said' in one ? controlRow(one) : ingestRow(one));

interface Input {
  /** Undefined: stdin. */
  readonly path?: string;
  readonly label: string;
}

async function inputsOf(cli: Cli, lake: Lake, paths: readonly string[]): Promise<Input[]> {
  const own = lake.folder === undefined ? [] : [lake.folder];
  const { files } = await inputFiles(
    paths.filter(path => path !== STDIN),
    cli.io.cwd,
    own,
  );
  return paths.includes(STDIN) ? [...files, { label: 'stdin' }] : files;
}

/** @throws TM_7001 for a format that there is not, and for options that say nothing of records */
async function checked({
  format,
  source,
  table,
  again,
  date,
  dryRun,
}: IngestFlags): Promise<RecordFileOptions> {
  const { isStreamFormat, streamFormats } = await import('../formats/stream-formats');
  const where = 'the command line';
  if (format !== undefined && !isStreamFormat(format))
    throw usage(
      `there is no format ${format} of records`,
      where,
      `name one of: ${streamFormats().join(', ')}`,
    );
  if (format === 'json' && source === undefined && table === undefined)
    throw usage('a plain event does not say its table', where, 'name it with --table, or a --source');
  if (date !== undefined) throw usage('records take no --date: each says when it was', where, 'leave it out');
  if (dryRun)
    throw usage(
      'records take no --dry-run: what one is shows when those before it are in',
      where,
      'leave it out, or try the file on a lake of its own: --lake <folder>',
    );
  return {
    ...(format === undefined ? {} : { format }),
    ...(source === undefined ? {} : { source }),
    ...(table === undefined ? {} : { table }),
    ...(again ? { again } : {}),
  };
}

interface Work {
  readonly inputs: readonly Input[];
  readonly asked: RecordFileOptions;
  readonly merge: boolean;
}

/** A file that cannot be read to its end stops none of the others. */
async function* takeAll(
  cli: Cli,
  lake: Lake,
  { inputs, asked, merge }: Work,
  done: (taken: Taken) => void,
): AsyncGenerator<Taken | Said> {
  for (const input of inputs) {
    const file = { path: input.path ?? STDIN, label: input.label };
    const { tables, control } = await takeOne(cli, lake, input, asked);
    for (const said of control) yield { file, said };
    for (const ingested of tables) {
      if (ingested.outcome.endsWith('quarantined')) cli.finish(exits.quarantined);
      const counted = merge && counts(ingested);
      const merged = counted ? await mergeOf(cli, lake, ingested) : undefined;
      const taken = await withHold(lake, { file, ingested, merged }, counted);
      done(taken);
      yield taken;
    }
  }
}

async function takeOne(
  cli: Cli,
  lake: Lake,
  { path, label }: Input,
  asked: RecordFileOptions,
): Promise<Pick<RecordFileTaken, 'control'> & { readonly tables: readonly Arrival[] }> {
  const progress = cli.progress(label);
  try {
    const onRead = readingOf({ path: label, label }, progress);
    const { tables, control } = await lake.ingestRecords(path ?? cli.io.stdin, { ...asked, onRead });
    progress.stop();
    for (const { operation, schema, table, outcome, code, reason } of control) {
      const became = outcome === 'refused' ? `[${code}] ${reason}` : outcome;
      cli.note(inLine(`${label}: ${operation} ${[schema, table].filter(Boolean).join('.')}: ${became}`));
    }
    return { tables, control };
  } catch (error) {
    if (!(error instanceof TidemarkError) || !ofTheInput(error.code)) throw error;
    progress.stop();
    cli.note(messageOf(error, { path: path ?? STDIN, label }));
    cli.finish(exits.failed);
    return { tables: [], control: [] };
  } finally {
    progress.stop();
  }
}

/** Not text, gzip that breaks off, a line without an end: what stands in the way of one input alone. */
const ofTheInput = (code: string) =>
  OF_THE_FILE.has(code) || ['TM_2105', 'TM_2106', 'TM_2390'].includes(code);

/** Undefined too for a table of a file that was seen before which is gone from the config since. */
async function mergeOf(cli: Cli, lake: Lake, { table, first, count = 1, outcome }: Arrival) {
  const declared = lake.config.tables.find(({ name }) => name === table);
  if (!declared) return undefined;
  const progress = cli.progress(`merging ${table}`);
  const after = first === undefined || outcome === 'seen' ? undefined : first + count - 1;
  return lake.merge(declared, { after }).finally(() => progress.stop());
}
