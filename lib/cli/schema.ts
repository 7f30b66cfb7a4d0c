import { Command } from 'commander';
import type { Cell } from '../ports/query-engine';
import type { Lake } from '../runtime/lake';
import { isFolded, type SchemaChange } from '../stages/schema/change';
import type { ShownColumn } from '../stages/schema/show';
import type { Uncastable, Uncastables } from '../stages/schema/uncastable';
import { type Cli, options, tablesOf } from './cli';
import { exits } from './exits';
import type { RowSet } from './render/rows';
import { counted, instant } from './render/words';

export function schemaCommand(cli: Cli): Command {
  const schema = new Command('schema')
    .description("a table's columns, and the config against them")
    .addHelpText('after', HELP);
  schema
    .command('show')
    .description('the columns as the log has them: since when, and where they are from')
    .argument('<table>')
    .action(async (name: string, _flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      const [table] = tablesOf(lake, [name]);
      const columns = await lake.schema.show(table!);
      if (columns.length === 0 && options(command).output === 'table')
        return cli.note('nothing was received yet');
      await cli.rows(command, shown(columns));
    });
  schema
    .command('diff')
    .description('what the config declares otherwise than the tables have it')
    .argument('[tables...]', 'default: all')
    .action(async (names: string[], _flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      const changes: SchemaChange[] = [];
      for (const table of tablesOf(lake, names)) changes.push(...(await lake.schema.diff(table)));
      await changed(cli, command, changes);
      for (const line of reportLines(lake.config, changes)) cli.note(line);
      if (changes.some(needsSomebody)) cli.finish(exits.behind);
    });
  schema
    .command('apply')
    .description('make the tables as the config declares them: add, widen, rename, retype, give a key')
    .argument('[tables...]', 'default: all')
    .option('--null-what-does-not-cast', 'texts that are no values of a declared type become NULL')
    .option('--dry-run', 'say what would be done, and what does not cast')
    .action((names: string[], flags: Flags, command: Command) => apply(cli, names, flags, command));
  return schema;
}

interface Flags {
  readonly nullWhatDoesNotCast?: boolean;
  readonly dryRun?: boolean;
}

async function apply(cli: Cli, names: readonly string[], flags: Flags, command: Command): Promise<void> {
  const lake = await cli.open(command, 'existing');
  const changes: SchemaChange[] = [];
  const became = flags.dryRun ? '' : ': NULL in the table, as it came in the log';
  for (const table of tablesOf(lake, names)) {
    const progress = cli.progress(`schema of ${table.name}`);
    const applied = await lake.schema.apply(table, flags).finally(() => progress.stop());
    changes.push(...applied.changes);
    const { count, keyless, first } = applied.uncastable;
    for (const one of first) cli.note(`${table.name}  ${lineOf(one)}`);
    if (applied.stopped) {
      cli.note(applied.stopped.message);
      cli.finish(exits.failed);
    } else if (count > 0) {
      cli.note(`${table.name}  ${counted(count, keyless > 0 ? 'value' : 'text')} not cast${became}`);
      if (flags.dryRun && isStopped(applied.uncastable, flags)) cli.finish(exits.failed);
    }
    // What waited while a column was retyped is merged now.
    const folded = applied.changes.some(isFolded);
    if (!flags.dryRun && !applied.stopped && folded) await lake.merge(table);
  }
  await changed(cli, command, changes);
  for (const line of reportLines(lake.config, changes)) cli.note(line);
  if (changes.some(({ kind }) => kind === 'refused')) cli.finish(exits.behind);
}

/** Whether an apply without --dry-run would change nothing. */
function isStopped({ count, ofKey }: Uncastables, { nullWhatDoesNotCast }: Flags): boolean {
  return nullWhatDoesNotCast ? ofKey > 0 : count > 0;
}

/** What a rename or a retype means for reports: those of a table have its columns. */
function reportLines({ reports }: Lake['config'], changes: readonly SchemaChange[]): string[] {
  const lines = changes.flatMap(({ table, column, kind, from, to }) =>
    reports.flatMap(report => {
      const where = `report ${report.name}: column ${column} of ${table}`;
      if (report.table !== table) return [];
      if (kind === 'rename')
        return [`${where} was ${from}; its next run renames the report's column, for all dates`];
      if (kind !== 'retype') return [];
      return [
        `${where} becomes ${to}, and the dates built so far have it as ${from}: its next run is refused (TM_6024) unless it has a new name then`,
      ];
    }),
  );
  const sql = reports.filter(({ kind }) => kind === 'sql').map(({ name }) => name);
  const isNamed = changes.some(({ kind }) => kind === 'rename' || kind === 'retype');
  if (isNamed && sql.length > 0)
    lines.push(`reports by SQL: try each with tidemark report <name> --check (${sql.join(', ')})`);
  return lines;
}

function lineOf({ column, entry, source, position, key, reason }: Uncastable): string {
  return `entry ${entry} (${source}), position ${position}, key ${key.join(', ')}, column ${column}: ${reason}`;
}

async function changed(cli: Cli, command: Command, changes: readonly SchemaChange[]): Promise<void> {
  if (options(command).output === 'table') {
    for (const { why } of changes) if (why) cli.note(why.message);
    if (changes.length === 0) return cli.note('the tables are as the config declares them');
  }
  await cli.rows(command, listed(changes));
}

/** What no ingest does by itself. */
const needsSomebody = (change: SchemaChange) => isFolded(change) || change.kind === 'refused';

const DONE_BY: Readonly<Record<SchemaChange['kind'], string>> = {
  add: 'the next ingest',
  widen: 'the next ingest',
  rename: 'the next ingest',
  retype: 'schema apply',
  key: 'schema apply',
  cast: 'schema apply',
  refused: 'nobody',
};

function listed(changes: readonly SchemaChange[]): RowSet {
  const rows = changes.map(({ table, column, kind, from, to, why }): Cell[] => [
    ...[table, column, kind, from ?? null, to, DONE_BY[kind]],
    ...[why?.code ?? null, why ? `${why.what}: ${why.next}` : null],
  ]);
  return { columns: ['table', 'column', 'change', 'from', 'to', 'done_by', 'code', 'reason'], rows };
}

function shown(columns: readonly ShownColumn[]): RowSet {
  const rows = columns.map((c): Cell[] => [
    ...[c.name, c.type, c.fieldId, c.isKey, c.declared ? 'config' : 'source', c.sinceSchema],
    ...[c.since === undefined ? null : instant(c.since), c.aliases.join(', ') || null],
    ...[c.was.join(', ') || null, c.textsIn ?? null],
  ]);
  const names = ['column', 'type', 'field_id', 'key', 'declared_by', 'since_schema', 'since'];
  return { columns: [...names, 'aliases', 'was', 'texts_in'], rows };
}

const HELP = `
diff ends with 4 where something waits for schema apply, or is refused; apply where something is refused, and with 1 where
texts do not cast, --dry-run or not. A retype
(a column of strings that is declared as another type), and a key where there was none, hold the table's merges while
they run; ingest goes on. A text that is no value of the type stops it, and is listed; with --null-what-does-not-cast it
is NULL, and its text stays in the log. A row without the key stops it in any case. A call that was interrupted is simply made again.

Examples:
  tidemark schema show employees
  tidemark schema diff --output json
  tidemark schema apply employees --dry-run
  tidemark schema apply employees --null-what-does-not-cast
`;
