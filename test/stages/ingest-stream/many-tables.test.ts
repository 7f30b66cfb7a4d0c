import type { LakeConfig } from '../../../lib/config/define';
import { logTableOf } from '../../../lib/table/columns';
import { mergeAll, readRows } from '../../support/lake';
import { allOf, deliver, dms, entriesOf, type StreamLake, streamLake, TABLE } from './streams';

const NAMES = Array.from({ length: 160 }, (_, i) => `t${i}`);
const ROWS = 3;

function manyLake(): StreamLake {
  const tables: LakeConfig['tables'] = Object.fromEntries(NAMES.map(name => [name, TABLE]));
  return streamLake({ tables, sources: { source: { kind: 'kinesis' } } });
}

/** Three records of each table among each other: every second table's from Debezium, the others' from DMS. */
async function fill(lake: StreamLake) {
  const texts = Array.from({ length: ROWS }, (_, id) =>
    NAMES.map((table, i) => {
      if (i % 2 === 0) return dms({ op: 'insert', data: { id, a: i, b: 'x' }, table });
      const source = { db: 's', table, ts_ms: 1722214747678, file: 'bin.000002', pos: 100 + id, row: 1 };
      return Buffer.from(JSON.stringify({ before: null, after: { id, a: i, b: 'x' }, source, op: 'c' }));
    }),
  ).flat();
  await lake.stream.put(texts.map(data => ({ key: 'k', data })));
  return allOf(lake);
}

async function check(lake: StreamLake): Promise<void> {
  for (const [i, table] of NAMES.entries()) {
    expect((await entriesOf(lake, table)).map(({ rows }) => rows)).toEqual([ROWS]);
    // Each merge takes a while.
    if (i % 16 > 1) continue;
    await mergeAll(lake, table);
    expect(await readRows(lake.ports, logTableOf(table))).toHaveLength(ROWS);
    const rows = await readRows(lake.ports, table);
    expect(rows.map(row => [row.id, row.a])).toEqual([0n, 1n, 2n].map(id => [id, i]));
  }
}

test('batch.tables: one batch over 160 tables is one delta of each, and a repeat adds nothing', async () => {
  const lake = manyLake();
  const records = await fill(lake);
  const taken = await deliver(lake, records);
  expect(taken).toMatchObject({ strays: 0, failed: [] });
  expect(taken.tables).toHaveLength(NAMES.length);
  const again = await deliver(lake, records);
  expect(new Set(again.tables.map(({ outcome }) => outcome))).toEqual(new Set(['seen']));
  await check(lake);
}, 60_000);

test('batch.tables halved: a run that dies among the tables, and halves of its batch, lose and double nothing', async () => {
  const lake = manyLake();
  const records = await fill(lake);
  let left = 70;
  const dying = {
    ...lake.ports,
    items: {
      ...lake.ports.items,
      transact: (...args: Parameters<typeof lake.ports.items.transact>) => {
        if (left-- <= 0) throw new Error('the process died');
        return lake.ports.items.transact(...args);
      },
    },
  };
  const { failed, retryFrom } = await deliver(lake, records, dying);
  expect(failed.length).toBeGreaterThan(0);
  expect(failed.length).toBeLessThan(NAMES.length);
  const at = records.findIndex(({ sequence }) => sequence === retryFrom);
  // Lambda delivers from there on again, by halves: each table's records from the first one that is not in.
  const rest = records.slice(at);
  const half = Math.floor(rest.length / 2);
  for (const batch of [rest.slice(0, half), rest.slice(half)])
    expect((await deliver(lake, batch)).failed).toEqual([]);
  for (const table of NAMES) {
    const entries = await entriesOf(lake, table);
    expect(entries.reduce((sum, { rows }) => sum + rows, 0)).toBe(ROWS);
  }
}, 60_000);
