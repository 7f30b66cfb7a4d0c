import { basename } from 'node:path';
import { Command } from 'commander';
import type { Lake } from '../runtime/lake';
import { type Cli, tablesOf } from './cli';
import { exits } from './exits';
import { ingestLines } from './render/ingest';
import { plain } from './render/table';

export function replayCommand(cli: Cli): Command {
  return new Command('replay')
    .description('take a quarantined file in again, after the fix')
    .argument('<id or file...>')
    .option('--table <table>', 'the table, where the file name does not say it')
    .addHelpText('after', HELP)
    .action(replayAction(cli));
}

/** Takes each in at its original position: a later change of the same row stays the newer one. */
export function replayAction(cli: Cli) {
  return async (names: string[], flags: { table?: string }, command: Command): Promise<void> => {
    const lake = await cli.open(command, 'existing');
    for (const name of names) {
      if (await resent(cli, lake, name)) continue;
      const progress = cli.progress(`replaying ${name}`);
      const replayed = await lake.replay(name, flags.table).finally(() => progress.stop());
      for (const ingested of replayed) {
        const waits = ingested.outcome === 'quarantined';
        const [table] = ingested.table && !waits ? tablesOf(lake, [ingested.table]) : [];
        const merged = table && (await lake.merge(table));
        const file = { path: ingested.object, label: basename(ingested.object) };
        for (const line of ingestLines({ file, ingested, merged }, 0)) cli.say(line);
        if (ingested.outcome.endsWith('quarantined')) cli.finish(exits.quarantined);
      }
    }
  };
}

/** Whether the name is that of dead letters; those go back to their function, whatever it makes of them now. */
async function resent(cli: Cli, lake: Lake, name: string): Promise<boolean> {
  const letters = (await lake.deadLetters()).filter(
    ({ id, about }) => id === name || about === name || about.endsWith(`/${name}`),
  );
  for (const letter of letters) {
    await lake.resend(letter);
    cli.say(`${plain(letter.about)}  sent to the ${letter.queue} queue again`);
  }
  return letters.length > 0;
}

const HELP = `
Examples:
  tidemark replay orders-changes.csv
  tidemark replay export-7.csv --table orders
`;
