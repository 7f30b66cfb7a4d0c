import type { TaskScope } from '../../lib/ledger/keys';
import {
  claimTask,
  failTask,
  type Hold,
  LEASE_MS,
  renewTask,
  succeedTask,
} from '../../lib/ledger/task-claims';
import { countTasks } from '../../lib/ledger/task-counts';
import { addTasks, retryTasks } from '../../lib/ledger/task-pending';
import type { Task } from '../../lib/ledger/tasks';
import type { Items } from '../../lib/ports/items';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { memoryPorts } from '../support/lake';
import { checkTasks, readTasks } from '../support/naive-tasks';
import { type Fault, type FaultPlan, faultyPorts, NO_FAULTS } from './faulty-ports';
import { type Actor, Scheduler } from './scheduler';

/** In a quick run only every so many-eth call meets each fault; `TIDEMARK_CRASHES=all` tries every one. */
const STRIDE = process.env.TIDEMARK_CRASHES === 'all' ? 1 : 37;
const SEEDS = Math.min(Number(process.env.TIDEMARK_SEEDS ?? 8), 1_000);
const FIRST = Number(process.env.TIDEMARK_SEED ?? 1);
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];
const SCOPE: TaskScope = { load: 'load-1', step: 'split' };

const planOf = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `t${n}`, payload: n }));

/** The same ports, with what stands in the ledger looked at after each transaction. */
function watched(ports: LakePorts): LakePorts {
  const { items } = ports;
  const transact: typeof items.transact = async actions => {
    const result = await items.transact(actions);
    await checkTasks(items, SCOPE);
    return result;
  };
  return { ...ports, items: { ...items, transact } };
}

/** Who was told what: what no worker may be told twice. */
class Promises {
  constructor(private readonly items: Items) {}

  private readonly held = new Map<string, { token: number; until: number }>();
  private readonly told = new Set<string>();
  readonly succeeded = new Map<string, unknown>();
  refused = 0;

  claimed({ id, token, until }: Task, now: number): void {
    const before = this.held.get(id);
    if (before) expect([before.token < token, before.until <= now]).toEqual([true, true]);
    this.held.set(id, { token, until: until! });
  }

  async done(): Promise<void> {
    const { pending, in_progress, failed } = await countTasks(this.items, SCOPE);
    expect([pending, in_progress, failed]).toEqual([0, 0, 0]);
  }

  renewed(hold: Hold, task: Task | undefined): void {
    if (!this.counts(hold, task)) return;
    expect(task.token).toBe(hold.token);
    this.held.set(hold.id, { token: hold.token, until: task.until! });
  }

  /** It works no longer: what it says now may be its last word, whether or not it hears the answer. */
  ending({ id, token }: Hold): void {
    if (this.held.get(id)!.token === token) this.held.set(id, { token, until: 0 });
  }

  ended(hold: Hold, task: Task | undefined, result?: unknown): void {
    if (!this.counts(hold, task)) return;
    const claim = `${hold.id} ${hold.token}`;
    expect(this.told.has(claim)).toBe(false);
    this.told.add(claim);
    if (task.state !== 'succeeded') return;
    expect(this.succeeded.has(hold.id)).toBe(false);
    this.succeeded.set(hold.id, result);
  }

  /** Of two that were told of the same task only the newer may be told that its work counts. */
  private counts(hold: Hold, task: Task | undefined): task is Task {
    if (!task) this.refused++;
    else expect(this.held.get(hold.id)!.token).toBe(hold.token);
    return !!task;
  }
}

/** How one task goes for a worker. */
type Work = (ports: LakePorts, task: Task) => Promise<void>;

/** What a process does that works at a step until nothing is left of it. */
async function work(ports: LakePorts, owner: string, promises: Promises, each: Work): Promise<void> {
  for (;;) {
    const now = ports.clock.now();
    const claimed = await claimTask(ports.items, SCOPE, { owner, now });
    if (claimed.outcome === 'done') return promises.done();
    if (claimed.outcome === 'held') {
      await ports.clock.pause(Math.max(1, claimed.until - now));
      continue;
    }
    promises.claimed(claimed.task, now);
    await each(ports, claimed.task);
  }
}

/** Each fifth task fails whenever it is tried, each third once. */
const willFail = ({ id, retry }: Task) => {
  const n = Number(id.slice(1));
  return n % 5 === 0 || (n % 3 === 0 && retry === 0);
};

const plain =
  (promises: Promises): Work =>
  async ({ items, clock }, task) => {
    promises.renewed(task, await renewTask(items, SCOPE, task, { now: clock.now() }));
    promises.ending(task);
    const ended = willFail(task)
      ? await failTask(items, SCOPE, task, { now: clock.now(), message: 'no' })
      : await succeedTask(items, SCOPE, task, { now: clock.now(), result: task.id });
    promises.ended(task, ended, task.id);
  };

/** Adds more tasks than one transaction takes, and works at them. */
async function script(ports: LakePorts, items: Items, owner: string): Promise<void> {
  const promises = new Promises(items);
  await addTasks(ports.items, SCOPE, planOf(26), ports.clock.now());
  await work(ports, owner, promises, plain(promises));
}

async function run(plan: FaultPlan): Promise<string[]> {
  const ports = memoryPorts();
  const calls: string[] = [];
  const counting: FaultPlan = (call, actor) => {
    calls.push(call);
    return plan(call, actor);
  };
  const scheduler = new Scheduler(1);
  scheduler.spawn('first', actor => script(faultyPorts(ports, actor, counting), ports.items, 'first'));
  await scheduler.run();
  await checkTasks(ports.items, SCOPE);
  const again = scheduler.spawn('again', actor =>
    script(faultyPorts(ports, actor, NO_FAULTS), ports.items, 'again'),
  );
  await scheduler.run();
  if (again.error) throw again.error;
  const tasks = await readTasks(ports.items, SCOPE);
  expect([...tasks.keys()].sort()).toEqual(
    planOf(26)
      .map(({ id }) => id)
      .sort(),
  );
  for (const [id, task] of tasks) {
    const ends =
      Number(id.slice(1)) % 5 === 0 ? { state: 'ignored', retry: 3 } : { state: 'succeeded', result: id };
    expect(task).toMatchObject(ends);
  }
  return calls;
}

test('tasks.crash: stopped at any call and begun again, every task comes to the same end', async () => {
  const calls = await run(NO_FAULTS);
  expect(calls.length).toBeGreaterThan(200);
  for (const [f, fault] of FAULTS.entries()) {
    for (let at = f % STRIDE; at < calls.length; at += STRIDE) {
      let call = 0;
      try {
        await run((_, actor) => (actor.name === 'first' && call++ === at ? fault : 'none'));
      } catch (error) {
        throw new Error(`${fault} at call ${at}, ${calls[at]}`, { cause: error });
      }
    }
  }
}, 300_000);

/** Works at a task for a while that may be longer than its lease, with renewals that may come too late. */
function slowly(scheduler: Scheduler, promises: Promises): Work {
  return async ({ items, clock }, task) => {
    for (let beats = scheduler.pick([0, 1, 2, 3]); beats > 0; beats--) {
      await clock.pause(scheduler.pick([1, LEASE_MS / 2, LEASE_MS, 2 * LEASE_MS]));
      const renewed = await renewTask(items, SCOPE, task, { now: clock.now() });
      promises.renewed(task, renewed);
      if (!renewed) return;
    }
    const [now, result] = [clock.now(), `${task.id} ${task.token}`];
    const failed = scheduler.chance(0.3);
    promises.ending(task);
    const ended = failed
      ? await failTask(items, SCOPE, task, { now, message: 'no' })
      : await succeedTask(items, SCOPE, task, { now, result });
    promises.ended(task, ended, result);
  };
}

/** Several workers that die, two planners, and somebody who retries what has failed. */
async function interleave(seed: number): Promise<{ promises: Promises; died: number; tasks: Task[] }> {
  const scheduler = new Scheduler(seed);
  const ports = watched(memoryPorts(seed));
  const promises = new Promises(ports.items);
  const each = slowly(scheduler, promises);
  const plan: FaultPlan = () =>
    scheduler.chance(0.01) ? scheduler.pick(['before', 'after'] as const) : 'none';
  const spawn = (name: string, faults: FaultPlan, script: (ports: LakePorts) => Promise<unknown>) =>
    scheduler.spawn(name, actor => script(faultyPorts(ports, actor, faults)));
  const planned = (name: string, faults: FaultPlan) =>
    spawn(name, faults, ({ items, clock }) =>
      addTasks(items, SCOPE, planOf(scheduler.pick([1, 4, 7, 26])), clock.now()),
    );
  const actors: Actor[] = [planned('plan 1', plan), planned('plan 2', plan), planned('plan 3', NO_FAULTS)];
  for (const n of [1, 2, 3, 4, 5]) {
    actors.push(spawn(`worker ${n}`, plan, own => work(own, `worker ${n}`, promises, each)));
  }
  actors.push(spawn('retry', plan, ({ items, clock }) => retryTasks(items, SCOPE, { now: clock.now() })));
  await scheduler.run();
  const last = spawn('last', NO_FAULTS, own => work(own, 'last', promises, each));
  await scheduler.run();
  for (const { error } of [...actors, last]) if (error) throw error;
  const tasks = [...(await readTasks(ports.items, SCOPE)).values()];
  return { promises, died: actors.filter(({ state }) => state === 'crashed').length, tasks };
}

test('tasks.interleave: no two hold a task, no work counts twice, and every task comes to an end', async () => {
  const seen = { refused: 0, died: 0, ignored: 0, abandoned: 0 };
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    try {
      const { promises, died, tasks } = await interleave(seed);
      seen.died += died;
      seen.refused += promises.refused;
      for (const { id, state, retry, errors, result } of tasks) {
        expect(['succeeded', 'ignored']).toContain(state);
        if (state === 'ignored') expect([retry, errors.length >= 3]).toEqual([3, true]);
        // A worker that died behind its call was told nothing.
        if (promises.succeeded.has(id))
          expect([state, result]).toEqual(['succeeded', promises.succeeded.get(id)]);
        seen.ignored += state === 'ignored' ? 1 : 0;
        seen.abandoned += errors.filter(({ message }) => message.includes('TM_2802')).length;
      }
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  // Else nothing happened that the runs are about.
  for (const count of Object.values(seen)) expect(count).toBeGreaterThanOrEqual(Math.floor(SEEDS / 10));
}, 300_000);
