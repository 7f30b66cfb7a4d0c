import { join } from 'node:path';
import type { ResolvedTable } from '../../config/resolved';
import type { RowChange } from '../../query/diff';
import type { LocalLake } from '../../runtime/local';
import type { Cli } from '../cli';
import { changes, counted } from '../render/words';

const DATES = ['2021-01-01', '2021-01-02', '2021-01-03'];

/** Three daily files, one of them twice, and the table as it was at the end of each day. */
export async function employees(cli: Cli, lake: LocalLake, examples: string): Promise<void> {
  cli.say('\nemployees, three daily files');
  const table = lake.config.tables.find(t => t.name === 'employees')!;
  const day = (n: number) => join(examples, `employees/day${n}.csv`);
  for (const [i, date] of DATES.entries()) cli.say(await oneDay(lake, table, day(i + 1), date));
  const again = await lake.ingest(day(2), { table: table.name, date: DATES[1] });
  cli.say(
    `  day2.csv  again       ${again.outcome === 'seen' ? 'seen before, nothing to do' : again.outcome}`,
  );
  await reports(cli, lake);
}

async function oneDay(lake: LocalLake, table: ResolvedTable, path: string, date: string): Promise<string> {
  const ingested = await lake.ingest(path, { table: table.name, date });
  const before = (await lake.status()).tables.find(t => t.table === table.name)!.snapshotId;
  const merged = await lake.merge(table);
  const noted = before === undefined ? '' : await notable(lake, table, before);
  const name = path.slice(path.lastIndexOf('/') + 1);
  const rows = counted(ingested.rows ?? 0, 'row');
  return `  ${name}  ${date}  delta ${ingested.first}  ${rows}   ${merged ? changes(merged.rows) : ''}${noted}`;
}

/** The first change and the deletes since a snapshot: `   (5: department_id NULL -> 2; 1 deleted)`. */
async function notable(lake: LocalLake, table: ResolvedTable, since: bigint): Promise<string> {
  const notes: string[] = [];
  for await (const change of (await lake.diff(table.name, String(since))).rows) {
    if (change.kind !== 'added') notes.push(noteOf(change));
  }
  return notes.length === 0 ? '' : `   (${notes.join('; ')})`;
}

function noteOf({ kind, key, row, changes: columns }: RowChange): string {
  if (kind === 'deleted') return `${key.join(' ')} ${row?.forename} ${row?.surname} deleted`;
  return `${key.join(' ')}: ${columns!.map(c => `${c.column} ${c.from ?? 'NULL'} -> ${c.to ?? 'NULL'}`).join(', ')}`;
}

async function reports(cli: Cli, lake: LocalLake): Promise<void> {
  const report = lake.config.reports.find(r => r.name === 'employees_daily')!;
  const parts: string[] = [];
  let total = 0;
  for (const date of DATES) {
    const { rows } = await lake.report(report, date);
    parts.push(`${date}  ${rows}`);
    total += rows;
  }
  cli.say(`  report ${report.name}   ${parts.join('   ')}   = ${counted(total, 'row')}`);
}
