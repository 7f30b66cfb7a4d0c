import { openLoad } from '../../../lib/ledger/loads';
import { retryNoted } from '../../../lib/runtime/load-status';
import type { LoadPorts } from '../../../lib/stages/load/recipe';
import {
  type CommittedLoad,
  type LoadSteps,
  loadSteps,
  type PlanAsked,
  type Round,
} from '../../../lib/stages/load/steps';
import { randomOf } from '../../simulation/scheduler';
import type { OrdersCopy } from '../../support/copies';
import { mergeAll, readRows, type TestLake } from '../../support/lake';
import { loadPorts, projectOf } from '../../support/load-project';
import { Killed, mortal } from '../../support/mortal';
import { ordersLake, sourceOf } from '../../support/orders';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 4);
const LEASE_MS = 61_000;
const ASKED: PlanAsked = {
  table: 'orders',
  copy: { kind: 'manifest', at: [], table: 'orders' },
  replace: false,
  date: '2021-12-31',
};

/** The steps as a process has them that knows nothing but its input. */
function stepsOf(
  { lake, copy }: { lake: TestLake; copy: OrdersCopy },
  { ports = loadPorts(lake), woken = [] }: { ports?: LoadPorts; woken?: string[] } = {},
): LoadSteps {
  return loadSteps({
    config: JSON.parse(JSON.stringify(lake.lake)) as TestLake['lake'],
    ports,
    open: () => ({ copies: lake.landing, source: sourceOf(lake, copy) }),
    workersMax: 3,
    owner: ports.ids.fresh(),
    wake: async table => void woken.push(table),
  });
}

/** As a state machine takes a load from step to step, each input through JSON; `call` is how a step is called. */
async function execute(
  steps: () => LoadSteps,
  call: <T>(step: () => Promise<T>) => Promise<T> = step => step(),
  now = Date.now,
): Promise<CommittedLoad> {
  const told = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
  const workers = (round: Round, step: 'split' | 'pack') =>
    Promise.all(
      round.workers.map(async worker => {
        // No time for a second task: every one is another call.
        const one = () => call(() => steps().work(told({ ...round, step, worker }), now() + 1));
        while ((await one()).left);
      }),
    );
  const planned = await call(() => steps().plan(ASKED));
  await workers(planned, 'split');
  const packs = await call(() => steps().planPacks(told(planned)));
  await workers(packs, 'pack');
  return call(() => steps().commit(told(packs)));
}

const text = (rows: Awaited<ReturnType<typeof readRows>>) =>
  rows.map(({ _changed_at: _, ...row }) => Object.values(row).join());

async function calm(): Promise<string[]> {
  const { lake, copy } = await ordersLake();
  await projectOf(lake, sourceOf(lake, copy), 'orders').run();
  return text(await readRows(lake.ports, 'orders'));
}

test('steps.repeated: each called twice at once, by processes that share nothing, they give what one run gives', async () => {
  const world = await ordersLake();
  const { lake } = world;
  const woken: string[] = [];
  const committed = await execute(
    () => stepsOf(world, { woken }),
    async step => {
      const [one, other] = await Promise.all([step(), step()]);
      expect({ ...other, workers: [], left: false }).toEqual({ ...one, workers: [], left: false });
      return one;
    },
  );
  expect(committed).toMatchObject({ table: 'orders', n: 1, rows: 1000 });
  expect(woken).toEqual(['orders', 'orders']);
  expect(await openLoad(lake.ports.items, 'orders')).toBeUndefined();
  await mergeAll(lake, 'orders');
  expect(text(await readRows(lake.ports, 'orders'))).toEqual(await calm());
  await expect(execute(() => stepsOf(world))).rejects.toThrow(/TM_2761.*as entry 1/);
}, 120_000);

test(`steps.killed: ${KILLS} executions that end at random calls, and what comes out is what one run gives`, async () => {
  const world = await ordersLake();
  const { lake } = world;
  const random = randomOf(Number(process.env.TIDEMARK_SEED ?? 1));
  const own = loadPorts(lake);
  let ahead = 0;
  const clock = { now: () => own.clock.now() + ahead, pause: (ms: number) => own.clock.pause(ms) };
  for (let kill = 0; ; kill++) {
    const diesAt = kill < KILLS ? 1 + Math.floor(random() * 150) : Number.POSITIVE_INFINITY;
    const ports = { ...own, ...mortal({ ...own, clock }, diesAt, random() < 0.5) };
    try {
      await execute(() => stepsOf(world, { ports }), undefined, clock.now);
      break;
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'TM_2761') break;
      const load = (await openLoad(own.items, 'orders'))?.load;
      // Three deaths over one task are as many as it may cost.
      if (code === 'TM_2753') await retryNoted({ ...own, clock }, load!, undefined);
      // A step that goes on after a worker died finds what that one left.
      else if (!(error instanceof Killed || code === 'TM_2762')) throw error;
    }
    ahead += LEASE_MS;
  }
  await mergeAll(lake, 'orders');
  expect(text(await readRows(lake.ports, 'orders'))).toEqual(await calm());
}, 300_000);

test('steps.order: no step goes on where the one before left something, and none by another config', async () => {
  const world = await ordersLake();
  const planned = await stepsOf(world).plan(ASKED);
  expect(planned.workers).toEqual([0, 1, 2]);
  await expect(stepsOf(world).planPacks(planned)).rejects.toThrow(/^\[TM_2762\] \d+ tasks of the step split/);
  const { lake } = world;
  const [orders] = lake.lake.tables;
  const mended = [
    { ...orders!, load: { ...orders!.load, groupBytes: 7 } },
    { ...orders!, partitionBy: [{ column: orders!.key[0]!, transform: 'bucket[3]' }] },
  ];
  for (const other of mended) {
    const deployed = { ...world, lake: { ...lake, lake: { ...lake.lake, tables: [other] } } };
    await expect(stepsOf(deployed).planPacks(planned)).rejects.toThrow(/^\[TM_2763\]/);
  }
  await expect(stepsOf(world).plan({ ...ASKED, table: 'none' })).rejects.toThrow(/^\[TM_2764\]/);
}, 60_000);
