import type { TaskScope } from '../../lib/ledger/keys';
import type { Claimed, Hold } from '../../lib/ledger/task-claims';
import { countTasks, TASK_STATES, type TaskCounts, type TaskState } from '../../lib/ledger/task-counts';
import { listTasks, type Task } from '../../lib/ledger/tasks';
import type { Items } from '../../lib/ports/items';

/** What a task is, without its times and texts. */
export interface NaiveTask {
  state: TaskState;
  retry: number;
  token: number;
  /** Tries that failed, by token. */
  errors: number[];
  holder?: { owner: string; until: number };
  /** Of one that failed: when it may start again. */
  notBefore?: number;
  result?: unknown;
}

/** The tracker as nobody doubts it: a map, one call after the other. */
export class NaiveTasks {
  readonly tasks = new Map<string, NaiveTask>();

  add(ids: readonly string[]): number {
    const fresh = ids.filter(id => !this.tasks.has(id));
    for (const id of fresh) this.tasks.set(id, { state: 'pending', retry: 0, token: 0, errors: [] });
    return fresh.length;
  }

  /** Throws unless the answer is one that a tracker may give now, and takes it over. */
  claimed(answer: Claimed, { owner, now, leaseMs }: { owner: string; now: number; leaseMs: number }): void {
    const failed = this.in('failed');
    const ready = failed.filter(([, { notBefore = 0 }]) => notBefore <= now);
    const waiting = this.in('pending').length + ready.length > 0;
    const dead = this.in('in_progress').filter(([, { holder }]) => holder!.until <= now);
    if (answer.outcome === 'claimed') {
      const task = this.tasks.get(answer.task.id)!;
      expect(waiting ? ['pending', 'failed'] : ['in_progress']).toContain(task.state);
      // Which of the tasks that died for the third time it met on its way is its own affair.
      if (task.state === 'in_progress') this.die(task, now);
      expect(task.notBefore ?? now).toBeLessThanOrEqual(now);
      delete task.notBefore;
      Object.assign(task, {
        state: 'in_progress',
        token: task.token + 1,
        holder: { owner, until: now + leaseMs },
      });
      expect(task.retry).toBeLessThan(3);
      return;
    }
    expect(waiting).toBe(false);
    for (const [, task] of dead) {
      expect(task.retry).toBe(2);
      this.die(task, now);
    }
    const ends = [
      ...this.in('in_progress').map(([, { holder }]) => holder!.until),
      ...failed.map(([, { notBefore }]) => notBefore!),
    ];
    expect(answer).toEqual(
      ends.length > 0 ? { outcome: 'held', until: Math.min(...ends) } : { outcome: 'done' },
    );
  }

  /** A task that its worker's death made ignored while another one was claimed. */
  die(task: NaiveTask, now: number): void {
    expect(task.holder!.until).toBeLessThanOrEqual(now);
    this.fail(task);
  }

  renew(hold: Hold, until: number): boolean {
    const task = this.held(hold);
    if (task) task.holder!.until = Math.max(task.holder!.until, until);
    return !!task;
  }

  succeed(hold: Hold, result: unknown): boolean {
    const task = this.held(hold);
    if (!task) return this.is(hold, ['succeeded']);
    delete task.holder;
    Object.assign(task, { state: 'succeeded', retry: 0, result });
    return true;
  }

  failed(hold: Hold, notBefore?: number): boolean {
    const task = this.held(hold);
    if (!task) return this.is(hold, ['failed', 'ignored']);
    this.fail(task);
    if (task.state === 'failed' && notBefore !== undefined) task.notBefore = notBefore;
    return true;
  }

  retry(id?: string): number {
    const again = [...this.in('failed'), ...this.in('ignored')].filter(
      ([one]) => id === undefined || one === id,
    );
    for (const [, task] of again) {
      delete task.notBefore;
      Object.assign(task, { state: 'pending', retry: 0 });
    }
    return again.length;
  }

  in(state: TaskState): [string, NaiveTask][] {
    return [...this.tasks].filter(([, task]) => task.state === state);
  }

  private fail(task: NaiveTask): void {
    delete task.holder;
    task.retry++;
    task.errors.push(task.token);
    task.state = task.retry < 3 ? 'failed' : 'ignored';
  }

  private held({ id, token }: Hold): NaiveTask | undefined {
    const task = this.tasks.get(id);
    return task?.state === 'in_progress' && task.token === token ? task : undefined;
  }

  private is({ id, token }: Hold, states: TaskState[]): boolean {
    const task = this.tasks.get(id);
    return task?.token === token && states.includes(task.state);
  }
}

export function naiveOf({ state, retry, token, errors, owner, until, result }: Task): NaiveTask {
  return {
    state,
    retry,
    token,
    errors: errors.map(error => error.try),
    ...(owner === undefined ? {} : { holder: { owner, until: until! } }),
    ...(state === 'failed' && until !== undefined ? { notBefore: until } : {}),
    ...(result === undefined ? {} : { result }),
  };
}

const STATES = Object.keys(TASK_STATES) as TaskState[];

/** All tasks by the lists of their states, three at a time, after what stands in the ledger was found to agree. */
export async function readTasks(items: Items, scope: TaskScope): Promise<Map<string, Task>> {
  await checkTasks(items, scope);
  const all = new Map<string, Task>();
  for (const state of STATES) {
    for (let after: string | undefined; ; ) {
      const page = await listTasks(items, scope, state, { after, limit: 3 });
      for (const task of page.tasks) {
        expect(task.state).toBe(state);
        expect(all.has(task.id)).toBe(false);
        all.set(task.id, task);
      }
      if (page.next === undefined) break;
      after = page.next;
    }
  }
  return all;
}

/** Items, places and counts of a step say the same; by the keys, not by what reads them. */
export async function checkTasks(items: Items, { load, step }: TaskScope): Promise<void> {
  const standing = await items.query(`tasks#${load}#${step}`, '');
  const tasks = standing.filter(({ sort }) => sort.startsWith('task#'));
  const places = tasks.map(({ value }) => {
    const { id, state, since, until } = value as unknown as Task;
    return `state#0${TASK_STATES[state]}#${String(until ?? since).padStart(16, '0')}#${id}`;
  });
  expect(standing.map(({ sort }) => sort).filter(sort => sort.startsWith('state#'))).toEqual(places.sort());
  const counted = Object.fromEntries(
    STATES.map(state => [state, tasks.filter(({ value }) => value.state === state).length]),
  ) as unknown as TaskCounts;
  expect(await countTasks(items, { load, step })).toEqual(counted);
}
