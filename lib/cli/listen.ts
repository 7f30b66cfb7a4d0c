import { Command, InvalidArgumentError, Option } from 'commander';
import { type Cli, options } from './cli';
import { usage } from './errors';
import { counted } from './render/words';

export function listenCommand(cli: Cli): Command {
  return new Command('listen')
    .description('take in the events that are posted to an http source')
    .addOption(new Option('--port <port>', '0: any that is free').default(8080).argParser(portOf))
    .option('--host <address>', 'where to listen; anybody who reaches it may post', '127.0.0.1')
    .option('--source <name>', 'the http source, where the config has several')
    .addHelpText('after', HELP)
    .action(async (flags: { port: number; host: string; source?: string }, command: Command) => {
      if (options(command).target !== 'local')
        throw usage('a deployed lake listens by itself', 'the command line', 'leave out --target aws');
      const lake = await cli.openAt(options(command), 'begin');
      const { listen } = await import('../runtime/listen');
      const onFailure = (what: string, error: unknown) =>
        cli.note(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      const { stop } = cli.io;
      const listening = await listen(lake, { ...flags, onFailure });
      cli.say(listening.url);
      cli.note('POST JSON to /events/<source table>; Ctrl-C stops when what was answered is in its table');
      if (!stop.aborted)
        await new Promise(resolve => stop.addEventListener('abort', resolve, { once: true }));
      await listening.close();
      cli.note(`stopped after ${counted(listening.events(), 'event')}`);
    });
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('a port is a number up to 65535');
}

const HELP = `
A body is one JSON object or an array of them. It is answered 202 with the events' ids when all of them are taken in;
tables are merged as fresh as they are declared. Nobody is asked who posts.

Examples:
  tidemark listen
  curl -H 'content-type: application/json' -d '{"event_type":"login"}' localhost:8080/events/logins
`;
