import type { LakePorts } from '../../lib/ports/lake-ports';
import { rebuild } from '../../lib/stages/rebuild';
import { type Action, ForeignLake, row, TABLE } from './foreign-lake';

jest.setTimeout(120_000);

/** Ports on which something happens just before the first swap of a table's pointer: everything was planned before. */
function beforeSwap(ports: LakePorts, of: string, happens: () => Promise<void>): LakePorts {
  let done = false;
  return {
    ...ports,
    catalog: {
      ...ports.catalog,
      swap: async (table, base, metadata) => {
        if (table === of && !done) {
          done = true;
          await happens();
        }
        return ports.catalog.swap(table, base, metadata);
      },
    },
  };
}

const IN_BETWEEN: Readonly<Record<string, Action>> = {
  delete: {
    sql: `DELETE FROM ${TABLE} WHERE id IN (4, 5)`,
    told: table => {
      for (const id of [4n, 5n]) table.delete(id);
    },
  },
  'insert of a key that the merge inserts': {
    sql: `INSERT INTO ${TABLE} (id, n, name) VALUES (30, 7, 'inserted'), (31, 7, 'inserted')`,
    told: table => {
      for (const id of [30, 31]) table.insert(row(id, 7, 'inserted'));
    },
  },
  'update of a row that the merge changes': {
    sql: `UPDATE ${TABLE} SET n = 9, name = 'theirs' WHERE id IN (3, 4)`,
    told: table => {
      for (const id of [3n, 4n]) table.update(id, { n: 9, name: 'theirs' });
    },
  },
};

test.each(Object.entries(IN_BETWEEN))('race.%s', async (_, action) => {
  const lake = await ForeignLake.begun(['n']);
  await lake.ingest({ day: 12, puts: [row(3, 3), row(5, 3), row(30, 1)], removes: [2] });
  const ports = beforeSwap(lake.stored.ports, TABLE, () => lake.act(action));
  await lake.merge(ports);
  await lake.expectTold();
  await lake.goOn();
});

test('race.optimize of the files that the merge has read', async () => {
  const lake = await ForeignLake.begun([]);
  await lake.act(IN_BETWEEN.delete!);
  await lake.ingest({ day: 12, puts: [row(3, 3), row(5, 3), row(30, 1)], removes: [2] });
  const optimize = { sql: 'ALTER TABLE $table EXECUTE optimize' };
  await lake.merge(beforeSwap(lake.stored.ports, TABLE, () => lake.act(optimize)));
  await lake.expectTold();
  await lake.goOn();
});

test('race.atOnce: Trino inserts while we merge, round after round', async () => {
  const lake = await ForeignLake.begun(['bucket(2, id)']);
  for (let i = 0; i < 4; i++) {
    await lake.ingest({ day: 12 + i, puts: [row(i, 10 + i), row(40 + i, i)], removes: [9 - i] });
    const theirs = row(100 + i, i, 'theirs');
    const sql = `INSERT INTO ${TABLE} (id, n, name) VALUES (${theirs.id}, ${i}, 'theirs')`;
    await Promise.all([lake.merge(), lake.act({ sql, told: table => table.insert(theirs) })]);
    await lake.expectTold();
  }
});

test('foreign.rollback: what it took back is merged again', async () => {
  const lake = await ForeignLake.begun(['n']);
  const { metadata } = await lake.open();
  await lake.ingest({ day: 12, puts: [row(3, 3), row(30, 1)], removes: [2] });
  await lake.merge();
  await lake.sql(`ALTER TABLE $table EXECUTE rollback_to_snapshot(${metadata['current-snapshot-id']})`);
  await lake.ingest({ day: 14, puts: [row(4, 4)] });
  await lake.merge();
  await lake.expectTold();
  await lake.goOn();
});

const LOG = `${TABLE}_deltas`;
const OPTIMIZE_LOG = 'ALTER TABLE $table_deltas EXECUTE optimize';
const LOG_ROWS = `SELECT date_received, count(*), max(_pos_minor) FROM ${LOG} GROUP BY 1 ORDER BY 1`;

/** Two files of one date, so that there is something to join, and one that waits. */
async function withLog(): Promise<ForeignLake> {
  const lake = await ForeignLake.begun([]);
  await lake.ingest({ day: 5, puts: [row(9, 9)], removes: [8] });
  await lake.merge();
  await lake.expectTold();
  await lake.ingest({ day: 12, puts: [row(3, 3), row(30, 1)], removes: [2] });
  return lake;
}

test('foreign.log.optimize: merges, late changes and rebuild read the log as it is now', async () => {
  const lake = await withLog();
  const { rows } = await lake.sql(LOG_ROWS);
  const waits = await lake.waitingFiles();
  const before = (await lake.open(LOG)).pointer.uri;
  await lake.sql(OPTIMIZE_LOG);
  expect((await lake.open(LOG)).pointer.uri).not.toBe(before);
  await lake.sql("ALTER TABLE $table_deltas EXECUTE remove_orphan_files(retention_threshold => '0s')");
  expect((await lake.sql(LOG_ROWS)).rows).toEqual(rows);
  expect(await lake.waitingFiles()).toEqual(waits);
  await lake.merge();
  await lake.goOn();
  const { ports, lake: config } = lake.lake;
  await rebuild(ports, config.tables[0]!, config.limits);
  await lake.expectTold();
});

test('foreign.log.expire: of what the engine removes, folds and rebuild miss nothing', async () => {
  const lake = await withLog();
  await lake.sql(OPTIMIZE_LOG);
  await lake.merge();
  const before = [...(await lake.waitingFiles()).keys()];
  await lake.sql("ALTER TABLE $table_deltas EXECUTE expire_snapshots(retention_threshold => '0s')");
  const left = await lake.waitingFiles();
  expect(before.filter(key => !left.has(key)).length).toBeGreaterThan(0);
  await lake.goOn();
  const { ports, lake: config } = lake.lake;
  await rebuild(ports, config.tables[0]!, config.limits);
  await lake.expectTold();
});

test('foreign.log.expire: what nothing states any more is restored from the log and what waits', async () => {
  const lake = await withLog();
  await lake.sql(OPTIMIZE_LOG);
  await lake.sql("ALTER TABLE $table_deltas EXECUTE expire_snapshots(retention_threshold => '0s')");
  await expect(lake.merge()).rejects.toMatchObject({ code: 'TM_3002' });
  const { ports, lake: config } = lake.lake;
  await rebuild(ports, config.tables[0]!, config.limits);
  await lake.expectTold();
  await lake.merge();
  await lake.goOn();
});
