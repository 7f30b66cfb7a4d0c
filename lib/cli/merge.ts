import { Command } from 'commander';
import type { ResolvedTable } from '../config/resolved';
import type { LocalLake } from '../runtime/local';
import { type Cli, options, tablesOf } from './cli';
import { mergeColumns, mergeLine, mergeRow } from './render/merge';

/** What the merges of one table came to. */
export interface Tally {
  readonly table: string;
  readonly merges: number;
  readonly entries: number;
  readonly through: number;
  readonly rows: {
    readonly new: number;
    readonly changed: number;
    readonly deleted: number;
    readonly total: number;
  };
  readonly bytes: { readonly written: number; readonly total: number };
}

export function mergeCommand(cli: Cli): Command {
  return new Command('merge')
    .description('merge what waits in the delta logs into the tables')
    .argument('[tables...]', 'default: all')
    .addHelpText('after', HELP)
    .action(async (names: string[], _flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      const tallies: { table: string; tally: Tally | undefined }[] = [];
      const plain = options(command).output === 'table';
      for (const table of tablesOf(lake, names)) {
        const progress = cli.progress(`merging ${table.name}`);
        const tally = await mergeWaiting(lake, table).finally(() => progress.stop());
        tallies.push({ table: table.name, tally });
        if (plain) cli.say(mergeLine(table.name, tally));
      }
      if (!plain)
        await cli.rows(command, {
          columns: mergeColumns,
          rows: tallies.map(t => mergeRow(t.table, t.tally)),
        });
    });
}

/** Merges slice by slice until nothing of the table waits; undefined when nothing did. */
export async function mergeWaiting(lake: LocalLake, table: ResolvedTable): Promise<Tally | undefined> {
  let tally: Tally | undefined;
  for (;;) {
    const merged = await lake.mergeNext(table);
    if (!merged) return tally;
    const before = tally ?? { merges: 0, entries: 0, rows: NONE, bytes: { written: 0 } };
    tally = {
      table: table.name,
      merges: before.merges + 1,
      entries: before.entries + merged.entries.length,
      through: merged.through,
      rows: {
        new: before.rows.new + merged.rows.new,
        changed: before.rows.changed + merged.rows.changed,
        deleted: before.rows.deleted + merged.rows.deleted,
        total: merged.rows.total,
      },
      bytes: { written: before.bytes.written + merged.bytes.written, total: merged.bytes.total },
    };
  }
}

const NONE = { new: 0, changed: 0, deleted: 0 };

const HELP = `
ingest merges what it takes in; this merges what ingest --no-merge left, or what a crash did.

Examples:
  tidemark merge
  tidemark merge employees --output json
`;
