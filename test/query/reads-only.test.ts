import { openQuery } from '../../lib/query/open';
import { localLakes } from './local-lake';

const lakes = localLakes();

test('query.readsOnly: nothing that writes is run', async () => {
  const lake = await lakes({ name: 'w', tables: { t: { key: ['id'] } } });
  const query = await openQuery(lake.ports, lake.lake, lake.engine);
  const file = `${lake.folder}/ledger/data.mdb`;
  for (const sql of [
    `COPY (SELECT 1) TO '${file}'`,
    `SELECT 1; COPY (SELECT 1) TO '${file}'`,
    `ATTACH '${lake.folder}/x.db'`,
    'CREATE TABLE x AS SELECT 1',
    'SET threads = 1',
  ]) {
    await expect(query.run(sql)).rejects.toMatchObject({ code: 'TM_6022' });
  }
  for (const sql of [
    'SELECT 1',
    'WITH a AS (SELECT 1) FROM a',
    'EXPLAIN SELECT 1',
    'SHOW TABLES',
    'DESCRIBE SELECT 1',
  ]) {
    await expect(query.run(sql)).resolves.toBeDefined();
  }
});
