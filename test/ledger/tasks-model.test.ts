import fc from 'fast-check';
import { openLocalItems } from '../../lib/adapters/local/items';
import { memoryItems } from '../../lib/adapters/memory/items';
import { claimTask, failTask, type Hold, renewTask, succeedTask } from '../../lib/ledger/task-claims';
import { addTasks, retryTasks } from '../../lib/ledger/task-pending';
import type { Items } from '../../lib/ports/items';
import { freshFolders } from '../adapters/folder';
import { NaiveTasks, naiveOf, readTasks } from '../support/naive-tasks';

const HISTORIES = Number(process.env.TIDEMARK_HISTORIES ?? 25);
const LEASE_MS = 1_000;
const folder = freshFolders();

type Op =
  | { op: 'add'; from: number; count: number }
  | { op: 'claim'; worker: number }
  | { op: 'renew' | 'succeed' | 'fail'; hold: number }
  | { op: 'pass'; ms: number }
  | { op: 'retry'; id: number | undefined };

const ops: fc.Arbitrary<Op[]> = fc.array(
  fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({ op: fc.constant('add' as const), from: fc.nat(8), count: fc.nat(6) }),
    },
    { weight: 6, arbitrary: fc.record({ op: fc.constant('claim' as const), worker: fc.nat(3) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        op: fc.constantFrom('renew' as const, 'succeed' as const, 'fail' as const, 'fail' as const),
        // The newest first: an old hold is mostly one that was taken over.
        hold: fc.oneof(fc.constant(0), fc.nat(9)),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        op: fc.constant('pass' as const),
        ms: fc.constantFrom(1, 500, 999, 1_000, 5_000),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        op: fc.constant('retry' as const),
        id: fc.option(fc.nat(14), { nil: undefined }),
      }),
    },
  ),
  { maxLength: 60, size: 'max' },
);

/** One tracker and its model, step by step. */
class Run {
  private readonly model = new NaiveTasks();
  private readonly holds: Hold[] = [];
  private now = 1_700_000_000_000;
  private readonly scope;

  constructor(
    private readonly items: Items,
    n: number,
  ) {
    this.scope = { load: `load-${n}`, step: 'split' };
  }

  async all(steps: readonly Op[]): Promise<void> {
    for (const step of steps) {
      await this.step(step);
      await this.compare();
    }
    await this.drain();
  }

  private async step(step: Op): Promise<void> {
    const { items, scope, model, now } = this;
    if (step.op === 'pass') {
      this.now += step.ms;
    } else if (step.op === 'add') {
      const ids = Array.from({ length: step.count }, (_, i) => `t${step.from + i}`);
      const added = await addTasks(
        items,
        scope,
        ids.map(id => ({ id, payload: { id } })),
        now,
      );
      expect(added).toBe(model.add(ids));
    } else if (step.op === 'claim') {
      await this.claim(`w${step.worker}`);
    } else if (step.op === 'retry') {
      const id = step.id === undefined ? undefined : `t${step.id}`;
      expect(await retryTasks(items, scope, { now, ...(id === undefined ? {} : { id }) })).toBe(
        model.retry(id),
      );
    } else {
      const hold = this.holds.at(-1 - step.hold);
      if (hold) expect(await this.held(step.op, hold)).toBe(this.expected(step.op, hold));
    }
  }

  private async held(op: 'renew' | 'succeed' | 'fail', hold: Hold): Promise<boolean> {
    const { items, scope, now } = this;
    if (op === 'renew') return !!(await renewTask(items, scope, hold, { now, leaseMs: LEASE_MS }));
    if (op === 'succeed') return !!(await succeedTask(items, scope, hold, { now, result: hold.token }));
    const why = { now, message: `failed ${hold.token}` };
    return !!(await failTask(items, scope, hold, { ...why, waitMs: waitOf(hold) }));
  }

  private expected(op: 'renew' | 'succeed' | 'fail', hold: Hold): boolean {
    if (op === 'renew') return this.model.renew(hold, this.now + LEASE_MS);
    return op === 'succeed'
      ? this.model.succeed(hold, hold.token)
      : this.model.failed(hold, waitOf(hold) > 0 ? this.now + waitOf(hold) : undefined);
  }

  private async claim(owner: string): Promise<Hold | undefined> {
    const { items, scope, model, now } = this;
    const answer = await claimTask(items, scope, { owner, now, leaseMs: LEASE_MS });
    const stands = await readTasks(items, scope);
    for (const [id, task] of model.in('in_progress')) {
      const ignored = stands.get(id)!.state === 'ignored';
      if (answer.outcome === 'claimed' && ignored) model.die(task, now);
    }
    model.claimed(answer, { owner, now, leaseMs: LEASE_MS });
    if (answer.outcome !== 'claimed') return undefined;
    expect(answer.task).toEqual(stands.get(answer.task.id));
    this.holds.push(answer.task);
    return answer.task;
  }

  private async compare(): Promise<void> {
    const stands = await readTasks(this.items, this.scope);
    const naive = [...stands].map(([id, task]) => [id, naiveOf(task)] as const);
    expect(new Map(naive)).toEqual(this.model.tasks);
    for (const [id, { payload }] of stands) expect(payload).toEqual({ id });
  }

  /** Whatever happened: workers that do not die bring every task to its end. */
  private async drain(): Promise<void> {
    for (let tries = 0; tries < 3 * this.model.tasks.size + 1; tries++) {
      this.now += LEASE_MS;
      const hold = await this.claim(`drain ${tries % 2}`);
      if (!hold) break;
      const op = tries % 3 === 0 ? 'fail' : 'succeed';
      expect(await this.held(op, hold)).toBe(this.expected(op, hold));
    }
    await this.compare();
    const open = ['pending', 'failed', 'in_progress'] as const;
    expect(open.map(state => this.model.in(state))).toEqual([[], [], []]);
  }
}

/** Every other try has to wait. */
const waitOf = ({ token }: Hold) => (token % 2 === 0 ? LEASE_MS / 2 : 0);

async function holds(items: Items, numRuns: number): Promise<void> {
  let n = 0;
  await fc.assert(
    fc.asyncProperty(ops, steps => new Run(items, n++).all(steps)),
    { numRuns },
  );
}

test(
  'tasks.model: any history is that of the naive tracker, in memory',
  () => holds(memoryItems(), HISTORIES),
  120_000,
);

test('tasks.model: and in the local ledger', async () => {
  const items = await openLocalItems(folder());
  await holds(items, Math.ceil(HISTORIES / 8));
  await items.close();
}, 120_000);
