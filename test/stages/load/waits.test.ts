import { claimTask, LEASE_MS } from '../../../lib/ledger/task-claims';
import type { LoadProgress } from '../../../lib/stages/load/project';
import { scopeOf } from '../../../lib/stages/load/recipe';
import { hasty, loadPorts, projectOf } from '../../support/load-project';
import { ordersLake, sourceOf } from '../../support/orders';

test('load.waits: where all that is left is a task of a worker that died, it says whose and until when', async () => {
  const { lake, copy } = await ordersLake();
  const told: LoadProgress[] = [];
  const ports = { ...loadPorts(lake), clock: hasty() };
  const onProgress = (progress: LoadProgress) => told.push(progress);
  const project = projectOf(lake, sourceOf(lake, copy), 'orders', {
    ports,
    onProgress,
    owner: 'here',
    workers: 1,
  });
  const recipe = await project.plan();
  const now = ports.clock.now();
  expect(await claimTask(ports.items, scopeOf(recipe, 'split'), { owner: 'dead/0', now })).toMatchObject({
    outcome: 'claimed',
  });
  await project.work(recipe, 'split');
  const waits = told.flatMap(({ waits }) => (waits ? [waits] : []));
  expect(waits).toContainEqual({ owner: 'dead/0', until: now + LEASE_MS });
  expect(waits.every(({ owner }) => owner === 'dead/0')).toBe(true);
  expect(told.at(-1)).not.toHaveProperty('waits');
}, 60_000);

test('load.waits: while a worker of its own has a task in hand, nobody waits', async () => {
  const { lake, copy } = await ordersLake();
  const told: LoadProgress[] = [];
  const onProgress = (progress: LoadProgress) => told.push(progress);
  const bare = loadPorts(lake);
  let calls = 0;
  const slow: typeof bare = {
    ...bare,
    engine: {
      ...bare.engine,
      split: async order => {
        // The first worker takes the first task, and is done with all others before the second one.
        if (calls++ === 1) await new Promise(resolve => setTimeout(resolve, 4000));
        return bare.engine.split(order);
      },
    },
  };
  const project = projectOf(lake, sourceOf(lake, copy), 'orders', { ports: slow, onProgress, workers: 2 });
  const recipe = await project.plan();
  await project.work(recipe, 'split');
  expect(told.filter(({ waits }) => waits)).toEqual([]);
}, 60_000);
