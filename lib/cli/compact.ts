import { Command } from 'commander';
import type { ResolvedTable } from '../config/resolved';
import type { Lake } from '../runtime/lake';
import type { Compacted } from '../stages/compact/compact';
import { type Cli, tablesOf } from './cli';
import { bytes, counted } from './render/words';

export function compactCommand(cli: Cli): Command {
  return new Command('compact')
    .description('join small files of the tables and their logs')
    .argument('[tables...]', 'default: all')
    .addHelpText('after', HELP)
    .action(async (names: string[], _flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      for (const table of tablesOf(lake, names)) {
        const progress = cli.progress(`compacting ${table.name}`);
        const became = await compactAll(lake, table).finally(() => progress.stop());
        if (became.length === 0) cli.say(`${table.name}  nothing to compact`);
        for (const line of became) cli.say(line);
      }
    });
}

/** Piece by piece until nothing is worth it; a line for the table and one for its log, where there was any. */
async function compactAll(lake: Lake, table: ResolvedTable): Promise<string[]> {
  const pieces = new Map<string, Compacted[]>();
  for (;;) {
    const piece = await lake.compactNext(table);
    if (!piece) return [...pieces].map(([name, done]) => `${name}  ${lineOf(done)}`);
    pieces.set(piece.table, [...(pieces.get(piece.table) ?? []), piece]);
  }
}

function lineOf(pieces: readonly Compacted[]): string {
  const sum = (of: (piece: Compacted) => number) => pieces.reduce((total, piece) => total + of(piece), 0);
  const before = counted(
    sum(p => p.files.before),
    'file',
  );
  const rows = counted(
    sum(p => p.rows),
    'row',
  );
  return `${before} became ${sum(p => p.files.after)}: ${rows}, ${bytes(sum(p => p.bytes.written))} written`;
}

const HELP = `
Rows stay as they are. A table is compacted where a partition has many small files, or another engine deleted rows;
a log where a day has many small deltas that every retained snapshot has merged, which is a month after them. The old
files go with vacuum.

Examples:
  tidemark compact
  tidemark compact employees
`;
