import { createdKeys } from '../../lambdas/ingest-files/s3-event';
import { sqsWakeUps } from '../../lib/adapters/aws/wake-ups';
import type { FixedClock } from '../../lib/adapters/memory/clock';
import { listWaiting } from '../../lib/ledger/waiting';
import type { WakeUps } from '../../lib/ports/wake-ups';
import { land } from '../../lib/stages/land/land';
import { mergeUntil } from '../../lib/stages/merge/merge-until';
import { sweep } from '../../lib/stages/sweep/sweep';
import { queues, type Sent } from '../lambdas/fifo-queue';
import { type TestLake, testLake } from '../support/lake';
import { memoryJobs } from '../support/memory-jobs';
import { listReceived } from '../support/received';
import { DATABASES, memoryStaging } from '../support/report-engine';
import { type Fault, type FaultPlan, faultyPorts, NO_FAULTS } from './faulty-ports';
import { checkLog, checkSnapshots } from './invariants';
import { type Actor, Scheduler } from './scheduler';
import { bytesOf, COLUMNS, CONFIG, meaningOf, randomFile, type WorldFile } from './world';

const SEEDS = Number(process.env.TIDEMARK_SEEDS ?? 8);
const FIRST = Number(process.env.TIDEMARK_SEED ?? 1);
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];
const WINDOW_MS = 15_000;
const URLS = { merge: 'merge', report: 'report', ingest: 'ingest' };
const SWEEPS_MAX = 50;

/** A lake, its landing and its queues; what a queue holds is taken out only when it was dealt with. */
class LandingWorld {
  readonly lake: TestLake;
  readonly clock: FixedClock;
  readonly messages: Sent[];
  private readonly wakeUps: WakeUps;

  constructor(seed: number) {
    this.lake = testLake(CONFIG, seed);
    this.clock = this.lake.ports.clock as FixedClock;
    const { client, sent } = queues(this.clock, WINDOW_MS);
    this.messages = sent;
    this.wakeUps = sqsWakeUps(client, {
      queues: URLS,
      landing: 'land',
      windowMs: WINDOW_MS,
      clock: this.clock,
    });
  }

  /** Ports of one process: each call waits for its turn and may meet a fault, those of the queues too. */
  ports(actor: Actor, plan: FaultPlan) {
    const send = (name: keyof WakeUps) => {
      const effect = this.wakeUps[name] as (...args: unknown[]) => Promise<void>;
      return async (...args: unknown[]) => {
        await actor.gate(name);
        const fault = plan(name, actor);
        if (fault === 'before') return actor.crash();
        if (fault === 'refused') throw new Error(`simulated: ${name} was refused`);
        await effect(...args);
        if (fault === 'after') return actor.crash();
        if (fault === 'lost') throw new Error(`simulated: the answer of ${name} was lost`);
      };
    };
    return {
      ...faultyPorts(this.lake.ports, actor, plan),
      ...{ landing: this.lake.landing, jobs: memoryJobs({ execute: async () => ({}) }) },
      ...{ staging: memoryStaging(), readSql: async () => '', databases: DATABASES },
      wakeUps: {
        ...{ merge: send('merge'), mergeAgain: send('mergeAgain') },
        ...{ report: send('report'), ingest: send('ingest') },
      } satisfies WakeUps,
    };
  }

  async upload(file: WorldFile): Promise<void> {
    await this.lake.landing.put(file.key, bytesOf(file));
  }

  /** Works off what the queues hold, as the functions do; a message stays where its work fails. */
  async workOff(actor: Actor, plan: FaultPlan): Promise<void> {
    const ports = this.ports(actor, plan);
    for (const message of [...this.messages]) {
      const body = JSON.parse(message.body);
      try {
        if (message.queue === 'ingest')
          for (const landing of (await land(ports, this.lake.lake, createdKeys(body, 'land'))).values())
            if ('error' in landing) throw landing.error;
        if (message.queue === 'merge') await this.merge(ports, body.table);
      } catch {
        continue;
      }
      const at = this.messages.indexOf(message);
      if (at >= 0) this.messages.splice(at, 1);
    }
  }

  private async merge(ports: ReturnType<LandingWorld['ports']>, name: string): Promise<void> {
    const { tables, limits } = this.lake.lake;
    // A slice a run: time is always short.
    const table = tables.find(t => t.name === name)!;
    const { again } = await mergeUntil(ports, table, limits, this.clock.now());
    if (again) await ports.wakeUps.mergeAgain(name, again);
  }

  sweep(actor: Actor, plan: FaultPlan, listing?: 'recent' | 'full'): Promise<unknown> {
    const order = { listing, windowMs: WINDOW_MS, until: Number.POSITIVE_INFINITY };
    return sweep(this.ports(actor, plan), this.lake.lake, order);
  }
}

async function simulate(seed: number): Promise<void> {
  const scheduler = new Scheduler(seed);
  const at = new LandingWorld(seed);
  const files = Array.from({ length: 5 }, (_, n) => randomFile(among => scheduler.pick(among), n));
  const plan = () => (scheduler.chance(0.03) ? scheduler.pick(FAULTS) : 'none');
  for (const part of [files.slice(0, 3), files.slice(3)]) {
    for (const file of part) {
      await at.upload(file);
      // S3's own events: lost, once, or twice, in any order.
      for (let n = scheduler.pick([0, 1, 2]); n > 0; n--) at.messages.splice(0, 0, eventOf(file.key));
    }
    for (const name of ['a', 'b']) scheduler.spawn(`functions ${name}`, actor => at.workOff(actor, plan));
    scheduler.spawn('sweep', actor => at.sweep(actor, plan, scheduler.pick([undefined, 'recent', 'full'])));
    await scheduler.run();
    at.clock.advance(scheduler.pick([0, WINDOW_MS, 120_000]));
  }
  await untilQuiet(at, scheduler);
  await check(at, files);
}

function eventOf(key: string): Sent {
  const object = { key: encodeURIComponent(key) };
  const body = JSON.stringify({
    Records: [{ eventName: 'ObjectCreated:Put', s3: { bucket: { name: 'land' }, object } }],
  });
  return { queue: 'ingest', body, from: 0 };
}

/** Sweeps without faults, as by the clock, until a full listing finds nothing and no message is left. */
async function untilQuiet(at: LandingWorld, scheduler: Scheduler): Promise<void> {
  for (let i = 0; i < SWEEPS_MAX; i++) {
    at.clock.advance(120_000);
    const actors = [scheduler.spawn('sweep', actor => at.sweep(actor, NO_FAULTS, 'full'))];
    await scheduler.run();
    const quiet = at.messages.length === 0 && (await listWaiting(at.lake.ports.items)).length === 0;
    actors.push(scheduler.spawn('functions', actor => at.workOff(actor, NO_FAULTS)));
    await scheduler.run();
    for (const { error } of actors) if (error) throw error;
    if (quiet) return;
  }
  throw new Error('the sweeps never find nothing');
}

/** Every file is in the log once, the tables are its fold, and nothing waits. */
async function check({ lake }: LandingWorld, files: readonly WorldFile[]): Promise<void> {
  const byKey = new Map(files.map(file => [file.key, file]));
  const received = await listReceived(lake.ports.items);
  const identities = new Map(received.map(({ identity, object }) => [identity, byKey.get(object)!]));
  for (const table of ['one', 'two']) {
    await checkSnapshots(lake.ports, table, COLUMNS, (source, n) => meaningOf(identities.get(source)!, n));
    const own = [...identities].filter(([, file]) => file.table === table);
    await checkLog(
      lake.ports,
      table,
      own.map(([id]) => id),
    );
  }
  const contents = new Set(files.map(file => `${file.table} ${bytesOf(file)}`));
  expect(identities.size).toBe(contents.size);
}

test('sweep.seeds: whatever events and functions are lost, every upload is in the lake once', async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    await simulate(seed).catch(error => {
      throw new Error(`seed ${seed}: TIDEMARK_SEED=${seed} TIDEMARK_SEEDS=1`, { cause: error });
    });
  }
}, 600_000);
