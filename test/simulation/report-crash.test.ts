import { openQuery } from '../../lib/query/open';
import { runReport } from '../../lib/stages/report';
import { type LocalLake, localLakes } from '../query/local-lake';
import { mergeAll, take } from '../support/lake';
import { type Fault, type FaultPlan, faultyPorts, NO_FAULTS } from './faulty-ports';
import { Scheduler } from './scheduler';

const STRIDE = process.env.TIDEMARK_CRASHES === 'all' ? 1 : 41;
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];
const DATES = ['2021-01-01', '2021-01-02'];
const lakes = localLakes();

async function begin(): Promise<LocalLake> {
  const lake = await lakes({
    name: 'r',
    tables: { t: { key: ['id'], columns: { id: 'bigint', v: 'int' } } },
    reports: { daily: { table: 't' } },
  });
  await take(lake, 't-2021-01-01.csv', 'id,v\n1,1\n2,2\n');
  await take(lake, 't-2021-01-02.csv', 'id,v\n2,20\n3,30\n');
  await mergeAll(lake, 't');
  return lake;
}

/** Both dates, then the first once more. Counts each port call, those of the engine too. */
async function reports(lake: LocalLake, scheduler: Scheduler, name: string, plan: FaultPlan) {
  const actor = scheduler.spawn(name, async self => {
    const ports = faultyPorts(lake.ports, self, plan);
    const { engine } = lake;
    const query = {
      ...engine,
      writeParquet: async (order: Parameters<typeof engine.writeParquet>[0]) => {
        await self.gate('query.writeParquet');
        const fault = plan('query.writeParquet', self);
        if (fault === 'before') return self.crash();
        if (fault === 'refused') throw new Error('simulated: the engine failed');
        const written = await engine.writeParquet(order);
        if (fault === 'after') return self.crash();
        if (fault === 'lost') throw new Error('simulated: the answer was lost');
        return written;
      },
    };
    for (const date of [...DATES, DATES[0]!]) {
      await runReport({ ...ports, query, readSql: async () => '' }, lake.lake, lake.lake.reports[0]!, date);
    }
  });
  await scheduler.run();
  return actor;
}

async function rowsOf(lake: LocalLake): Promise<unknown[]> {
  const query = await openQuery(lake.ports, lake.lake, lake.engine);
  if (!(await query.tables()).some(t => t.name === 'daily')) return [];
  return [...(await query.run('SELECT report_date, id, v FROM daily ORDER BY ALL')).rows];
}

const FIRST = [
  ['2021-01-01', 1n, 1],
  ['2021-01-01', 2n, 2],
];
const SECOND = [
  ['2021-01-02', 1n, 1],
  ['2021-01-02', 2n, 20],
  ['2021-01-02', 3n, 30],
];

test('crash.report: no reader sees half a date, and a restart completes it', async () => {
  let calls = 0;
  const calm = await begin();
  await reports(calm, new Scheduler(1), 'calm', () => {
    calls++;
    return 'none';
  });
  expect(await rowsOf(calm)).toEqual([...FIRST, ...SECOND]);
  for (const [f, fault] of FAULTS.entries()) {
    for (let at = (f * 2) % STRIDE; at < calls; at += STRIDE) {
      const lake = await begin();
      const scheduler = new Scheduler(1);
      let call = 0;
      await reports(lake, scheduler, 'first', () => (call++ === at ? fault : 'none'));
      const seen = await rowsOf(lake);
      expect([[], FIRST, [...FIRST, ...SECOND]]).toContainEqual(seen);
      const again = await reports(lake, scheduler, 'restarted', NO_FAULTS);
      expect({ at, fault, error: again.error, rows: await rowsOf(lake) }).toEqual({
        at,
        fault,
        error: undefined,
        rows: [...FIRST, ...SECOND],
      });
    }
  }
}, 600_000);
