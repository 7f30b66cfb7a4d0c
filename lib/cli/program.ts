import { Command, Option } from 'commander';
import { version } from '../../package.json';
import { adoptCommand } from './adopt';
import type { Cli } from './cli';
import { compactCommand } from './compact';
import { demoCommand } from './demo/demo';
import { deployCommand } from './deploy';
import { describeCommand } from './describe';
import { destroyCommand } from './destroy';
import { diffCommand } from './diff';
import { historyCommand } from './history';
import { ingestCommand } from './ingest';
import { initCommand } from './init';
import { listenCommand } from './listen';
import { loadCommand } from './load';
import { mergeCommand } from './merge';
import { pauseCommand, resumeCommand } from './pause';
import { quarantineCommand } from './quarantine';
import { queryCommand } from './query';
import { rebuildCommand } from './rebuild';
import { replayCommand } from './replay';
import { reportCommand } from './report';
import { schemaCommand } from './schema';
import { statusCommand } from './status';
import { tablesCommand } from './tables';
import { tagCommand } from './tag';
import { traceCommand } from './trace';
import { vacuumCommand } from './vacuum';
import { watchCommand } from './watch';

/** In the order in which a newcomer meets them. */
const COMMANDS = [
  demoCommand,
  initCommand,
  ingestCommand,
  watchCommand,
  listenCommand,
  loadCommand,
  mergeCommand,
  reportCommand,
  queryCommand,
  tablesCommand,
  describeCommand,
  historyCommand,
  diffCommand,
  traceCommand,
  statusCommand,
  quarantineCommand,
  replayCommand,
  pauseCommand,
  resumeCommand,
  compactCommand,
  vacuumCommand,
  rebuildCommand,
  schemaCommand,
  tagCommand,
  deployCommand,
  destroyCommand,
  adoptCommand,
];

const ABOUT = `An exact, queryable lake of a changing database.

Row-sized output goes to stdout, messages to stderr. Exit codes: 0 done, 1 failed, 2 usage,
3 something went to quarantine, 4 behind, or something in quarantine (status --check).`;

const EXAMPLES = `
Examples:
  tidemark demo                         a small lake, built before your eyes
  tidemark init orders.csv              a config from sample files
  tidemark ingest orders.csv            take a file in and merge it
  tidemark query "select * from orders"
`;

/** The command line. Every command's work is loaded when it runs, so that help answers at once. */
export function program(cli: Cli): Command {
  const root = new Command('tidemark')
    .description(ABOUT)
    .version(version)
    .addOption(new Option('--config <file>', 'the config (default: the nearest tidemark.config.*)'))
    .addOption(new Option('--lake <folder>', "the lake's folder (default: lake, beside the config)"))
    .addOption(
      new Option('--target <where>', 'the lake in a folder, or the deployed one')
        .choices(['local', 'aws'])
        .default('local'),
    )
    .addOption(
      new Option('--output <form>', 'how rows are printed')
        .choices(['table', 'json', 'csv'])
        .default('table'),
    )
    .addOption(new Option('--debug', 'print the stack of an error'))
    .addHelpText('after', EXAMPLES)
    .helpCommand(false);
  for (const command of COMMANDS) root.addCommand(command(cli));
  for (const command of withAll(root)) {
    command
      .configureOutput({ writeOut: cli.io.out, writeErr: cli.io.err })
      .configureHelp({ showGlobalOptions: true })
      .exitOverride();
  }
  return root;
}

function withAll(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withAll)];
}
