import { Command, Option } from 'commander';
import { TidemarkError } from '../errors';
import type { Arrival, FileOptions, Lake, Tally } from '../runtime/lake';
import { type Cli, options, tablesOf } from './cli';
import { noFiles, usage } from './errors';
import { exits } from './exits';
import { type InputFile, inputFiles, passedOverLine } from './files';
import { ingestRecordFiles, takesRecords } from './record-files';
import { ingestColumns, ingestLines, ingestRow } from './render/ingest';
import type { Progress } from './render/progress';
import { bytes } from './render/words';

/** What became of one file, and what its merge changed. */
export interface Taken {
  readonly file: InputFile;
  readonly ingested: Arrival;
  readonly merged?: Tally;
  /** Nothing was asked to be written. */
  readonly dryRun?: boolean;
  /** What the table's merges wait for. */
  readonly held?: string;
}

export interface IngestFlags extends Omit<FileOptions, 'dryRun'> {
  readonly format?: string;
  readonly source?: string;
  readonly dryRun?: boolean;
  readonly merge: boolean;
}

export function ingestCommand(cli: Cli): Command {
  return new Command('ingest')
    .description('take files into the lake and merge them')
    .argument('<paths...>', 'files, folders and patterns; with --target aws also s3://<landing>/<prefix>')
    .option(
      '--format <format>',
      'the lines are records of a stream: dms, debezium, service-event, event, json, avro or auto',
    )
    .option('--source <name>', 'whose records they are: a stream of the config, or any name with --format')
    .addOption(new Option('--date <date>', 'the date the files count for, YYYY-MM-DD').argParser(parseDate))
    .option('--table <name>', 'the table, where the name does not say it')
    .option('--again', 'take in files once more that were taken in before')
    .option('--no-merge', 'leave the merge to another run')
    .option('--no-wait', 'with --target aws: upload, and leave the rest to the functions')
    .option('--dry-run', 'decode and check; write nothing')
    .addHelpText('after', HELP)
    .action(async (paths: string[], flags: IngestFlags, command: Command) => {
      const lake = await cli.open(command, 'begin');
      if (flags.table !== undefined) tablesOf(lake, [flags.table]);
      if (takesRecords(paths, flags)) return ingestRecordFiles(cli, lake, { command, paths, flags });
      const files = await filesOf(cli, lake, paths);
      const plain = options(command).output === 'table';
      const width = Math.max(...files.map(file => file.label.length));
      const rows = takeAll(cli, lake, files, flags, taken => {
        if (plain) for (const line of ingestLines(taken, width)) cli.say(line);
      });
      if (plain) for await (const _ of rows);
      else await cli.rows(command, { columns: ingestColumns, rows: map(rows, ingestRow) });
    });
}

/** Files of this machine, and those of the landing that is named by its address. */
async function filesOf(cli: Cli, lake: Lake, args: readonly string[]): Promise<InputFile[]> {
  const addresses = args.filter(arg => arg.startsWith('s3://'));
  const paths = args.filter(arg => !arg.startsWith('s3://'));
  const own = lake.folder === undefined ? [] : [lake.folder];
  const { files, passedOver } = await inputFiles(paths, cli.io.cwd, own);
  if (passedOver.length > 0) cli.note(passedOverLine(passedOver));
  for (const address of addresses) {
    const found = await lake.announce(address);
    if (found.length === 0) throw noFiles(address);
    files.push(...found.map(path => ({ path, label: path })));
  }
  return files;
}

/** Takes the files in one by one, each merged before the next. A file that is refused does not stop the others. */
async function* takeAll(
  cli: Cli,
  lake: Lake,
  files: readonly InputFile[],
  flags: IngestFlags,
  done: (taken: Taken) => void,
): AsyncGenerator<Taken> {
  for (const file of files) {
    const taken = await takeFile(cli, lake, file, flags);
    if (!taken) continue;
    done(taken);
    yield taken;
  }
}

/** Takes one file in and merges what then waits. Undefined when the file could not even be read. */
export async function takeFile(
  cli: Cli,
  lake: Lake,
  file: InputFile,
  { merge, format: _, source: __, ...flags }: IngestFlags,
): Promise<Taken | undefined> {
  const progress = cli.progress(file.label);
  try {
    const ingested = await lake.ingest(file.path, { ...flags, onRead: readingOf(file, progress) });
    if (ingested.outcome.endsWith('quarantined')) cli.finish(exits.quarantined);
    if (flags.dryRun) return { file, ingested, dryRun: true };
    if (!merge || !counts(ingested)) return { file, ingested };
    progress.update(`${file.label}: merging`);
    const [table] = tablesOf(lake, [ingested.table!]);
    const { outcome, first, count = 1 } = ingested;
    const after = first === undefined || outcome === 'seen' ? undefined : first + count - 1;
    const merged = await lake.merge(table!, { after, wait: flags.wait });
    return await withHold(lake, { file, ingested, merged }, true);
  } catch (error) {
    if (!(error instanceof TidemarkError) || !OF_THE_FILE.has(error.code)) throw error;
    progress.stop();
    cli.note(messageOf(error, file));
    cli.finish(exits.failed);
    return undefined;
  } finally {
    progress.stop();
  }
}

/** With what its rows wait for, where a merge was asked for and none came. */
export async function withHold(lake: Lake, taken: Taken, asked: boolean): Promise<Taken> {
  const { table } = taken.ingested;
  if (!asked || taken.merged || table === undefined) return taken;
  const { pausedSince, heldBy, isRetyping } = await import('../ledger/paused');
  const { items } = lake.ports;
  if ((await pausedSince(items, table)) === undefined) return taken;
  if ((await heldBy(items, table)) !== undefined) return { ...taken, held: 'waits for its load' };
  const held = (await isRetyping(items, table)) ? 'waits for schema apply' : `waits: ${table} is paused`;
  return { ...taken, held };
}

/** What befell a file, under its name as it was given: its key in the landing is the end of its path. */
export function messageOf(
  { code, what, where, next, message }: TidemarkError,
  { path, label }: InputFile,
): string {
  const [key = '', ...more] = where.split(', line ');
  if (key !== path && !path.endsWith(`/${key}`)) return message;
  return new TidemarkError(code, what, [label, ...more].join(', line '), next).message;
}

/** Says how far a file is read. */
export function readingOf({ label }: InputFile, progress: Progress): (bytes: number) => void {
  let read = 0;
  return piece => {
    read += piece;
    progress.update(`${label}: ${bytes(read)} read, for checksum and rows`);
  };
}

/** Whether rows of the file stand in the log: of a repeat too, whose first run may have ended before its merge. */
export function counts({ outcome, table }: Arrival): boolean {
  if (table === undefined) return false;
  return outcome === 'taken-in' || outcome === 'rows-quarantined' || outcome === 'seen';
}

/** Not taken in in time, not there, a link that leads elsewhere, gone or altered while it was read: faults of one file on this machine. */
export const OF_THE_FILE: ReadonlySet<string> = new Set([
  'TM_7011',
  'TM_2301',
  'TM_5108',
  'TM_5109',
  'TM_5002',
  'TM_5003',
  'TM_5102',
]);

export function parseDate(text: string): string {
  const date = new Date(`${text}T00:00:00Z`);
  if (
    /^\d{4}-\d\d-\d\d$/.test(text) &&
    !Number.isNaN(date.getTime()) &&
    date.toISOString().startsWith(text)
  ) {
    return text;
  }
  throw usage(`"${text}" is not a date`, 'the command line', 'write it as YYYY-MM-DD');
}

export async function* map<A, B>(items: AsyncIterable<A>, of: (item: A) => B): AsyncGenerator<B> {
  for await (const item of items) yield of(item);
}

const HELP = `
A file's table and date come from its name and folders (shop/orders/LOAD00000001.csv, orders-2021-01-02.csv) unless
--table and --date say them. A file that was taken in before changes nothing. What cannot be read goes to quarantine
with its reason, and the others go on: exit code 3.

With --format or --source each line is a record of a stream (of Avro its base64), - is stdin, and the records say their
tables. The same bytes again change nothing. Records take no --date, as each says when it was, and no --dry-run: try them
on a lake of its own (--lake).

Examples:
  tidemark ingest orders.csv
  tidemark ingest day1.csv --table employees --date 2021-01-01
  tidemark ingest shop/ 'more/**/*.csv.gz' --output json
  tidemark ingest --format debezium changes.jsonl
  kcat -C -e -t shop.orders | tidemark ingest --format debezium -
`;
