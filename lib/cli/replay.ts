import { basename } from 'node:path';
import { Command, Option } from 'commander';
import type { DeadLetter, Lake } from '../runtime/lake';
import type { Ingested } from '../stages/ingest/request';
import { type Cli, tablesOf } from './cli';
import { exits } from './exits';
import { parseDate } from './ingest';
import { ingestLines } from './render/ingest';
import { plain } from './render/table';

export function replayCommand(cli: Cli): Command {
  const command = new Command('replay').description('take a quarantined file in again, after the fix');
  return replaying(cli, command).addHelpText('after', HELP);
}

/** The arguments, options and work of a command that replays. */
export function replaying(cli: Cli, command: Command): Command {
  const date = new Option('--date <date>', 'the date the file counts for (default: as it came)');
  return command
    .argument('<id or file...>')
    .option('--table <table>', 'the table, where the file name does not say it')
    .addOption(date.argParser(parseDate))
    .action(replayAction(cli));
}

/** Takes each in at its original position: a later change of the same row stays the newer one. */
function replayAction(cli: Cli) {
  return async (
    names: string[],
    flags: { table?: string; date?: string },
    command: Command,
  ): Promise<void> => {
    const lake = await cli.open(command, 'existing');
    for (const name of names) {
      const progress = cli.progress(`replaying ${name}`);
      const letters = await lettersOf(lake, name);
      const work = letters.length > 0 ? resend(cli, lake, letters) : lake.replay(name, flags);
      const replayed = await work.finally(() => progress.stop());
      for (const ingested of replayed) await settle(cli, lake, ingested);
    }
  };
}

/** Merges what was taken in, and says what became of it. */
async function settle(cli: Cli, lake: Lake, ingested: Ingested): Promise<void> {
  const waits = ingested.outcome === 'quarantined';
  const [table] = ingested.table && !waits ? tablesOf(lake, [ingested.table]) : [];
  const merged = table && (await lake.merge(table));
  const file = { path: ingested.object, label: basename(ingested.object) };
  for (const line of ingestLines({ file, ingested, merged }, 0)) cli.say(line);
  if (ingested.outcome.endsWith('quarantined')) cli.finish(exits.quarantined);
}

/** Dead letters of that name go back to their function, whatever it makes of them now. */
async function lettersOf(lake: Lake, name: string): Promise<DeadLetter[]> {
  return (await lake.deadLetters()).filter(
    ({ id, about }) => id === name || about === name || about.endsWith(`/${name}`),
  );
}

async function resend(cli: Cli, lake: Lake, letters: readonly DeadLetter[]): Promise<Ingested[]> {
  const became: Ingested[] = [];
  for (const letter of letters) {
    became.push(...(await lake.resend(letter)));
    const { queue, about } = letter;
    if (queue !== 'stream') cli.say(`${plain(about)}  sent to the ${queue} queue again`);
  }
  return became;
}

const HELP = `
Examples:
  tidemark replay orders-changes.csv
  tidemark replay export-7.csv --table orders --date 2021-01-02
`;
