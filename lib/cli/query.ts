import { Command } from 'commander';
import { type Cli, options } from './cli';
import { readFrom } from './render/read-from';
import { renderRows, streamed } from './render/rows';
import { shell } from './shell';

export function queryCommand(cli: Cli): Command {
  return new Command('query')
    .description('SQL over the lake; without SQL a small shell')
    .argument('[sql]')
    .option('--as-of <point>', 'a snapshot id, a date, a time, or "5 minutes ago": what readers saw then')
    .addHelpText('after', HELP)
    .action(async (sql: string | undefined, flags: { asOf?: string }, command: Command) => {
      const lake = await cli.open(command, 'existing');
      const query = await lake.query(flags.asOf);
      if (sql === undefined) return shell(cli, query, options(command).output);
      const progress = cli.progress('running');
      const answer = await query.stream(sql).finally(() => progress.stop());
      if (flags.asOf !== undefined) for (const line of readFrom(answer)) cli.note(line);
      await renderRows(streamed(answer), options(command).output, cli.io);
    });
}

const HELP = `
Tables are employees (its rows now), employees_deltas (every change received), employees_history (each row's versions,
with valid_from and valid_to), and every report. SQL is DuckDB's.

Examples:
  tidemark query "select count(*) from employees"
  tidemark query "select * from employees" --as-of 2021-01-02 --output csv > then.csv
  tidemark query < questions.sql
`;
