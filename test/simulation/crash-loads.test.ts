import { pastLoads } from '../../lib/ledger/loads';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { readRows, type TestLake } from '../support/lake';
import { type Fault, type FaultPlan, faultyPorts, NO_FAULTS } from './faulty-ports';
import { checkLog, checkOrder, checkSnapshots, checkWaiting } from './invariants';
import { type Copy, type Loads, load, loaded, mergeInSteps } from './loads-world';
import { Scheduler } from './scheduler';
import { COLUMNS, FILES, ingestFile, meaningOf, mergeTable, type WorldFile, world } from './world';

/** In a quick run only every so many-eth call meets each fault; `TIDEMARK_CRASHES=all` tries every one. */
const STRIDE = process.env.TIDEMARK_CRASHES === 'all' ? 1 : 131;
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];
const T = 'one';
const OWN = FILES.filter(file => file.table === T);

const ROWS = [1, 2, 3, 5].map(id => ({ id: BigInt(id), a: 7, b: 'copy' }));

interface Told {
  readonly identities: Map<string, WorldFile>;
  readonly loads: Loads;
}

/** A load whose merge takes many runs; vacuum comes in between, and after it the fold begins anew. */
async function script(lake: TestLake, ports: LakePorts, copy: Copy, told: Told): Promise<void> {
  const { identities, loads } = told;
  const send = async (file: WorldFile) =>
    identities.set((await ingestFile(lake, ports, file)).identity!, file);
  await send(OWN[0]!);
  if (copy.replaces) await mergeTable(lake, ports, T);
  for (const file of OWN.slice(1)) await send(file);
  if ((await pastLoads(ports.items, T, 1)).length === 0) await load(lake, ports, copy, loads);
  await mergeInSteps(lake, ports, 3).catch(() => {});
  await vacuum(ports, 0);
  await mergeInSteps(lake, ports, 30);
}

async function run(copy: Copy, plan: FaultPlan) {
  const lake = world(1);
  const told: Told = { identities: new Map(), loads: new Map() };
  const calls: string[] = [];
  const counting: FaultPlan = (call, actor) => {
    calls.push(call);
    return plan(call, actor);
  };
  const scheduler = new Scheduler(1);
  scheduler.spawn('first', actor => script(lake, faultyPorts(lake.ports, actor, counting), copy, told));
  await scheduler.run();
  await checkWaiting(lake.ports, [T]);
  const again = scheduler.spawn('restarted', actor =>
    script(lake, faultyPorts(lake.ports, actor, NO_FAULTS), copy, told),
  );
  await scheduler.run();
  if (again.error) throw again.error;
  return { calls, rows: await check(lake, told) };
}

async function check(lake: TestLake, { identities, loads }: Told): Promise<unknown> {
  const meaning = (source: string, n: number) => {
    const one = loads.get(source);
    return one ? loaded(one, n) : meaningOf(identities.get(source)!, n);
  };
  await checkSnapshots(lake.ports, T, COLUMNS, meaning);
  const [last] = await pastLoads(lake.ports.items, T, 1);
  await checkLog(lake.ports, T, [...identities.keys(), `load#${last!.id}`]);
  await checkOrder(lake.ports, T);
  return (await readRows(lake.ports, T)).map(({ id, a, b }) => `${id} ${a} ${b}`).sort();
}

test.each([false, true])(
  'crash.loads (replaces: %s): a merge in steps, restarted, is as if nothing had happened',
  async replaces => {
    const copy = { replaces, rows: ROWS };
    const calm = await run(copy, NO_FAULTS);
    for (const [f, fault] of FAULTS.entries()) {
      for (let at = (f * 15) % STRIDE; at < calm.calls.length; at += STRIDE) {
        let call = 0;
        const { calls, rows } = await run(copy, () => (call++ === at ? fault : 'none'));
        const where = `${fault} call ${at}, ${calls[at]}`;
        expect({ where, rows }).toEqual({ where, rows: calm.rows });
      }
    }
  },
  1_800_000,
);
