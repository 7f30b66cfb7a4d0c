import { abandonLoad, openLoad } from '../../lib/ledger/loads';
import { listQuarantined } from '../../lib/ledger/quarantine';
import { countTasks } from '../../lib/ledger/task-counts';
import type { Items } from '../../lib/ports/items';
import { commitLoad } from '../../lib/stages/load/commit';
import { planLoadPacks } from '../../lib/stages/load/plan-packs';
import type { LoadProject } from '../../lib/stages/load/project';
import { type Recipe, scopeOf } from '../../lib/stages/load/recipe';
import { dmsLoadsSource } from '../../lib/stages/load/source/dms-loads';
import { filesSource } from '../../lib/stages/load/source/files';
import { mergeAll, type TestLake, take } from '../support/lake';
import { loadPorts, projectOf } from '../support/load-project';
import { beginOf, type CopiedRow, filesOf } from '../support/loads';
import { ordersLake, sourceOf } from '../support/orders';
import { dmsLake, entries, put, rows, rulesLake, send, T, tableOf } from './rules';

/** A reload of a DMS task's LOAD objects: the second of them may come later than the first. */
const full = (lake: TestLake, n: number, ...lines: string[]) =>
  take(lake, `s/${T}/LOAD0000000${n}.csv`, `${['id,a,b', ...lines].join('\n')}\n`);

function reloading(lake: TestLake): LoadProject {
  const source = dmsLoadsSource(lake.landing, { table: T, folders: [`s/${T}`] });
  const copy = { kind: 'dms' as const, at: [`s/${T}`], table: T };
  return projectOf(lake, source, T, { request: { replaces: true, dateReceived: '2021-12-31', copy } });
}

async function packed(lake: TestLake, project: LoadProject, recipe: Recipe): Promise<void> {
  await project.work(recipe, 'split');
  await planLoadPacks(loadPorts(lake), recipe);
  await project.work(recipe, 'pack');
}

/** A reload that one process planned when its first object had come; the second one comes afterwards. */
async function plannedEarly() {
  const lake = dmsLake();
  await full(lake, 1, '1,1,first');
  await full(lake, 2, '2,2,first');
  await mergeAll(lake, T);
  await full(lake, 1, '1,100,second');
  await lake.landing.delete(`s/${T}/LOAD00000002.csv`);
  const early = reloading(lake);
  const recipe = await early.plan();
  await packed(lake, early, recipe);
  await full(lake, 2, '2,200,second', '3,300,second');
  return { lake, early, recipe };
}

const AFTER = ['1 100 second', '2 200 second', '3 300 second'];

test('L only the recipe that was noted last is committed: what it knows more than another is not lost', async () => {
  const { lake, early, recipe } = await plannedEarly();
  const late = reloading(lake);
  const whole = await late.plan();
  expect(whole.id).not.toBe(recipe.id);
  await expect(early.commit(recipe)).rejects.toThrow(/^\[TM_2767\]/);
  expect(await openLoad(lake.ports.items, T)).toBeDefined();
  await packed(lake, late, whole);
  expect(await late.commit(whole)).toMatchObject({ validation: { all: { after: { rows: 3 } } } });
  expect(await rows(lake)).toEqual(AFTER);
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
});

test('L a load that was committed by another recipe is told from this one, and what only this one has waits', async () => {
  const { lake, early, recipe } = await plannedEarly();
  const late = reloading(lake);
  const { items } = lake.ports;
  const committing = projectOf(lake, dmsLoadsSource(lake.landing, { table: T, folders: [`s/${T}`] }), T, {
    request: {
      replaces: true,
      dateReceived: '2021-12-31',
      copy: { kind: 'dms', at: [`s/${T}`], table: T },
    },
    ports: {
      ...loadPorts(lake),
      items: {
        ...items,
        // Right before its recipe is noted another one commits.
        async transact(actions) {
          const notes = actions.some(a => 'put' in a && a.put.sort === 'recipe');
          if (notes && actions.length === 1) await early.commit(recipe);
          return items.transact(actions);
        },
      },
    },
  });
  const whole = await committing.plan();
  await packed(lake, late, whole);
  await expect(late.commit(whole)).rejects.toThrow(/^\[TM_2758\]/);
  expect(await listQuarantined(items)).toHaveLength(1);
  expect(await rows(lake)).toEqual(['1 100 second']);
  // Whoever ran the early one again ends what it took in, and no more.
  await late.run();
  expect(await rows(lake)).toEqual(AFTER);
  expect(await listQuarantined(items)).toEqual([]);
});

/** A load of a file of two rows from the landing. */
async function copied(lake: TestLake) {
  await lake.landing.put('x/t.csv', Buffer.from('id,a,b\n1,1,copy\n2,2,copy\n'));
  const source = filesSource(lake.landing, { table: T, from: ['x/'] });
  const copy = { kind: 'files' as const, at: ['x/'], table: T };
  const request = { replaces: true, dateReceived: '2021-12-31', copy };
  return (more: Partial<typeof request> & { load?: string } = {}) =>
    projectOf(lake, source, T, { request: { ...request, ...more } });
}

test('L the same copy is not loaded again after a load that was given up', async () => {
  const lake = rulesLake();
  const project = await copied(lake);
  expect(await project().run()).toMatchObject({ n: 1 });
  await send(lake, [put(5, 1, 100, 'newer'), put(5, 3, 3, 'newer')]);
  await mergeAll(lake, T);
  for (let i = 0; i < 2; i++) {
    const other = (await beginOf(lake.ports, tableOf(lake), true))!;
    await abandonLoad(lake.ports.items, T, other.standing);
  }
  expect(await project().run()).toMatchObject({ n: 1 });
  expect(await rows(lake)).toEqual(['1 100 newer', '2 2 copy', '3 3 newer']);
});

async function load(lake: TestLake, replaces: boolean, at: bigint | undefined, ...copy: CopiedRow[]) {
  const place = at === undefined ? undefined : { major: 1_609_459_200_000_000n, minor: at };
  const begun = (await beginOf(lake.ports, tableOf(lake), replaces, place))!;
  const files = await filesOf(lake.ports, tableOf(lake), begun, copy, lake.lake.limits);
  await commitLoad(lake.ports, tableOf(lake), begun.standing, files);
  await mergeAll(lake, T);
}

test('L a load before a replace would show nothing, and is refused; at its position or beyond it is taken in', async () => {
  const lake = rulesLake();
  await send(lake, [put(1, 1, 1, 'x')]);
  await mergeAll(lake, T);
  await load(lake, true, 5n, { id: 1n, a: 1, b: 'first half' });
  const second = { id: 2n, a: 2, b: 'second half' };
  await expect(load(lake, false, undefined, second)).rejects.toThrow(
    /^\[TM_2768\].*--position 1609459200000000:5/,
  );
  await expect(load(lake, true, 4n, second)).rejects.toThrow(/^\[TM_2768\]/);
  expect(await openLoad(lake.ports.items, T)).toBeUndefined();
  await load(lake, false, 5n, second);
  expect(await rows(lake)).toEqual(['1 1 first half', '2 2 second half']);
  await load(lake, false, 6n, { id: 3n, a: 3, b: 'beyond' });
  expect(await rows(lake)).toEqual(['1 1 first half', '2 2 second half', '3 3 beyond']);
});

test('L who goes on with a load begins no other one when it ends meanwhile', async () => {
  const lake = rulesLake();
  const project = await copied(lake);
  const { load: first } = await project({ load: 'one' }).plan();
  expect(first.id).toBe('one');
  expect((await project({ load: 'one' }).plan()).load).toEqual(first);
  await abandonLoad(lake.ports.items, T, (await openLoad(lake.ports.items, T))!);
  // Twice, as a function that is called again.
  for (let i = 0; i < 2; i++) await expect(project({ load: 'one' }).plan()).rejects.toThrow(/^\[TM_2758\]/);
  const { load: second } = await project().plan();
  await expect(project({ load: 'one' }).plan()).rejects.toThrow(/^\[TM_2758\]/);
  expect((await openLoad(lake.ports.items, T))?.load.id).toBe(second.id);
  expect(await entries(lake)).toEqual([]);
});

test('L where the store fails one worker, the others end their task before it is told, and begin no other', async () => {
  const { lake, copy } = await ordersLake();
  const { items } = lake.ports;
  const failing: Items = {
    ...items,
    async transact(actions) {
      const isFirst = actions.some(action => 'put' in action && action.value.owner === 'test/0');
      if (isFirst) throw new Error('the store is gone');
      return items.transact(actions);
    },
  };
  const ports = { ...loadPorts(lake), items: failing };
  const project = projectOf(lake, sourceOf(lake, copy), 'orders', { ports, workers: 3 });
  const recipe = await project.plan();
  await expect(project.work(recipe, 'split')).rejects.toThrow('the store is gone');
  const tasks = await countTasks(items, scopeOf(recipe, 'split'));
  expect(tasks).toMatchObject({ in_progress: 0, failed: 0 });
  expect(tasks.succeeded).toBeLessThanOrEqual(2);
  expect(tasks.pending).toBeGreaterThan(0);
});
