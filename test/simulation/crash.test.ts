import type { LakePorts } from '../../lib/ports/lake-ports';
import { readRows, type TestLake } from '../support/lake';
import { type Fault, type FaultPlan, faultyPorts, NO_FAULTS } from './faulty-ports';
import { checkLog, checkOrder, checkSnapshots, checkWaiting } from './invariants';
import { Scheduler } from './scheduler';
import { COLUMNS, FILES, ingestFile, meaningOf, mergeTable, world } from './world';

/** In a quick run only every so many-eth call meets each fault; `TIDEMARK_CRASHES=all` tries every one. */
const STRIDE = process.env.TIDEMARK_CRASHES === 'all' ? 1 : 61;
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];

/** A run over several files: ingest and merge as one process would. */
async function script(lake: TestLake, ports: LakePorts, identities: Map<string, number>): Promise<void> {
  for (const [i, file] of FILES.entries()) {
    const result = await ingestFile(lake, ports, file);
    identities.set(result.identity!, i);
    if (i % 2 === 0) await mergeTable(lake, ports, file.table);
  }
  for (const table of ['one', 'two']) await mergeTable(lake, ports, table);
}

interface Outcome {
  readonly calls: string[];
  readonly lake: TestLake;
  readonly identities: Map<string, number>;
}

async function run(plan: FaultPlan): Promise<Outcome> {
  const lake = world(1);
  const identities = new Map<string, number>();
  const calls: string[] = [];
  const counting: FaultPlan = (call, actor) => {
    calls.push(call);
    return plan(call, actor);
  };
  const scheduler = new Scheduler(1);
  scheduler.spawn('first', actor => script(lake, faultyPorts(lake.ports, actor, counting), identities));
  await scheduler.run();
  await checkWaiting(lake.ports, ['one', 'two']);
  const again = scheduler.spawn('restarted', actor =>
    script(lake, faultyPorts(lake.ports, actor, NO_FAULTS), identities),
  );
  await scheduler.run();
  if (again.error) throw again.error;
  return { calls, lake, identities };
}

async function check({ lake, identities }: Outcome): Promise<unknown> {
  const meaning = (source: string, n: number) => meaningOf(FILES[identities.get(source)!]!, n);
  const tables = [];
  for (const table of ['one', 'two']) {
    await checkSnapshots(lake.ports, table, COLUMNS, meaning);
    await checkLog(
      lake.ports,
      table,
      [...identities].filter(([, i]) => FILES[i]!.table === table).map(([id]) => id),
    );
    await checkOrder(lake.ports, table);
    const rows = await readRows(lake.ports, table);
    tables.push(rows.sort((a, b) => Number(a.id) - Number(b.id)));
  }
  return tables;
}

test('crash.everyCall: restarted, the lake is as if nothing had happened', async () => {
  const calm = await run(NO_FAULTS);
  const expected = await check(calm);
  const calls = calm.calls.length;
  for (const [f, fault] of FAULTS.entries()) {
    for (let at = (f * 2) % STRIDE; at < calls; at += STRIDE) {
      let call = 0;
      const outcome = await run(() => (call++ === at ? fault : 'none'));
      const where = `${fault} call ${at}, ${outcome.calls[at]}`;
      expect({ where, tables: await check(outcome) }).toEqual({ where, tables: expected });
    }
  }
}, 600_000);
