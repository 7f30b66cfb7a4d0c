import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ResolvedTable } from '../../config/resolved';
import type { OwnTally } from '../../runtime/lake';
import type { LocalLake } from '../../runtime/local';
import type { Cli } from '../cli';
import { bytes, count, counted } from '../render/words';

const FEATURES_DATE = '2021-10-18';
/** No file of the folder stays in its place. */
const SHUFFLED = [3, 0, 4, 1, 2];

/** Headerless DMS files: a load and five files of changes, then all again in another order. */
export async function users(cli: Cli, lake: LocalLake, examples: string): Promise<void> {
  cli.say('users, DMS files');
  const table = lake.config.tables.find(t => t.name === 'users')!;
  const folder = join(examples, 'users/shop/users');
  const [load, ...others] = (await readdir(folder)).sort(
    (a, b) => Number(isLoad(b)) - Number(isLoad(a)) || (a < b ? -1 : 1),
  );
  const [first, ...rest] = others;
  const loaded = await take(lake, table, join(folder, load!));
  cli.say(`  ${load!.padEnd(22)}  ${counted(loaded.rows.total, 'row')}`);
  const changed = await take(lake, table, join(folder, first!));
  const [mindy] = (await (await lake.query()).run('SELECT name, city FROM users WHERE user_id = 6')).rows;
  cli.say(`  ${first!.padEnd(22)}  ${counted(changed.rows.total, 'row')}   6 ${mindy?.join(' -> ')}`);
  const more: OwnTally[] = [];
  for (const name of rest) more.push(await take(lake, table, join(folder, name)));
  const written = more.reduce((sum, tally) => sum + tally.bytes.written, 0);
  const total = counted(more.at(-1)!.rows.total, 'row');
  cli.say(
    `  ${`${rest.length} more files`.padEnd(22)}  ${total}   wrote ${bytes(written)} in ${counted(more.length, 'commit')}`,
  );
  const replayed = await replay(lake, table, folder, [load!, ...others]);
  cli.say(`  ${'replayed all, shuffled'.padEnd(22)}  ${replayed}`);
  await features(cli, lake, examples);
}

/** Takes every file in once more: the load is known by its bytes, the changes are folded again. */
async function replay(
  lake: LocalLake,
  table: ResolvedTable,
  folder: string,
  names: readonly string[],
): Promise<string> {
  const before = await contents(lake);
  const [load, ...others] = names;
  for (const i of SHUFFLED) await lake.ingest(join(folder, others[i]!), { again: true });
  await lake.ingest(join(folder, load!));
  await lake.merge(table);
  const after = await contents(lake);
  return `${counted(after.length, 'row')}   ${String(before) === String(after) ? 'unchanged' : 'CHANGED'}`;
}

async function contents(lake: LocalLake): Promise<readonly (readonly unknown[])[]> {
  const query = await lake.query();
  return (await query.run('SELECT user_id, name, city, last_login FROM users ORDER BY user_id')).rows;
}

async function take(lake: LocalLake, table: ResolvedTable, path: string): Promise<OwnTally> {
  await lake.ingest(path);
  return (await lake.merge(table))!;
}

async function features(cli: Cli, lake: LocalLake, examples: string): Promise<void> {
  const states = lake.config.tables.find(t => t.name === 'states')!;
  await take(lake, states, join(examples, 'users/states.csv'));
  const report = lake.config.reports.find(r => r.name === 'user_features')!;
  const { rows } = await lake.report(report, FEATURES_DATE);
  cli.say(
    `  report ${report.name}  ${FEATURES_DATE}  ${count(rows)} rows, one SQL file over users and states`,
  );
}

function isLoad(name: string): boolean {
  return name.startsWith('LOAD');
}
