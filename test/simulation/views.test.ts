import type { ObjectStore } from '../../lib/ports/object-store';
import type { QueryJobs } from '../../lib/ports/query-jobs';
import { historyViewSql } from '../../lib/query/athena/history-view';
import { readAthenaLog } from '../../lib/query/athena/log';
import {
  refreshHistoryView,
  refreshHistoryViews,
  type ViewPorts,
  type ViewState,
} from '../../lib/stages/views';
import { mergeAll, type TestLake, take, testLake } from '../support/lake';
import { type Fate, type MemoryJobs, memoryJobs } from '../support/memory-jobs';
import { type Fault, type FaultPlan, faultyPorts, NO_FAULTS } from './faulty-ports';
import { type Actor, Scheduler } from './scheduler';

const SEEDS = Math.min(Number(process.env.TIDEMARK_SEEDS ?? 30), 1000);
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];
const HOUR = 3_600_000;

/** A lake whose log gains a column with each file, and an engine that knows one view. */
class ViewWorld {
  readonly lake: TestLake;
  readonly jobs: MemoryJobs;
  readonly scheduler: Scheduler;
  view: string | undefined;
  now = Date.UTC(2026, 0, 1);

  constructor(seed: number, fate: () => Fate = () => 'succeeds') {
    this.lake = testLake({ name: 'v', tables: { t: { key: ['id'], columns: { id: 'bigint' } } } });
    this.scheduler = new Scheduler(seed);
    this.jobs = memoryJobs({
      execute: async ({ sql }) => ({
        land: async () => {
          this.view = sql;
        },
      }),
      fate,
      spawn: (name, course) => this.scheduler.spawn(name, actor => course(() => actor.gate('jobs.turn'))),
    });
  }

  get table() {
    return this.lake.lake.tables[0]!;
  }

  /** The next file, with one more column than the last. */
  async receive(day: number): Promise<void> {
    const columns = Array.from({ length: day }, (_, i) => `c${i}`);
    const line = ['id', ...columns].join();
    await this.send(`t-2021-01-0${day}.csv`, `${line}\n${line.replace(/[a-z]+/g, '1')}\n`);
  }

  async send(name: string, text: string): Promise<void> {
    await take(this.lake, name, text);
    await mergeAll(this.lake, 't');
  }

  ports(actor?: Actor, plan: FaultPlan = NO_FAULTS): ViewPorts {
    const clock = { ...this.lake.ports.clock, now: () => this.now };
    const databases = { lake: 'v' };
    if (!actor) return { ...this.lake.ports, clock, databases, jobs: this.jobs };
    return {
      ...faultyPorts(this.lake.ports, actor, plan),
      clock,
      databases,
      jobs: faultyJobs(this.jobs, actor, plan),
    };
  }

  refresher(name: string, plan?: FaultPlan): Actor {
    return this.scheduler.spawn(name, actor => refreshHistoryView(this.ports(actor, plan), this.table));
  }

  async wanted(): Promise<string> {
    return historyViewSql(this.table, (await readAthenaLog(this.lake.ports, this.table))!, 'v');
  }

  /** Calm calls, an hour apart, until the view is said to be as it should. */
  async settle(): Promise<void> {
    for (let i = 0; i < 12; i++) {
      const { is } = await refreshHistoryView(this.ports(), this.table);
      if (is === 'current') return;
      await this.scheduler.run();
      this.now += HOUR;
    }
    throw new Error('the view never settles');
  }
}

function faultyJobs(jobs: QueryJobs, actor: Actor, plan: FaultPlan): QueryJobs {
  const call = async <T>(name: string, effect: () => Promise<T>): Promise<T> => {
    await actor.gate(name);
    const fault = plan(name, actor);
    if (fault === 'before') return actor.crash();
    if (fault === 'refused') throw new Error(`simulated: ${name} was refused`);
    const answer = await effect();
    if (fault === 'after') return actor.crash();
    if (fault === 'lost') throw new Error(`simulated: the answer of ${name} was lost`);
    return answer;
  };
  return {
    start: order => call('jobs.start', () => jobs.start(order)),
    job: id => call('jobs.job', () => jobs.job(id)),
    rows: id => jobs.rows(id),
  };
}

test('views.calm: one query a text, none when nothing changed', async () => {
  const world = new ViewWorld(1);
  expect(await refreshHistoryView(world.ports(), world.table)).toEqual({ is: 'none' });
  await world.receive(1);
  const states: ViewState['is'][] = [];
  for (let i = 0; i < 3; i++) {
    states.push((await refreshHistoryView(world.ports(), world.table)).is);
    await world.scheduler.run();
  }
  expect(states).toEqual(['runs', 'current', 'current']);
  await world.receive(2);
  await world.settle();
  expect(world.jobs.started).toHaveLength(2);
  expect(world.view).toBe(await world.wanted());
});

test('views.crash: at every call, and a later call completes it', async () => {
  for (const fault of FAULTS) {
    for (let at = 1; ; at++) {
      const world = new ViewWorld(at);
      await world.receive(1);
      await world.settle();
      await world.receive(2);
      let calls = 0;
      world.refresher('doomed', () => (++calls === at ? fault : 'none'));
      await world.scheduler.run();
      await world.settle();
      expect(world.view).toBe(await world.wanted());
      // What the first one started goes on: its token makes one query of both.
      expect(world.jobs.started).toHaveLength(2);
      if (calls < at) break;
    }
  }
});

test('views.interleaved: many at once, faults, failing queries and new columns: the newest text stands', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const fates: Fate[] = ['succeeds', 'succeeds', 'fails', 'fails-landed', 'forgotten'];
    const world: ViewWorld = new ViewWorld(seed, () => world.scheduler.pick(fates));
    for (let day = 1; day <= 3; day++) {
      await world.receive(day);
      const plan: FaultPlan = () => (world.scheduler.chance(0.06) ? world.scheduler.pick(FAULTS) : 'none');
      for (let i = 0; i < 3; i++) world.refresher(`refresher ${day}.${i}`, plan);
      await world.scheduler.run();
      world.now += HOUR;
    }
    fates.splice(0, fates.length, 'succeeds');
    await world.settle();
    expect([seed, world.view === (await world.wanted())]).toEqual([seed, true]);
  }
});

test('views.failed: says why, waits longer each time, and tries a new text at once', async () => {
  let fate: Fate = 'fails';
  const world = new ViewWorld(1, () => fate);
  await world.receive(1);
  const refresh = async () => {
    const state = await refreshHistoryView(world.ports(), world.table);
    await world.scheduler.run();
    return state;
  };
  expect(await refresh()).toEqual({ is: 'runs' });
  expect(await refresh()).toEqual({ is: 'failed', error: 'simulated: it failed' });
  world.now += 60_000;
  expect(await refresh()).toEqual({ is: 'runs' });
  world.now += 60_000;
  expect((await refresh()).is).toBe('failed');
  await world.receive(2);
  fate = 'succeeds';
  expect((await refresh()).is).toBe('runs');
  expect(await refresh()).toEqual({ is: 'current' });
});

test('views.gate: while no column is new, a merge costs two reads of the ledger and none of the log', async () => {
  const world = new ViewWorld(1);
  await world.receive(1);
  await world.settle();
  for (let i = 2; i <= 5; i++) {
    await world.send(`t-2021-01-0${i}.csv`, `id,c0\n${i},1\n`);
    const reads: string[] = [];
    const told = { ...world.ports(), store: toldReads(world.lake.ports.store, reads) };
    expect(await refreshHistoryView(told, world.table)).toEqual({ is: 'current' });
    expect(reads).toEqual([]);
  }
  // Fewer columns than the log has are not news either: the rows say so themselves.
  await world.send('t-2021-01-06.csv', 'id\n6\n');
  expect(await refreshHistoryView(world.ports(), world.table)).toEqual({ is: 'current' });
  expect(world.view).toBe(await world.wanted());
});

test('views.late: a file that was written before a column came, and numbered after it, is seen', async () => {
  const world = new ViewWorld(1);
  await world.receive(1);
  let came = 0;
  const { items } = world.lake.ports;
  const transact: typeof items.transact = async actions => {
    const numbers = actions.some(action => 'put' in action && action.put.sort.startsWith('entry#'));
    if (numbers && came++ === 0) {
      await world.receive(2);
      await world.settle();
    }
    return items.transact(actions);
  };
  const slow = { ...world.lake, ports: { ...world.lake.ports, items: { ...items, transact } } };
  await take(slow, 't-2021-01-08.csv', 'id,c0\n8,1\n');
  await mergeAll(world.lake, 't');
  expect((await refreshHistoryView(world.ports(), world.table)).is).toBe('runs');
  await world.settle();
  expect(world.view).toBe(await world.wanted());
  expect(world.view).toContain('_source IN');
});

test('views.dropped: the daily pass makes it again', async () => {
  const world = new ViewWorld(1);
  await world.receive(1);
  await world.settle();
  world.view = undefined;
  await refreshHistoryViews(world.ports(), world.lake.lake);
  await world.scheduler.run();
  expect(world.view).toBe(await world.wanted());
  expect(await refreshHistoryView(world.ports(), world.table)).toEqual({ is: 'current' });
});

/** The store, with each object that is read. */
function toldReads(store: ObjectStore, reads: string[]): ObjectStore {
  return {
    ...store,
    get: key => {
      reads.push(key);
      return store.get(key);
    },
    range: (key, start, end) => {
      reads.push(key);
      return store.range(key, start, end);
    },
  };
}
