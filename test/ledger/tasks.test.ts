import { openLocalItems } from '../../lib/adapters/local/items';
import { memoryItems } from '../../lib/adapters/memory/items';
import { claimTask, failTask, LEASE_MS, renewTask, succeedTask } from '../../lib/ledger/task-claims';
import { countTasks } from '../../lib/ledger/task-counts';
import { ERRORS_BYTES_MAX } from '../../lib/ledger/task-errors';
import { addTasks, retryTasks } from '../../lib/ledger/task-pending';
import { listTasks, readTask, type Task } from '../../lib/ledger/tasks';
import type { Items } from '../../lib/ports/items';
import { freshFolders } from '../adapters/folder';
import { checkTasks, readTasks } from '../support/naive-tasks';

const SCOPE = { load: 'load-1', step: 'split' };
const NOW = 1_700_000_000_000;
const folder = freshFolders();

const idsOf = (count: number) => Array.from({ length: count }, (_, i) => `deltas/t/groups/${i}.json`);
const add = (items: Items, count: number, now = NOW) =>
  addTasks(
    items,
    SCOPE,
    idsOf(count).map((id, n) => ({ id, payload: { n } })),
    now,
  );

async function claim(items: Items, now: number, owner = 'w1'): Promise<Task> {
  const claimed = await claimTask(items, SCOPE, { owner, now });
  if (claimed.outcome !== 'claimed') throw new Error(`it is ${claimed.outcome}`);
  return claimed.task;
}

const fail = (items: Items, task: Task, now: number, message = 'no') =>
  failTask(items, SCOPE, task, { now, message, stack: `Error: ${message}\n at x` });
const read = async (items: Items, id: string) => (await readTask(items, SCOPE, id))!.task;

test('tasks.add: adding again adds what is missing and resets nothing', async () => {
  const items = memoryItems();
  expect(await add(items, 30)).toBe(30);
  const task = await claim(items, NOW);
  expect(await add(items, 60, NOW + 5)).toBe(30);
  expect(await add(items, 60, NOW + 6)).toBe(0);
  expect(await read(items, task.id)).toEqual(task);
  expect((await readTasks(items, SCOPE)).size).toBe(60);
});

test('tasks.add: what no item takes is refused before anything is added', async () => {
  const items = memoryItems();
  const small = { id: 'small', payload: null };
  await expect(
    addTasks(items, SCOPE, [small, { id: 'large', payload: 'é'.repeat(20_000) }], NOW),
  ).rejects.toThrow('TM_2801');
  await expect(addTasks(items, SCOPE, [small, small], NOW)).rejects.toThrow('one id');
  expect((await readTasks(items, SCOPE)).size).toBe(0);
});

test('tasks.scope: steps and loads do not see each other', async () => {
  const items = memoryItems();
  await add(items, 2);
  for (const scope of [
    { load: 'load-1', step: 'pack' },
    { load: 'load-2', step: 'split' },
  ]) {
    expect(await claimTask(items, scope, { owner: 'w', now: NOW })).toEqual({ outcome: 'done' });
    expect((await countTasks(items, scope)).pending).toBe(0);
  }
});

test('tasks.lease: another worker waits for its end, and a renewal moves it', async () => {
  const items = memoryItems();
  await add(items, 1);
  const task = await claim(items, NOW);
  expect([task.owner, task.until, task.token]).toEqual(['w1', NOW + LEASE_MS, 1]);
  const other = (now: number) => claimTask(items, SCOPE, { owner: 'w2', now });
  expect(await other(NOW + 59_999)).toEqual({ outcome: 'held', until: NOW + 60_000 });
  await renewTask(items, SCOPE, task, { now: NOW + 50_000 });
  // A clock that was set back does not shorten it.
  await renewTask(items, SCOPE, task, { now: NOW });
  expect(await other(NOW + 109_999)).toEqual({ outcome: 'held', until: NOW + 110_000 });
  const { tasks } = await listTasks(items, SCOPE, 'in_progress');
  expect(tasks.map(({ owner, until }) => [owner, until])).toEqual([['w1', NOW + 110_000]]);
  expect(await other(NOW + 110_000)).toMatchObject({ outcome: 'claimed', task: { token: 2, owner: 'w2' } });
});

test('tasks.fence: a worker that was taken over changes nothing, whatever its clock says', async () => {
  const items = memoryItems();
  await add(items, 1);
  const slow = await claim(items, NOW);
  const fast = await claim(items, NOW + LEASE_MS, 'w2');
  for (const now of [NOW, NOW + 10 * LEASE_MS]) {
    expect(await renewTask(items, SCOPE, slow, { now })).toBeUndefined();
    expect(await succeedTask(items, SCOPE, slow, { now, result: 'slow' })).toBeUndefined();
    expect(await fail(items, slow, now)).toBeUndefined();
  }
  expect(await read(items, slow.id)).toEqual(fast);
  // Its lease is over too, but nobody has taken the task: its work counts.
  await succeedTask(items, SCOPE, fast, { now: NOW + 9 * LEASE_MS, result: { rows: 7 } });
  expect(await succeedTask(items, SCOPE, slow, { now: NOW, result: 'slow' })).toBeUndefined();
  expect(await read(items, slow.id)).toMatchObject({ state: 'succeeded', result: { rows: 7 }, retry: 0 });
  expect(await claimTask(items, SCOPE, { owner: 'w3', now: NOW * 2 })).toEqual({ outcome: 'done' });
});

test('tasks.again: a call whose answer was lost may be made again, and counts once', async () => {
  const items = memoryItems();
  await add(items, 2);
  const [one, two] = [await claim(items, NOW), await claim(items, NOW)];
  for (const result of ['first', 'second'] as const)
    await succeedTask(items, SCOPE, one, { now: NOW, result });
  for (let i = 0; i < 3; i++)
    expect(await fail(items, two, NOW)).toMatchObject({ state: 'failed', retry: 1 });
  expect(await read(items, one.id)).toMatchObject({ state: 'succeeded', result: 'first' });
  await checkTasks(items, SCOPE);
});

test('tasks.wait: a try that failed starts again when it has waited, or is retried by hand', async () => {
  const items = memoryItems();
  await add(items, 1);
  const other = (now: number) => claimTask(items, SCOPE, { owner: 'w2', now });
  await failTask(items, SCOPE, await claim(items, NOW), { now: NOW, message: 'busy', waitMs: 10_000 });
  expect(await other(NOW + 9_999)).toEqual({ outcome: 'held', until: NOW + 10_000 });
  const again = await claim(items, NOW + 10_000, 'w2');
  expect(again).toMatchObject({ token: 2, retry: 1, until: NOW + 10_000 + LEASE_MS });
  await failTask(items, SCOPE, again, { now: NOW + 10_001, message: 'busy', waitMs: 30_000 });
  expect(await retryTasks(items, SCOPE, { now: NOW + 10_002 })).toBe(1);
  expect(await other(NOW + 10_003)).toMatchObject({ outcome: 'claimed', task: { retry: 0 } });
  await checkTasks(items, SCOPE);
});

test('tasks.tries: the third failure in a row makes a task ignored, with all its errors', async () => {
  const items = memoryItems();
  await add(items, 1);
  for (const [i, state] of ['failed', 'failed', 'ignored'].entries()) {
    const task = await claim(items, NOW + i);
    expect(await fail(items, task, NOW + i, `try ${i}`)).toMatchObject({ state, retry: i + 1 });
  }
  expect(await claimTask(items, SCOPE, { owner: 'w', now: NOW })).toEqual({ outcome: 'done' });
  const { tasks } = await listTasks(items, SCOPE, 'ignored');
  expect(tasks[0]!.errors).toEqual(
    [0, 1, 2].map(i => ({
      try: i + 1,
      at: NOW + i,
      owner: 'w1',
      message: `try ${i}`,
      stack: `Error: try ${i}\n at x`,
    })),
  );
});

test('tasks.death: a task that kills its worker three times is ignored, and says so', async () => {
  const items = memoryItems();
  await add(items, 1);
  const id = idsOf(1)[0]!;
  for (const i of [0, 1, 2]) expect((await claim(items, NOW + i * LEASE_MS, `w${i}`)).token).toBe(i + 1);
  expect((await listTasks(items, SCOPE, 'in_progress')).tasks).toHaveLength(1);
  expect(await claimTask(items, SCOPE, { owner: 'w3', now: NOW + 3 * LEASE_MS })).toEqual({
    outcome: 'done',
  });
  const task = await read(items, id);
  expect(task).toMatchObject({ state: 'ignored', retry: 3, since: NOW + 3 * LEASE_MS });
  expect(task.errors.map(({ try: n, at, owner }) => [n, at, owner])).toEqual(
    [0, 1, 2].map(i => [i + 1, NOW + (i + 1) * LEASE_MS, `w${i}`]),
  );
  expect(task.errors[2]!.message).toMatch(
    /^\[TM_2802\] the worker w2 .* load load-1, step split, task .*0\.json/,
  );
  expect(await succeedTask(items, SCOPE, { id, token: 3 }, { now: NOW, result: null })).toBeUndefined();
  expect(await countTasks(items, SCOPE)).toMatchObject({ ignored: 1, in_progress: 0 });
});

test('tasks.retry: what failed or is ignored starts anew, and keeps its history and tokens', async () => {
  const items = memoryItems();
  await add(items, 80);
  const all = idsOf(80);
  for (let n = 0; n < 80 * 3 - 1; n++) await fail(items, await claim(items, NOW + n), NOW + n);
  await readTasks(items, SCOPE);
  const [last] = (await listTasks(items, SCOPE, 'failed')).tasks;
  expect(await countTasks(items, SCOPE)).toMatchObject({ failed: 1, ignored: 79 });
  expect(await retryTasks(items, SCOPE, { now: NOW, id: last!.id })).toBe(1);
  expect(await retryTasks(items, SCOPE, { now: NOW, id: last!.id })).toBe(0);
  expect(await retryTasks(items, SCOPE, { now: NOW, id: 'none' })).toBe(0);
  expect(await read(items, last!.id)).toMatchObject({ state: 'pending', retry: 0, token: 2 });
  expect(await retryTasks(items, SCOPE, { now: NOW })).toBe(79);
  const stands = await readTasks(items, SCOPE);
  expect([...stands.keys()].sort()).toEqual([...all].sort());
  for (const task of stands.values()) expect(task).toMatchObject({ state: 'pending', retry: 0 });
  expect((await claim(items, NOW)).token).toBeGreaterThan(2);
});

test('tasks.list: one that leaves its state while the list is read is not on it', async () => {
  const items = memoryItems();
  await add(items, 3);
  const query: Items['query'] = async (...asked) => {
    const found = await items.query(...asked);
    await claim(items, NOW);
    return found;
  };
  const { tasks } = await listTasks({ ...items, query }, SCOPE, 'pending');
  expect(tasks.map(({ state }) => state)).toEqual(['pending', 'pending']);
});

test('tasks.errors: the history keeps the newest within its bytes', async () => {
  const items = memoryItems();
  await add(items, 1);
  const id = idsOf(1)[0]!;
  for (let n = 1; n <= 40; n++) {
    const task = await claim(items, NOW);
    // Characters that JSON needs six bytes for, and a message longer than any.
    await fail(items, task, NOW, n % 2 ? '\u0001'.repeat(5_000) : 'x'.repeat(100_000));
    const { errors } = await read(items, id);
    expect(errors.at(-1)!.try).toBe(n);
    expect(errors.at(-1)!.message.length).toBeLessThan(1_100);
    expect(Buffer.byteLength(JSON.stringify(errors))).toBeLessThanOrEqual(ERRORS_BYTES_MAX);
    if (n > 2) expect(errors.length).toBeGreaterThan(1);
    await retryTasks(items, SCOPE, { now: NOW });
  }
});

test('tasks.beaten: a worker that finds nothing where the list says there is gives up for a while', async () => {
  const items = memoryItems();
  const partition = `tasks#${SCOPE.load}#${SCOPE.step}`;
  await items.transact([
    { put: { partition, sort: 'state#010#0000000000000001#gone' }, value: { id: 'gone' } },
  ]);
  expect(await claimTask(items, SCOPE, { owner: 'w', now: NOW })).toEqual({
    outcome: 'held',
    until: NOW + 1_000,
  });
});

/** Calls that reach the items, and items that they answer with or write. */
function tallied(items: Items) {
  const tally = { calls: 0, items: 0 };
  const note = (count: number) => {
    tally.calls++;
    tally.items += count;
  };
  const counting: Items = {
    get: async key => {
      note(1);
      return items.get(key);
    },
    query: async (partition, prefix, options) => {
      const found = await items.query(partition, prefix, options);
      note(found.length);
      return found;
    },
    transact: async actions => {
      note(actions.length);
      return items.transact(actions);
    },
  };
  /** What `work` costs each of `count` tasks. */
  const each = async (count: number, work: () => Promise<unknown>) => {
    Object.assign(tally, { calls: 0, items: 0 });
    await work();
    return { calls: tally.calls / count, items: tally.items / count };
  };
  return { items: counting, each };
}

test('tasks.spread: workers that come at once seldom try the same task', async () => {
  const { items, each } = tallied(memoryItems());
  await add(items, 200);
  const claimed: Task[] = [];
  const { calls } = await each(20, () =>
    Promise.all(
      Array.from({ length: 20 }, async (_, n) => claimed.push(await claim(items, NOW, `worker ${n}`))),
    ),
  );
  expect(new Set(claimed.map(({ id }) => id)).size).toBe(20);
  // 4 where nobody meets; 30 and more where all begin at the same task.
  expect(calls).toBeLessThan(9);
  await checkTasks(items, SCOPE);
});

/** The greatest cost a task of each thing that is done with a step of so many tasks. */
async function costs(store: Items, count: number) {
  const { items, each } = tallied(store);
  const claims = [];
  const ends = [];
  const renewals = [];
  const planned = await each(count, () => add(items, count));
  const replanned = await each(count, () => add(items, count));
  const half: Task[] = [];
  for (let n = 0; n < 200; n++) {
    claims.push(await each(1, async () => half.push(await claim(items, NOW + n, `w${n % 8}`))));
    const task = half.at(-1)!;
    if (n % 4 === 1) ends.push(await each(1, () => fail(items, task, NOW + n)));
    if (n % 4 === 2) ends.push(await each(1, () => succeedTask(items, SCOPE, task, { now: NOW, result: n })));
    if (n % 4 === 3) renewals.push(await each(1, () => renewTask(items, SCOPE, task, { now: NOW + n })));
  }
  const status = await each(1, () => countTasks(items, SCOPE));
  const running = await each(1, () => listTasks(items, SCOPE, 'in_progress'));
  const again = await each(50, () => retryTasks(items, SCOPE, { now: NOW }));
  expect(await countTasks(items, SCOPE)).toEqual({
    pending: count - 150,
    in_progress: 100,
    failed: 0,
    succeeded: 50,
    ignored: 0,
  });
  const greatest = (all: { calls: number; items: number }[]) => ({
    calls: Math.max(...all.map(({ calls }) => calls)),
    items: Math.max(...all.map(each => each.items)),
  });
  return {
    planned,
    replanned,
    claim: greatest(claims),
    end: greatest(ends),
    renew: greatest(renewals),
    status,
    running,
    again,
  };
}

const STORES: [string, () => Promise<Items & { close?: () => Promise<void> }>][] = [
  ['memory', async () => memoryItems()],
  ['local', () => openLocalItems(folder())],
];

test.each(STORES)(
  'tasks.flat: 10,000 tasks cost each what 500 do: %s',
  async (_, open) => {
    const [few, many] = [await open(), await open()];
    const [of500, of10000] = [await costs(few, 500), await costs(many, 10_000)];
    for (const [what, { calls, items }] of Object.entries(of10000)) {
      const less = of500[what as keyof typeof of500];
      expect([what, calls <= less.calls * 1.01, items <= less.items * 1.1]).toEqual([what, true, true]);
    }
    expect(of10000.planned.calls).toBeLessThan(0.1);
    expect(of10000.claim.calls).toBeLessThanOrEqual(4);
    expect(of10000.end.calls).toBeLessThanOrEqual(3);
    expect(of10000.renew.calls).toBe(2);
    expect(of10000.status.calls).toBe(1);
    expect(of10000.status.items).toBeLessThanOrEqual(64);
    await few.close?.();
    await many.close?.();
  },
  120_000,
);
