import { Command, InvalidArgumentError, Option } from 'commander';
import type { ResolvedLake } from '../config/resolved';
import type { Listening } from '../runtime/listen';
import { type Cli, options } from './cli';
import { usage } from './errors';
import { count, counted, duration } from './render/words';

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
      cli.note(
        'POST JSON to /events/<source table>: answered 202, its rows are queried after the next merge',
      );
      cli.note(`merged within: ${freshnessWords(lake.config)}; Ctrl-C merges what was answered, and stops`);
      const news = sayNews(cli, listening);
      if (!stop.aborted)
        await new Promise(resolve => stop.addEventListener('abort', resolve, { once: true }));
      clearInterval(news);
      await listening.close();
      const { events, quarantined } = listening.counts();
      const waits =
        quarantined > 0 ? `, ${count(quarantined)} of them in quarantine: tidemark quarantine list` : '';
      cli.note(`stopped after ${counted(events, 'event')}${waits}`);
    });
}

const NEWS_MS = 60_000;

/** A line each minute in which something came in or was merged. */
function sayNews(cli: Cli, listening: Listening): NodeJS.Timeout {
  let said = '';
  return setInterval(() => {
    const { events, merged, quarantined } = listening.counts();
    const now = `${counted(events, 'event')} taken in, ${counted(merged, 'row')} merged, ${count(quarantined)} in quarantine`;
    if (events + merged > 0 && now !== said) cli.note(now);
    said = now;
  }, NEWS_MS);
}

/** `1 min`, or the shortest and the longest of the tables. */
function freshnessWords({ tables }: Pick<ResolvedLake, 'tables'>): string {
  const all = tables.map(({ freshnessMs }) => freshnessMs).sort((a, b) => a - b);
  const ends = [all[0], all.at(-1)].map(ms => (ms === undefined ? 'their freshness' : freshness(ms)));
  return [...new Set(ends)].join(' to ');
}

const freshness = (ms: number) => (ms < 1000 ? `${ms} ms` : duration(ms));

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('a port is a number up to 65535');
}

const HELP = `
A body is one JSON object or an array of them, without compression. It is answered 202 with the events' ids when all of
them are taken in. They are in their table, for queries, after its next merge: within its freshness, a minute unless
declared otherwise. Each minute with news says how many came in, were merged, and wait in quarantine. Nobody is asked
who posts.

Examples:
  tidemark listen
  curl -H 'content-type: application/json' -d '{"event_type":"login"}' localhost:8080/events/logins
`;
