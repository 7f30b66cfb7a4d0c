import { Command, Option } from 'commander';
import type { ResolvedReport } from '../config/resolved';
import type { Cell } from '../ports/query-engine';
import type { Built, Lake } from '../runtime/lake';
import { type Cli, options } from './cli';
import { usage } from './errors';
import { parseDate } from './ingest';
import { counted } from './render/words';

interface ReportFlags {
  readonly date?: string;
  readonly from?: string;
  readonly to?: string;
  readonly check?: boolean;
  readonly wait: boolean;
}

export function reportCommand(cli: Cli): Command {
  return new Command('report')
    .description('build dates of a report; a date built before is replaced, the others stay')
    .argument('<name>')
    .addOption(
      new Option('--date <date>', 'YYYY-MM-DD (default: today)')
        .argParser(parseDate)
        .conflicts(['from', 'to']),
    )
    .addOption(new Option('--from <date>', 'the first of several dates').argParser(parseDate))
    .addOption(new Option('--to <date>', 'the last of them (default: today)').argParser(parseDate))
    .option('--check', 'explain the SQL without running it')
    .option('--no-wait', 'with --target aws: begin, and leave the rest to the functions')
    .addHelpText('after', HELP)
    .action(async (name: string, flags: ReportFlags, command: Command) => {
      const lake = await cli.open(command, 'existing');
      const report = reportOf(lake, name);
      const dates = datesOf(flags, lake.today());
      if (flags.check) return check(cli, command, lake, report, dates[0]!);
      const plain = options(command).output === 'table';
      const built = [];
      for (const date of dates) {
        const progress = cli.progress(`${name} ${date}`);
        const { wait } = flags;
        const became = await lake.report(report, date, { wait }).finally(() => progress.stop());
        built.push([name, date, ...cells(became)]);
        if (plain) cli.say(`${name}  ${date}  ${words(became)}`);
      }
      if (!plain)
        await cli.rows(command, { columns: ['report', 'date', 'rows', 'bytes', 'replaced'], rows: built });
    });
}

function cells(built: Built): Cell[] {
  return built.outcome === 'started' ? [null, null, null] : [built.rows, built.bytes, built.replaced];
}

function words(built: Built): string {
  if (built.outcome === 'started') return 'started';
  return `${counted(built.rows, 'row')}${built.replaced ? '  replaced' : ''}`;
}

async function check(
  cli: Cli,
  command: Command,
  lake: Lake,
  report: ResolvedReport,
  date: string,
): Promise<void> {
  const { columns, readFrom, plan } = await lake.checkReport(report, date);
  await cli.rows(command, {
    columns: ['column', 'type'],
    rows: columns.map(column => [column.name, column.type]),
  });
  cli.note(`reads ${readFrom.join(', ')}`);
  // The plan of a table's report is that of the fold: nothing a person wrote.
  if (report.kind === 'sql') cli.note(plan);
}

function reportOf(lake: Lake, name: string): ResolvedReport {
  const report = lake.config.reports.find(r => r.name === name);
  if (report) return report;
  const known = lake.config.reports.map(r => r.name).join(', ');
  const next = known === '' ? 'declare one in tidemark.config.ts' : `name one of: ${known}`;
  throw usage(`there is no report ${name}`, 'the command line', next);
}

/** More dates than this in one run are a mistyped year. */
const DATES_MAX = 3660;

function datesOf({ date, from, to }: ReportFlags, today: string): string[] {
  if (from === undefined && to !== undefined) {
    throw usage('--to stands alone', 'the command line', 'say --from too, or --date for one date');
  }
  if (from === undefined) return [date ?? today];
  const last = to ?? today;
  const dates: string[] = [];
  for (let day = Date.parse(from); day <= Date.parse(last); day += 86_400_000) {
    dates.push(new Date(day).toISOString().slice(0, 10));
  }
  if (dates.length > 0 && dates.length <= DATES_MAX) return dates;
  throw usage(`${from} to ${last} is ${dates.length} dates`, 'the command line', `name 1 to ${DATES_MAX}`);
}

const HELP = `
A report of a table is the table as it was at the end of each date; a correction that came later is in it when the date
is built again. SQL reports get the date as {{report_date}}.

Examples:
  tidemark report employees_daily --from 2021-01-01 --to 2021-01-03
  tidemark report user_features --date 2021-10-18
  tidemark report user_features --check
`;
