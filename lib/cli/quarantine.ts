import { Command } from 'commander';
import type { Quarantined } from '../ledger/quarantine';
import type { Cell } from '../ports/query-engine';
import type { DeadLetter, Lake } from '../runtime/lake';
import { notQuarantined } from '../stages/ingest/errors';
import { type Cli, options } from './cli';
import type { RowSet } from './render/rows';
import { instant } from './render/words';
import { replaying } from './replay';

export function quarantineCommand(cli: Cli): Command {
  const quarantine = new Command('quarantine')
    .description('files and rows that could not be taken in')
    .addHelpText('after', HELP);
  quarantine
    .command('list')
    .description('what waits, and why')
    .action(async (_flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      const records = await lake.quarantined();
      const letters = await lake.deadLetters();
      if (records.length + letters.length === 0 && options(command).output === 'table')
        return cli.note('nothing waits in quarantine');
      await cli.rows(command, listed(records, letters));
    });
  quarantine
    .command('show')
    .description("one file's reason, its rows, and where its bytes are")
    .argument('<id or file>')
    .action(async (name: string, _flags: object, command: Command) => {
      const lake = await cli.open(command, 'existing');
      for (const record of await waiting(lake, name)) {
        const { object, table, code, reason, rows, badRows, at } = record;
        cli.note(`${object}  ${table || 'no table'}  received ${instant(at)}  id ${record.id}`);
        cli.note(`[${code}] ${reason}`);
        cli.note(`its bytes: ${lake.ports.store.uri(record.copy)}`);
        if (rows.length === 0) continue;
        await cli.rows(command, {
          columns: ROW_COLUMNS,
          rows: rows.map(r => [r.line, r.column ?? null, r.code, r.reason]),
        });
        if (badRows > rows.length) cli.note(`the first ${rows.length} of ${badRows} rows`);
      }
    });
  replaying(cli, quarantine.command('replay')).description(
    'take it in again, after the fix, at its original position',
  );
  return quarantine;
}

const ROW_COLUMNS = ['line', 'column', 'code', 'reason'];

/** The records of an id or a file's name. @throws TM_2306 */
async function waiting(lake: Lake, name: string): Promise<Quarantined[]> {
  const found = (await lake.quarantined()).filter(
    ({ id, object }) => id === name || object === name || object.endsWith(`/${name}`),
  );
  if (found.length === 0) throw notQuarantined(name);
  return found;
}

/** A dead letter waits whole, without a reason of its own: the function's log has it. */
function listed(records: readonly Quarantined[], letters: readonly DeadLetter[]): RowSet {
  const rows = records.map((record): Cell[] => [
    ...[record.id, record.object, record.table || null, record.scope, record.badRows, record.code],
    ...[record.reason, instant(record.at)],
  ]);
  for (const { id, queue, about, table, at } of letters) {
    const what = queue === 'stream' ? 'a batch of a stream' : `a message of the ${queue} queue`;
    const reason = `${what} failed each time it came`;
    rows.push([id, about, table ?? null, 'dead letter', 0, null, reason, instant(at)]);
  }
  return { columns: ['id', 'file', 'table', 'scope', 'bad_rows', 'code', 'reason', 'since'], rows };
}

const HELP = `
A file waits whole, or for some of its rows (onBadRow: 'quarantineRow'). Mend the config, then replay it; what was
received is kept byte for byte.

Examples:
  tidemark quarantine list --output json
  tidemark quarantine show orders-changes.csv
  tidemark quarantine replay orders-changes.csv
`;
