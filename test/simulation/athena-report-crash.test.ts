import { continueReport, startReport } from '../../lib/stages/athena-report/athena-report';
import { type Fault, type FaultPlan, NO_FAULTS } from './faulty-ports';
import {
  checkReport,
  DATES,
  expected,
  processPorts,
  receive,
  reportRows,
  reportWorld,
  sweepToEnd,
} from './report-world';
import { type Actor, Scheduler } from './scheduler';

/** In a quick run only every so many-eth call meets each fault; `TIDEMARK_CRASHES=all` tries every one. */
const STRIDE = process.env.TIDEMARK_CRASHES === 'all' ? 1 : 61;
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];
const CALLS_MAX = 300;

/** Both dates, then the first once more, after a correction of it. */
async function run(plan: FaultPlan) {
  const scheduler = new Scheduler(1);
  const world = await reportWorld(scheduler, () => 'succeeds');
  const report = world.lake.reports[0]!;
  const calls: string[] = [];
  const script = (faults: FaultPlan) => async (actor: Actor) => {
    const ports = processPorts(world, actor, faults);
    for (const date of [DATES[0]!, DATES[1]!, DATES[0]!]) {
      let { did } = await startReport(ports, world.lake, report, date);
      for (let i = 0; i < CALLS_MAX && did === 'runs'; i++)
        ({ did } = await continueReport(ports, world.lake, report, date));
    }
  };
  scheduler.spawn(
    'first',
    script((call, actor) => {
      calls.push(call);
      return plan(call, actor);
    }),
  );
  await scheduler.run();
  await receive(world, DATES[0]!, { 1: 100 });
  // Twice: the first goes on with what is open, which may have read its rows before the correction.
  for (const name of ['restarted', 'again']) {
    const again = scheduler.spawn(name, script(NO_FAULTS));
    await scheduler.run();
    if (again.error) throw again.error;
  }
  await sweepToEnd(world, scheduler);
  return { world, calls };
}

test('crash.athenaReport: restarted, each date has its rows once, whatever call it died at', async () => {
  const { calls, world: calm } = await run(NO_FAULTS);
  await checkReport(calm, { late: false });
  for (const [f, fault] of FAULTS.entries()) {
    for (let at = (f * 2) % STRIDE; at < calls.length; at += STRIDE) {
      let call = 0;
      const { world } = await run(() => (call++ === at ? fault : 'none'));
      const where = `${fault} call ${at}, ${calls[at]}`;
      await checkReport(world, { late: false });
      expect({ where, rows: await reportRows(world) }).toEqual({
        where,
        rows: DATES.flatMap(date => expected(world, date)),
      });
    }
  }
}, 600_000);
