import { openLoad } from '../../../lib/ledger/loads';
import { retryNoted } from '../../../lib/runtime/load-status';
import { randomOf } from '../../simulation/scheduler';
import { readRows } from '../../support/lake';
import { loadPorts, projectOf } from '../../support/load-project';
import { Killed, mortal } from '../../support/mortal';
import { ordersLake, sourceOf } from '../../support/orders';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 2);
const LEASE_MS = 61_000;

const text = (rows: Awaited<ReturnType<typeof readRows>>) =>
  rows.map(({ _changed_at: _, ...row }) => Object.values(row).join());

test(`load.killed: ${KILLS} kills at random calls, and what comes out is what one run gives`, async () => {
  const calm = await ordersLake();
  await projectOf(calm.lake, sourceOf(calm.lake, calm.copy), 'orders').run();
  const expected = text(await readRows(calm.lake.ports, 'orders'));

  const { lake, copy } = await ordersLake();
  const random = randomOf(Number(process.env.TIDEMARK_SEED ?? 1));
  const own = loadPorts(lake);
  let ahead = 0;
  const clock = { now: () => own.clock.now() + ahead, pause: (ms: number) => own.clock.pause(ms) };
  for (let kill = 0; ; kill++) {
    const diesAt = kill < KILLS ? 1 + Math.floor(random() * 120) : Number.POSITIVE_INFINITY;
    const ports = { ...own, ...mortal({ ...own, clock }, diesAt, random() < 0.5) };
    const project = projectOf(lake, sourceOf(lake, copy), 'orders', { ports, owner: `process ${kill}` });
    try {
      await project.run();
      break;
    } catch (error) {
      // Whoever was killed leaves its tasks; three deaths over one task are as many as it may cost.
      if ((error as { code?: string }).code === 'TM_2753') {
        const { load } = (await openLoad(own.items, 'orders'))!;
        await retryNoted({ ...own, clock }, load, undefined);
      } else if (!(error instanceof Killed)) throw error;
    }
    expect(await readRows(own, 'orders').then(rows => [0, 1000].includes(rows.length))).toBe(true);
    ahead += LEASE_MS;
  }
  expect(text(await readRows(lake.ports, 'orders'))).toEqual(expected);
}, 300_000);
