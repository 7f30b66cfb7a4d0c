import type { LakePorts } from '../../../lib/ports/lake-ports';
import { randomOf } from '../../simulation/scheduler';
import { readRows } from '../../support/lake';
import { loadPorts, projectOf } from '../../support/load-project';
import { ordersLake, sourceOf } from '../../support/orders';

const KILLS = Number(process.env.TIDEMARK_KILLS ?? 2);
const LEASE_MS = 61_000;

class Killed extends Error {}

/** Ports of a process that dies at one of its calls: before it, or after its effect. Nothing that it does later counts. */
function mortal(ports: LakePorts, diesAt: number, after: boolean): LakePorts {
  let calls = 0;
  const each = <P extends object>(port: P): P =>
    new Proxy(port, {
      get(target, name) {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function' || name === 'uri' || name === 'keyOf' || name === 'now')
          return member;
        return (...args: unknown[]) => {
          const call = ++calls;
          if (call > diesAt || (call === diesAt && !after)) throw new Killed();
          const answer = member.apply(target, args) as unknown;
          if (call < diesAt || !(answer instanceof Promise)) return answer;
          return answer.then(() => {
            throw new Killed();
          });
        };
      },
    });
  return { ...ports, store: each(ports.store), items: each(ports.items), catalog: each(ports.catalog) };
}

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
        const byHand = projectOf(lake, sourceOf(lake, copy), 'orders', { ports: { ...own, clock } });
        await byHand.retry(await byHand.recipe());
      } else if (!(error instanceof Killed)) throw error;
    }
    expect(await readRows(own, 'orders').then(rows => [0, 1000].includes(rows.length))).toBe(true);
    ahead += LEASE_MS;
  }
  expect(text(await readRows(lake.ports, 'orders'))).toEqual(expected);
}, 300_000);
