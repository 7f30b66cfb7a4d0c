import { type Command, Option } from 'commander';
import type { ResolvedTable } from '../config/resolved';
import type { Lake } from '../runtime/lake';
import type { LoadOptions, Loads } from '../runtime/load';
import { type Cli, tablesOf } from './cli';
import { usage } from './errors';
import { parseDate } from './ingest';

/** Which copy is meant, and how its load begins. */
export interface WhereFlags extends Omit<LoadOptions, 'from'> {
  readonly workers?: number;
  readonly wait?: boolean;
}

/** A table, and the loads of its lake. */
export interface Asked {
  readonly lake: Lake;
  readonly loads: Loads;
  readonly table: ResolvedTable;
}

/** The table, and the loads of its lake. @throws TM_7020 for a lake that was deployed without them, TM_7002 */
export async function loadsOf(
  cli: Cli,
  command: Command,
  name: string,
  begin: 'begin' | 'existing',
): Promise<Asked> {
  const lake = await cli.open(command, begin);
  const [table] = tablesOf(lake, [name]);
  return { lake, loads: await lake.loads(), table: table! };
}

export function withWhere(command: Command): Command {
  return command
    .argument('<table>')
    .argument(
      '[where...]',
      'files and folders (Parquet, CSV, JSON lines), an RDS export, a manifest summary; with --target aws by s3:// addresses',
    )
    .addOption(
      new Option('--kind <kind>', 'what the copy is, where it does not show').choices([
        'files',
        'export',
        'manifest',
        'dms',
      ]),
    )
    .option('--source-table <name>', "the export's table: db.table, or db.schema.table")
    .option('--replace', 'rows that the copy lacks go')
    .option('--new-source', 'the changes that follow come from another source than those before')
    .addOption(
      new Option('--position <major:minor>', "where the copy stands, in the source's coordinates").argParser(
        parsePlace,
      ),
    )
    .addOption(new Option('--date <date>', 'the date the rows count for, YYYY-MM-DD').argParser(parseDate))
    .option('--again', 'load the copy once more that was loaded last');
}

export function withRunning(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--workers <n>',
        'of a lake in a folder: tasks at once, 512 MB each (default: one a core, at most 4)',
      ).argParser(parseWorkers),
    )
    .option('--no-wait', 'with --target aws: begin, and leave the rest to the functions');
}

function parsePlace(text: string): { major: bigint; minor: bigint } {
  const [, major, minor] = /^(\d{1,16}):(-?\d{1,19})$/.exec(text) ?? [];
  if (major === undefined || minor === undefined)
    throw usage(`"${text}" is not a position`, 'the command line', 'write it as <major>:<minor>');
  return { major: BigInt(major), minor: BigInt(minor) };
}

const WORKERS_MAX = 64;

function parseWorkers(text: string): number {
  const n = Number(text);
  if (Number.isInteger(n) && n >= 1 && n <= WORKERS_MAX) return n;
  throw usage(`"${text}" workers cannot work`, 'the command line', `name a number from 1 to ${WORKERS_MAX}`);
}
