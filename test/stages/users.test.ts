import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openQuery } from '../../lib/query/open';
import { runReport } from '../../lib/stages/report';
import { type LocalLake, localLakes } from '../query/local-lake';
import { mergeAll, readRows, take } from '../support/lake';

const EXAMPLES = join(__dirname, '../../examples');
const PUBLISHED = join(__dirname, '../../../shared/fixtures/dms-users');
const lakes = localLakes();

const USERS = {
  from: 'shop.users',
  key: ['user_id'],
  columns: { user_id: 'int', name: 'string', city: 'string', last_login: 'date' },
};
const CONFIG = {
  name: 'shop',
  tables: { users: USERS, states: { key: ['city'], columns: { city: 'string', state: 'string' } } },
  reports: { features: { sql: 'reports/user_features.sql' } },
};

/** LOAD files sort before dates. */
function filesOf(folder: string): { name: string; text: string }[] {
  const names = readdirSync(folder).filter(name => name.endsWith('.csv'));
  const ordered = names.sort(
    (a, b) => Number(b.startsWith('LOAD')) - Number(a.startsWith('LOAD')) || (a < b ? -1 : 1),
  );
  return ordered.map(name => ({ name, text: readFileSync(join(folder, name), 'utf8') }));
}

const takeUsers = (lake: LocalLake, { name, text }: { name: string; text: string }) =>
  take(lake, `shop/users/${name}`, text);

/** What the files say, read by a person: the load, then the changes in file order. */
function naiveUsers(files: readonly { name: string; text: string }[]) {
  const users = new Map<number, { name: string; city: string; last: number }>();
  for (const { name, text } of files) {
    for (const line of text.trim().split('\n')) {
      const cells = line.split(',');
      const op = name.startsWith('LOAD') ? 'I' : cells.shift();
      const [id, user, city, login] = cells as [string, string, string, string];
      if (op === 'D') users.delete(Number(id));
      else users.set(Number(id), { name: user, city, last: Date.parse(login) / 86_400_000 });
    }
  }
  return users;
}

/** The features of S3 as their source defines them, for the reference day. */
function naiveFeatures(
  users: ReturnType<typeof naiveUsers>,
  states: ReadonlyMap<string, string>,
  day: number,
) {
  const rows = [...users].map(([id, u]) => ({
    id,
    ...u,
    city: u.city === 'Nashville-Davidson' ? 'Nashville' : u.city,
  }));
  return rows.map(u => {
    const same = rows.filter(other => other.city === u.city);
    const later = new Set(same.filter(other => other.last > u.last).map(other => other.last));
    const recent = same.filter(other => day - other.last <= 90).length;
    return {
      id: u.id,
      city: u.city,
      state: states.get(u.city) ?? null,
      rank: later.size + 1,
      rate: recent / same.length,
      users: same.length,
    };
  });
}

const sources = [
  { name: 'examples', folder: join(EXAMPLES, 'users/shop/users') },
  { name: 'published', folder: PUBLISHED },
].filter(source => existsSync(source.folder));

describe.each(sources)('users.$name', ({ folder }) => {
  const files = filesOf(folder);

  test('103 after the load, 106 after the first change file, 110 after all; a replay changes nothing', async () => {
    const lake = await lakes(CONFIG, join(EXAMPLES, 'tidemark.config.ts'));
    const counts = [];
    for (const file of files) {
      expect((await takeUsers(lake, file)).outcome).toBe('taken-in');
      await mergeAll(lake, 'users');
      counts.push((await readRows(lake.ports, 'users')).length);
    }
    expect([counts[0], counts[1], counts.at(-1)]).toEqual([103, 106, 110]);
    const rows = await readRows(lake.ports, 'users');
    const six = rows.find(r => r.user_id === 6);
    expect(six).toMatchObject({ city: 'Los Angeles', last_login: Date.parse('2021-10-15') / 86_400_000 });
    for (const file of [...files].reverse()) expect((await takeUsers(lake, file)).outcome).toBe('seen');
    expect(await mergeAll(lake, 'users')).toEqual([]);
  });

  test('any order and one merge give the same rows', async () => {
    const lake = await lakes(CONFIG);
    for (const file of [...files].reverse()) await takeUsers(lake, file);
    await mergeAll(lake, 'users');
    const got = await readRows(lake.ports, 'users');
    const users = new Map(got.map(r => [r.user_id, { name: r.name, city: r.city, last: r.last_login }]));
    expect(users).toEqual(naiveUsers(files));
  });

  test('the features report equals a naive computation', async () => {
    const lake = await lakes(CONFIG, join(EXAMPLES, 'tidemark.config.ts'));
    for (const file of files) await takeUsers(lake, file);
    const states = readFileSync(join(EXAMPLES, 'users/states.csv'), 'utf8');
    await take(lake, 'states.csv', states);
    for (const table of ['users', 'states']) await mergeAll(lake, table);
    const sql = readFileSync(join(EXAMPLES, 'reports/user_features.sql'), 'utf8');
    const ports = { ...lake.ports, query: lake.engine, readSql: async () => sql };
    await runReport(ports, lake.lake, lake.lake.reports[0]!, '2021-10-18');
    const query = await openQuery(lake.ports, lake.lake, lake.engine);
    const got = await query.run(
      `SELECT user_id, city, state, last_login_rank_by_city, login_rate_last_3_months_by_city, users_by_city
       FROM features WHERE report_date = DATE '2021-10-18' ORDER BY user_id`,
    );
    const lookup = new Map(
      states
        .trim()
        .split('\n')
        .slice(1)
        .map(l => l.split(',') as [string, string]),
    );
    const expected = naiveFeatures(naiveUsers(files), lookup, Date.parse('2021-10-18') / 86_400_000);
    expect(got.rows.map(r => r.map(cell => (typeof cell === 'bigint' ? Number(cell) : cell)))).toEqual(
      expected.sort((a, b) => a.id - b.id).map(f => [f.id, f.city, f.state, f.rank, f.rate, f.users]),
    );
  });
});
