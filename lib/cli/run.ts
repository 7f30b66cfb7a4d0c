import { inspect } from 'node:util';
import { CommanderError } from 'commander';
import { TidemarkError } from '../errors';
import { Cli } from './cli';
import { unexpected } from './errors';
import { exits } from './exits';
import type { Io } from './io';
import { program } from './program';

/** Runs one command line and answers its exit code; never throws. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const cli = new Cli(io);
  try {
    await program(cli).parseAsync([...args], { from: 'user' });
    return cli.code;
  } catch (error) {
    // commander has printed what is wrong, or the help that was asked for.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exits.done : exits.usage;
    return failed(cli, error, args.includes('--debug'));
  } finally {
    await cli.close();
  }
}

function failed(cli: Cli, error: unknown, debug: boolean): number {
  const coded = error instanceof TidemarkError ? error : unexpected(error);
  cli.note(coded.message);
  if (debug) cli.note(inspect(coded));
  return coded.code === 'TM_7001' ? exits.usage : exits.failed;
}
