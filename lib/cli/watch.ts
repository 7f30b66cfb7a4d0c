import { stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { Command } from 'commander';
import { TidemarkError } from '../errors';
import { type Cli, tablesOf } from './cli';
import { usage } from './errors';
import { exits } from './exits';
import { isData } from './files';
import { takeFile } from './ingest';
import { ingestLines } from './render/ingest';
import { counted } from './render/words';

export function watchCommand(cli: Cli): Command {
  return new Command('watch')
    .description('a folder becomes the landing: each new file goes through to its table')
    .argument('<folder>')
    .option('--table <name>', 'the table, where names do not say it')
    .addHelpText('after', HELP)
    .action(async (name: string, flags: { table?: string }, command: Command) => {
      const folder = resolve(cli.io.cwd, name);
      const stats = await stat(folder).catch(() => undefined);
      if (!stats?.isDirectory()) throw usage('there is no such folder', folder, 'make it, or name another');
      const lake = await cli.open(command, 'begin');
      if (flags.table !== undefined) tablesOf(lake, [flags.table]);
      cli.note(`watching ${folder}; Ctrl-C stops after the file in hand`);
      const { wholeFiles } = await import('../runtime/watch-folder');
      const files = wholeFiles(folder, {
        wanted: isData,
        except: lake.folder === undefined ? [] : [lake.folder],
        stop: cli.io.stop,
      });
      let taken = 0;
      for await (const path of files) {
        const file = { path, label: relative(folder, path) };
        try {
          const became = await takeFile(cli, lake, file, { merge: true, table: flags.table });
          if (became) for (const line of ingestLines(became, 0)) cli.say(line);
          taken++;
        } catch (error) {
          if (!(error instanceof TidemarkError)) throw error;
          cli.note(`${file.label}: ${error.message}`);
          cli.finish(exits.failed);
        }
      }
      cli.note(`stopped after ${counted(taken, 'file')}`);
    });
}

const HELP = `
Files that are there come first. A file counts when its size and time of writing have stood still for 2 seconds, or
at once when it is renamed into the folder. A file that cannot be taken in does not stop the watch.

Examples:
  tidemark watch inbox/
`;
