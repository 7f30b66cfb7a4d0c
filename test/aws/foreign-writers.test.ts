import { currentSchema } from '../../lib/iceberg/metadata';
import { rebuild } from '../../lib/stages/rebuild';
import { type Action, ForeignLake, row, TABLE } from './foreign-lake';
import type { ToldTable } from './told-table';

jest.setTimeout(120_000);

const deleted = (table: ToldTable, ...ids: bigint[]) => {
  for (const id of ids) table.delete(id);
};

const DELETE: Action = {
  sql: `DELETE FROM ${TABLE} WHERE id IN (5, 6, 8)`,
  told: table => deleted(table, 5n, 6n, 8n),
};

/** Statements that change rows, each run twice. */
const ROW_CHANGES: Readonly<Record<string, Action>> = {
  delete: DELETE,
  update: {
    sql: `UPDATE ${TABLE} SET name = 'theirs' WHERE id IN (1, 3, 4)`,
    told: table => {
      for (const id of [1n, 3n, 4n]) table.update(id, { name: 'theirs' });
    },
  },
  mergeInto: {
    sql: `MERGE INTO ${TABLE} t
      USING (VALUES (3, 'merged'), (20, 'merged'), (5, NULL)) AS s (id, name) ON t.id = s.id
      WHEN MATCHED AND s.name IS NULL THEN DELETE
      WHEN MATCHED THEN UPDATE SET name = s.name
      WHEN NOT MATCHED AND s.name IS NOT NULL THEN INSERT (id, n, name) VALUES (s.id, 7, s.name)`,
    told: table => {
      table.update(3n, { name: 'merged' });
      if (table.has(20n)) table.update(20n, { name: 'merged' });
      else table.insert(row(20, 7, 'merged'));
      table.delete(5n);
    },
  },
  insert: {
    sql: `INSERT INTO ${TABLE} (id, n, name)
      SELECT * FROM (VALUES (20, 7, 'inserted'), (21, 0, 'inserted')) AS s (id, n, name)
      WHERE id NOT IN (SELECT id FROM ${TABLE}) ORDER BY id LIMIT 1`,
    told: table => table.insert(table.has(20n) ? row(21, 0, 'inserted') : row(20, 7, 'inserted')),
  },
};

/** Partitioned by a column that changes: rows move. */
const CASES = [
  ...Object.keys(ROW_CHANGES).map(change => ({ change, by: 'n' })),
  { change: 'mergeInto', by: 'nothing' },
];

test.each(CASES)('foreign.$change, partitioned by $by', async ({ change, by }) => {
  const lake = await ForeignLake.begun(by === 'nothing' ? [] : [by]);
  const { metadata } = await lake.open();
  await lake.ingest({
    day: 12,
    puts: [row(0, 2), row(3, 3), row(5, 3), row(8, 2), row(30, 1)],
    removes: [2],
  });
  for (let i = 0; i < 2; i++) {
    const before = (await lake.open()).pointer.uri;
    await lake.act(ROW_CHANGES[change]!);
    expect((await lake.open()).pointer.uri).not.toBe(before);
    await lake.expectTold();
    if (i > 0) break;
    await lake.merge();
    await lake.expectTold();
  }
  await lake.goOn();
  const after = (await lake.open()).metadata;
  expect(after['partition-specs']).toEqual(metadata['partition-specs']);
  expect(after['default-spec-id']).toBe(metadata['default-spec-id']);
  expect(currentSchema(after)).toEqual(currentSchema(metadata));
});

const MAINTENANCE = {
  optimize: 'ALTER TABLE $table EXECUTE optimize',
  expireSnapshots: "ALTER TABLE $table EXECUTE expire_snapshots(retention_threshold => '0s')",
  removeOrphanFiles: "ALTER TABLE $table EXECUTE remove_orphan_files(retention_threshold => '0s')",
};

test.each(['nothing', 'bucket(2, id)'])('foreign.optimize, partitioned by %s', async by => {
  const lake = await ForeignLake.begun(by === 'nothing' ? [] : [by]);
  await lake.ingest({ day: 12, puts: [row(0, 2), row(5, 3), row(30, 1)], removes: [2] });
  await lake.act(DELETE);
  const withDeletes = await lake.open();
  await lake.act({ sql: MAINTENANCE.optimize });
  const optimized = await lake.open();
  expect(optimized.pointer.uri).not.toBe(withDeletes.pointer.uri);
  await lake.expectTold();
  await lake.merge();
  await lake.expectTold();
  await lake.act({ sql: MAINTENANCE.optimize });
  await lake.goOn();
});

test('foreign.expireSnapshots: what waits is merged, late changes too', async () => {
  const lake = await ForeignLake.begun(['bucket(2, id)']);
  await lake.ingest({ day: 11, puts: [row(4, 1)] });
  await lake.merge();
  expect((await lake.open()).metadata.snapshots).toHaveLength(2);
  await lake.ingest({ day: 12, puts: [row(0, 2), row(30, 1)], removes: [2] });
  const waits = await lake.waitingFiles();
  await lake.act({ sql: MAINTENANCE.expireSnapshots });
  expect((await lake.open()).metadata.snapshots).toHaveLength(1);
  expect(await lake.waitingFiles()).toEqual(waits);
  await lake.merge();
  await lake.act({ sql: MAINTENANCE.expireSnapshots });
  await lake.goOn();
});

test('foreign.removeOrphanFiles: takes what nothing names below a table, and nothing that waits', async () => {
  const lake = await ForeignLake.begun([]);
  const { store } = lake.stored.ports;
  const orphan = `${TABLE}/data/orphan.parquet`;
  await store.put(orphan, Buffer.from('left by a writer that died'));
  await store.put('staging/report/attempt/data/file.parquet', Buffer.from('waits to be adopted'));
  await lake.ingest({ day: 12, puts: [row(0, 2), row(30, 1)], removes: [2] });
  const waits = await lake.waitingFiles();
  expect(waits.size).toBe(4);
  for (const table of ['$table', '$table_deltas']) {
    await lake.act({ sql: MAINTENANCE.removeOrphanFiles.replace('$table', table) });
  }
  expect(await store.head(orphan)).toBeUndefined();
  expect(await lake.waitingFiles()).toEqual(waits);
  await lake.expectTold();
  await lake.merge();
  await lake.goOn();
});

test('foreign.cursorExpired: after a foreign change alone is left, rebuild says what the table holds', async () => {
  const lake = await ForeignLake.begun([]);
  await lake.ingest({ day: 12, puts: [row(5, 3), row(30, 1)], removes: [2] });
  await lake.act(DELETE);
  await lake.act({ sql: MAINTENANCE.expireSnapshots });
  await expect(lake.merge()).rejects.toMatchObject({ code: 'TM_3002' });
  await lake.expectTold();
  const { ports, lake: config } = lake.lake;
  expect(await rebuild(ports, config.tables[0]!, config.limits)).toMatchObject({ table: TABLE });
  // As the log has it: the foreign DELETE is none of its entries.
  for (const put of [row(5, 0), row(6, 0), row(8, 1)]) lake.table.insert(put);
  await lake.expectTold();
  await lake.merge();
  await lake.expectTold();
});

test('foreign.addColumn: theirs stays until the key is folded again, ours of later gets an id of its own', async () => {
  const lake = await ForeignLake.begun(['n']);
  const all = ['id', 'n', 'name', 'theirs'];
  await lake.ingest({ day: 12, puts: [row(0, 2), row(3, 0)], removes: [2] });
  await lake.act({ sql: 'ALTER TABLE $table ADD COLUMN theirs varchar' });
  await lake.act({
    sql: `UPDATE ${TABLE} SET theirs = 'x' WHERE id IN (3, 4, 5)`,
    told: table => {
      for (const id of [3n, 4n, 5n]) table.update(id, { theirs: 'x' });
    },
  });
  await lake.expectTold(all);
  await lake.merge();
  await lake.expectTold(all);
  lake.declare({ ours: 'string' });
  await lake.ingest({
    day: 13,
    puts: [
      { ...row(4, 8), ours: 'o' },
      { ...row(31, 0), ours: 'p' },
    ],
  });
  await lake.merge();
  await lake.expectTold([...all, 'ours']);
});
