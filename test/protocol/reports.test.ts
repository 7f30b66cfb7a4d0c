import { readFileSync } from 'node:fs';
import { listAttempts, readAttempt } from '../../lib/ledger/attempts';
import type { ParquetOrder, WritingEngine } from '../../lib/ports/query-engine';
import { openQuery } from '../../lib/query/open';
import { type Reported, runReport } from '../../lib/stages/report';
import { liveFiles } from '../../lib/table/live-files';
import { openTable } from '../../lib/table/open';
import { type LocalLake, localLakes } from '../query/local-lake';
import { theTable } from '../support/foreign';
import { mergeAll, take } from '../support/lake';
import { vacuumAtOnce } from '../support/vacuum';
import { beforeSwap, T } from './rules';

const lakes = localLakes();
const SQL = 'SELECT id, a, b FROM t ORDER BY id';
const BROKEN = 'SELECT CAST(b AS int) AS b FROM t';
const [FIRST, SECOND] = ['2021-01-01', '2021-01-02'] as const;

async function reportLake(): Promise<LocalLake> {
  const table = { key: ['id'], columns: { id: 'bigint', a: 'int', b: 'string' } };
  const lake = await lakes({ name: 'rules', tables: { [T]: table }, reports: { r: { sql: 'r.sql' } } });
  await take(lake, `${T}.csv`, 'id,a,b\n1,1,x\n2,2,y\n', { date: FIRST });
  await mergeAll(lake, T);
  return lake;
}

interface Run {
  readonly sql?: string;
  readonly engine?: WritingEngine;
  readonly ports?: LocalLake['ports'];
}

function run(
  lake: LocalLake,
  date: string,
  { sql = SQL, engine = lake.engine, ports = lake.ports }: Run = {},
) {
  return runReport(
    { ...ports, query: engine, readSql: async () => sql },
    lake.lake,
    lake.lake.reports[0]!,
    date,
  );
}

async function shown(lake: LocalLake): Promise<string[]> {
  const query = await openQuery(lake.ports, lake.lake, lake.engine);
  return (await query.run('SELECT report_date, id, a, b FROM r ORDER BY ALL')).rows.map(row => row.join(' '));
}

async function files(lake: LocalLake): Promise<Map<string, Buffer>> {
  const { data } = await liveFiles(lake.ports.store, (await theTable(lake.ports, 'r')).metadata);
  return new Map(data.map(({ file }) => [file.path, readFileSync(file.path)]));
}

/** The engine, with something done when it has written. */
const afterWriting = (lake: LocalLake, then: (order: ParquetOrder) => Promise<unknown>): WritingEngine => ({
  ...lake.engine,
  async writeParquet(order) {
    const written = await lake.engine.writeParquet(order);
    await then(order);
    return written;
  },
});

describe('R', () => {
  test('R the attempt is written before its query starts', async () => {
    const lake = await reportLake();
    await run(lake, FIRST);
    let during: unknown;
    const engine: WritingEngine = {
      ...lake.engine,
      async writeParquet(order) {
        during = await readAttempt(lake.ports.items, 'r', SECOND);
        return lake.engine.writeParquet(order);
      },
    };
    const { attempt } = await run(lake, SECOND, { engine });
    expect(during).toMatchObject({
      id: attempt,
      state: 'open',
      sequenceNumber: 1,
      sql: expect.stringMatching(/SELECT id/),
    });
    expect(await readAttempt(lake.ports.items, 'r', SECOND)).toMatchObject({
      id: attempt,
      state: 'succeeded',
    });
    expect((await listAttempts(lake.ports.items, 'r')).length).toBe(2);
  });

  test('R a failed run leaves nothing that a reader can see', async () => {
    const lake = await reportLake();
    await expect(run(lake, FIRST, { sql: BROKEN })).rejects.toMatchObject({ code: 'TM_6001' });
    expect(await openTable(lake.ports, 'r')).toBeUndefined();
    await run(lake, FIRST);
    const before = await shown(lake);
    const dying = afterWriting(lake, () => Promise.reject(new Error('killed')));
    await expect(run(lake, FIRST, { engine: dying, sql: `${SQL} LIMIT 1` })).rejects.toThrow('killed');
    expect(await shown(lake)).toEqual(before);
    expect(await readAttempt(lake.ports.items, 'r', FIRST)).toMatchObject({ state: 'failed' });
  });

  test("R a re-run replaces exactly one date's files; the others stay byte for byte", async () => {
    const lake = await reportLake();
    for (const date of [FIRST, SECOND]) await run(lake, date);
    const before = await files(lake);
    expect(await run(lake, SECOND, { sql: `${SQL} LIMIT 1` })).toMatchObject({ replaced: true, rows: 1 });
    expect(await shown(lake)).toEqual([`${FIRST} 1 1 x`, `${FIRST} 2 2 y`, `${SECOND} 1 1 x`]);
    const kept = [...(await files(lake))].filter(([path]) => before.has(path));
    expect(kept.length).toBe(1);
    for (const [path, bytes] of kept) expect(bytes).toEqual(before.get(path));
  });

  test('R a run of another date in between loses neither', async () => {
    const lake = await reportLake();
    await run(lake, FIRST);
    const ports = beforeSwap(lake.ports, 'r', () => run(lake, SECOND, { sql: `${SQL} LIMIT 1` }));
    await run(lake, FIRST, { ports });
    expect(await shown(lake)).toEqual([`${FIRST} 1 1 x`, `${FIRST} 2 2 y`, `${SECOND} 1 1 x`]);
  });

  test('R before its swap the attempt must still be the open one', async () => {
    const lake = await reportLake();
    let other: Reported | undefined;
    const engine = afterWriting(lake, async () => {
      other = await run(lake, FIRST);
    });
    const overtaken = run(lake, FIRST, { engine, sql: `${SQL} LIMIT 1` });
    await expect(overtaken).rejects.toMatchObject({ code: 'TM_6013' });
    expect(await shown(lake)).toEqual([`${FIRST} 1 1 x`, `${FIRST} 2 2 y`]);
    expect(await readAttempt(lake.ports.items, 'r', FIRST)).toMatchObject({
      id: other!.attempt,
      state: 'succeeded',
    });
  });

  test('R an attempt that was overtaken between its plan and its swap commits nothing', async () => {
    const lake = await reportLake();
    await run(lake, FIRST);
    const ports = beforeSwap(lake.ports, 'r', () => run(lake, FIRST));
    const overtaken = run(lake, FIRST, { ports, sql: `${SQL} LIMIT 1` });
    await expect(overtaken).rejects.toMatchObject({ code: 'TM_6013' });
    expect(await shown(lake)).toEqual([`${FIRST} 1 1 x`, `${FIRST} 2 2 y`]);
  });

  test.each<[string, (order: ParquetOrder) => ParquetOrder]>([
    ['another field id', o => ({ ...o, fields: o.fields.map(f => (f.name === 'a' ? { ...f, id: 77 } : f)) })],
    [
      'another date',
      o => ({ ...o, sql: `SELECT * REPLACE (DATE '${SECOND}' AS report_date) FROM (${o.sql})` }),
    ],
  ])('R a staged file with %s in its footer is not committed', async (_, wrong) => {
    const lake = await reportLake();
    await run(lake, FIRST);
    const engine = {
      ...lake.engine,
      writeParquet: (order: ParquetOrder) => lake.engine.writeParquet(wrong(order)),
    };
    await expect(run(lake, FIRST, { engine, sql: `${SQL} LIMIT 1` })).rejects.toMatchObject({
      code: 'TM_6014',
    });
    expect(await shown(lake)).toEqual([`${FIRST} 1 1 x`, `${FIRST} 2 2 y`]);
  });

  test('R no rows is an empty report, done', async () => {
    const lake = await reportLake();
    expect(await run(lake, FIRST, { sql: `${SQL} LIMIT 0` })).toMatchObject({ rows: 0 });
    expect(await readAttempt(lake.ports.items, 'r', FIRST)).toMatchObject({ state: 'succeeded' });
    await run(lake, FIRST);
    await run(lake, FIRST, { sql: `${SQL} LIMIT 0` });
    expect(await shown(lake)).toEqual([]);
  });

  test("R what an attempt writes waits under staging, not below the report's location", async () => {
    const lake = await reportLake();
    const below: string[] = [];
    const engine = afterWriting(lake, async ({ folder }) => {
      expect(lake.ports.store.keyOf(`${folder}/x`)).toMatch(/^staging\/r\//);
      for await (const { key } of lake.ports.store.list('r/')) below.push(key);
    });
    await run(lake, FIRST, { engine });
    expect(below).toEqual([]);
  });

  test('R vacuum keeps what an open attempt has staged, and has it once the attempt has failed', async () => {
    const lake = await reportLake();
    const engine = afterWriting(lake, async () => {
      expect((await vacuumAtOnce(lake.ports)).removed.filter(key => key.startsWith('staging/'))).toEqual([]);
    });
    await run(lake, FIRST, { engine });
    expect(await shown(lake)).toEqual([`${FIRST} 1 1 x`, `${FIRST} 2 2 y`]);
    const dying = afterWriting(lake, () => Promise.reject(new Error('killed')));
    await expect(run(lake, SECOND, { engine: dying })).rejects.toThrow('killed');
    expect((await vacuumAtOnce(lake.ports)).removed.filter(key => key.startsWith('staging/')).length).toBe(1);
    expect(await shown(lake)).toEqual([`${FIRST} 1 1 x`, `${FIRST} 2 2 y`]);
  });
});
