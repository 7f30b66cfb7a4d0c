import { history, typedQuery } from '../../lib/query/history';
import { mergeAll, take } from '../support/lake';
import { localLakes } from './local-lake';

const lakes = localLakes();

test("history.names: a user's column keeps its name, history's own steps aside", async () => {
  const columns = { id: 'bigint', op: 'string', valid_from: 'date' };
  const lake = await lakes({ name: 'h', tables: { t: { key: ['id'], columns } } });
  await take(lake, 't-2021-01-01.csv', 'id,op,valid_from\n1,mine,2020-05-05\n');
  await mergeAll(lake, 't');
  const { columns: names, rows } = await history(
    lake.ports,
    lake.lake,
    await typedQuery(lake.ports, lake.lake, lake.engine),
    't',
    ['1'],
  );
  const row = Object.fromEntries(names.map((c, i) => [c.name, rows[0]![i]]));
  expect(row).toMatchObject({ op: 'mine', valid_from: '2020-05-05', _op: 'I', valid_to: null });
  expect(row._valid_from).toBe('2021-01-01 00:00:00');
});
