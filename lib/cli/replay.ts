import { basename } from 'node:path';
import { Command } from 'commander';
import { type Cli, tablesOf } from './cli';
import { exits } from './exits';
import { mergeWaiting } from './merge';
import { waiting } from './quarantine';
import { ingestLines } from './render/ingest';

export function replayCommand(cli: Cli): Command {
  return new Command('replay')
    .description('take a quarantined file in again, after the fix')
    .argument('<id or file...>')
    .addHelpText('after', HELP)
    .action(replayAction(cli));
}

/** Takes each in at its original position: a later change of the same row stays the newer one. */
export function replayAction(cli: Cli) {
  return async (names: string[], _flags: object, command: Command): Promise<void> => {
    const lake = await cli.open(command, 'existing');
    for (const name of names) {
      for (const record of await waiting(lake, name)) {
        const file = { path: record.copy, label: basename(record.object) };
        const progress = cli.progress(`replaying ${file.label}`);
        try {
          const ingested = await lake.replay(record.id);
          const [table] = ingested.table ? tablesOf(lake, [ingested.table]) : [];
          const merged = table && ingested.outcome !== 'quarantined' ? await mergeWaiting(lake, table) : undefined;
          progress.stop();
          for (const line of ingestLines({ file, ingested, merged }, 0)) cli.say(line);
          if (ingested.outcome.endsWith('quarantined')) cli.finish(exits.quarantined);
        } finally {
          progress.stop();
        }
      }
    }
  };
}

const HELP = `
Examples:
  tidemark replay orders-changes.csv
`;
