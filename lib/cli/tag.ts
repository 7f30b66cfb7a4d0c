import { Command } from 'commander';
import type { Tag } from '../stages/tags';
import { type Cli, options } from './cli';
import { instant } from './render/words';

export function tagCommand(cli: Cli): Command {
  const tag = new Command('tag')
    .description('names for versions of tables, which then stay')
    .addHelpText('after', HELP);
  tag
    .command('add')
    .description('name the newest snapshot of a table, or that of --as-of')
    .argument('<table>')
    .argument('<name>')
    .option('--as-of <point>', 'a snapshot id, a date, a time, "5 minutes ago"')
    .action(async (table: string, name: string, flags: { asOf?: string }, command: Command) => {
      const lake = await cli.open(command, 'existing');
      const { snapshotId, committedAt } = await lake.tags.add(table, name, flags.asOf);
      const when = committedAt === undefined ? '' : `, committed ${new Date(committedAt).toISOString()}`;
      cli.say(`${table}  ${name} is snapshot ${snapshotId}${when}`);
    });
  tag
    .command('list')
    .description('all tags')
    .action(async (_flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      const plain = options(command).output === 'table';
      const row = ({ table, name, snapshotId, committedAt }: Tag) => [
        ...[table, name, snapshotId],
        committedAt === undefined ? null : plain ? instant(committedAt) : new Date(committedAt).toISOString(),
      ];
      const columns = ['table', 'tag', 'snapshot_id', 'committed_at'];
      await cli.rows(command, { columns, rows: (await lake.tags.list()).map(row) });
    });
  tag
    .command('drop')
    .description('let the snapshot go with those of its age')
    .argument('<table>')
    .argument('<name>')
    .action(async (table: string, name: string, _flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      cli.say(`${table}  ${(await lake.tags.drop(table, name)) ? `dropped ${name}` : `has no tag ${name}`}`);
    });
  return tag;
}

const HELP = `
Snapshots are thinned with their age; one that has a tag stays, and so do its files, in every engine's eyes. A table's
log is <table>_deltas.

Examples:
  tidemark tag add orders before-friday
  tidemark tag add orders q3 --as-of 2026-10-01
  tidemark query "select count(*) from orders" --as-of before-friday
  tidemark diff orders --since before-friday
  tidemark tag drop orders before-friday
`;
