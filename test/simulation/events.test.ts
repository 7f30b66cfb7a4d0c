import { createHash } from 'node:crypto';
import { type MemoryStream, memoryStream } from '../../lib/adapters/memory/change-stream';
import { fixedClock } from '../../lib/adapters/memory/clock';
import type { LakeConfig } from '../../lib/config/define';
import { listQuarantined } from '../../lib/ledger/quarantine';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { holdsRecords } from '../../lib/stages/ingest-stream/aside';
import { ingestRecords } from '../../lib/stages/ingest-stream/ingest-records';
import { putUnjudgedAside } from '../../lib/stages/ingest-stream/unjudged';
import { intake } from '../../lib/stages/intake/intake';
import { replay } from '../../lib/stages/replay';
import { forgetOldEvents } from '../../lib/stages/vacuum/forget-events';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { logTableOf } from '../../lib/table/columns';
import { memoryPorts, readRows, type TestLake, testLake } from '../support/lake';
import { type Fault, type FaultPlan, faultyPorts, NO_FAULTS } from './faulty-ports';
import { type Actor, Scheduler } from './scheduler';
import { mergeTable } from './world';

const SEEDS = Number(process.env.TIDEMARK_SEEDS ?? 4);
const FIRST = Number(process.env.TIDEMARK_SEED ?? 1);
/** In a quick run only every so many-eth call meets each fault; `TIDEMARK_CRASHES=all` tries every one. */
const STRIDE = process.env.TIDEMARK_CRASHES === 'all' ? 1 : 83;
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];

const TABLE = { key: ['id'], columns: { id: 'bigint' } };
/** `late` is declared when its events wait already. */
const configOf = (late: boolean): LakeConfig => ({
  name: 'world',
  tables: { one: TABLE, two: TABLE, ...(late ? { late: TABLE } : {}) },
  sources: { events: { kind: 'http' } },
});
const TABLES = ['one', 'two', 'late'];

interface World extends TestLake {
  readonly stream: MemoryStream;
  readonly createdAt: number;
}

function worldOf(seed: number): World {
  const ports = memoryPorts(seed);
  return {
    ...testLake(configOf(false), seed),
    ports,
    stream: memoryStream(fixedClock(7_000_000)),
    createdAt: 7,
  };
}

/** Posts events 0 to `count`; where the answer of a put is lost its records are put again, by then into other shards. */
async function postAll(world: World, count: number, random: () => number): Promise<void> {
  const { lake: undeclared } = testLake(configOf(true));
  const put: MemoryStream['put'] = async records => {
    await world.stream.put(records);
    if (random() < 0.2) {
      const open = (await world.stream.shards()).at(-1)!.id;
      world.stream.split(open);
    }
    if (random() < 0.6) await world.stream.put(records);
  };
  const clock = fixedClock(7_000_000);
  for (let n = 0; n < count; n += 2) {
    // Hours apart now and then: more than one transaction has room for.
    clock.advance(random() < 0.2 ? 20 * 3_600_000 : 5);
    const body = Buffer.from(JSON.stringify([{ id: n }, { id: n + 1 }]));
    const path = `/events/${TABLES[Math.floor(random() * 3)]}`;
    const answer = await intake(
      { stream: { put }, clock, ids: world.ports.ids },
      undeclared,
      { method: 'POST', path, contentType: 'application/json', body },
      { source: { bodyBytesMax: 1000, tables: TABLES }, onFailure: () => undefined },
    );
    expect(answer.status).toBe(202);
  }
}

/** What each shard holds, parents first; its batches are cut by `cut`, and some are given up to a failure object. */
async function consume(
  world: World,
  ports: LakePorts,
  cut: (options: readonly number[]) => number,
): Promise<void> {
  const { stream, lake } = world;
  for (const { id: shard } of await stream.shards()) {
    const own = await stream.read(shard, undefined, 1000);
    for (let next = 0; next < own.length; ) {
      const size = cut([1, 2, 3, 6]);
      const records = own.slice(Math.max(0, next - cut([0, 0, 1, 3])), next + size);
      const request = {
        source: 'events',
        stream: { name: 's', createdAt: world.createdAt, shards: () => stream.shards() },
        shard,
        records,
      };
      if (cut([0, 0, 0, 1]) === 1) {
        const id = createHash('md5').update(`${shard}${next}${size}${records.length}`).digest('hex');
        const fault = { code: 'TM_2324', reason: 'given up' } as const;
        await putUnjudgedAside(ports, { ...request, id, fault });
        next += size;
        continue;
      }
      const { retryFrom } = await ingestRecords(ports, lake, request);
      next = retryFrom === undefined ? next + size : own.findIndex(r => r.sequence === retryFrom);
    }
  }
}

async function replayAll({ ports: real }: World, ports: LakePorts): Promise<void> {
  const declared = testLake(configOf(true)).lake;
  for (const waiting of await listQuarantined(real.items))
    if (holdsRecords(waiting)) await replay(ports, declared, waiting.id);
}

/** Each event that was answered 202 is one row of one log, and of its table. */
async function check(world: World, count: number): Promise<void> {
  const { ports } = world;
  const declared = { ...world, lake: testLake(configOf(true)).lake };
  const log: number[] = [];
  for (const table of TABLES) {
    await mergeTable(declared, ports, table);
    const rows = (await readRows(ports, logTableOf(table))).map(row => Number(row.id));
    expect((await readRows(ports, table)).map(row => Number(row.id)).sort()).toEqual(rows.sort());
    log.push(...rows);
  }
  expect(log.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
  expect(await listQuarantined(ports.items)).toEqual([]);
}

async function lastly(scheduler: Scheduler, work: (actor: Actor) => Promise<unknown>): Promise<void> {
  const actor = scheduler.spawn('last', work);
  await scheduler.run();
  if (actor.error) throw actor.error;
}

async function simulate(seed: number): Promise<void> {
  const world = worldOf(seed);
  const scheduler = new Scheduler(seed);
  const { ports, lake } = world;
  await postAll(world, 16, () => (scheduler.chance(0.5) ? 0.1 : scheduler.pick([0.3, 0.7, 0.9])));
  const plan = (rate: number) => () => (scheduler.chance(rate) ? scheduler.pick(FAULTS) : 'none');
  const faulty = (actor: Actor, rate: number) => faultyPorts(ports, actor, plan(rate));
  for (const rate of [0.03, 0.03, 0]) {
    for (const name of ['a', 'b'])
      scheduler.spawn(`consumer ${name}`, actor =>
        consume(world, faulty(actor, rate), among => scheduler.pick(among)),
      );
    scheduler.spawn('replay', actor => replayAll(world, faulty(actor, rate)));
    for (const table of ['one', 'two'])
      scheduler.spawn(`merge ${table}`, actor => mergeTable(world, faulty(actor, rate), table));
    scheduler.spawn('vacuum', actor => vacuum(faulty(actor, rate)));
    scheduler.spawn('forget', actor => forgetOldEvents(faulty(actor, rate), lake));
    await scheduler.run();
  }
  const free = (actor: Actor) => faultyPorts(ports, actor, NO_FAULTS);
  await lastly(scheduler, actor => consume(world, free(actor), among => among[0]!));
  for (const name of ['a', 'b']) scheduler.spawn(`replay ${name}`, actor => replayAll(world, free(actor)));
  await scheduler.run();
  await lastly(scheduler, actor => replayAll(world, free(actor)));
  await check(world, 16);
}

test('events.seeds: puts that were repeated, over split shards, batches, failure objects and replays: each counts once', async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    await simulate(seed).catch(error => {
      throw new Error(`seed ${seed}: TIDEMARK_SEED=${seed} TIDEMARK_SEEDS=1`, { cause: error });
    });
  }
}, 600_000);

test('events.crash: whichever call the process dies at, the restarted one takes each in once', async () => {
  const run = async (plan: FaultPlan): Promise<World> => {
    const world = worldOf(1);
    let i = 0;
    await postAll(world, 8, () => [0.1, 0.9, 0.3][i++ % 3]!);
    const script = async (ports: LakePorts) => {
      let k = 0;
      await consume(world, ports, among => among[k++ % among.length]!);
      await mergeTable(world, ports, 'one');
      await replayAll(world, ports);
    };
    const scheduler = new Scheduler(1);
    scheduler.spawn('first', actor => script(faultyPorts(world.ports, actor, plan)));
    await scheduler.run();
    await lastly(scheduler, actor => script(faultyPorts(world.ports, actor, NO_FAULTS)));
    return world;
  };
  let calls = 0;
  await check(
    await run(() => {
      calls++;
      return 'none';
    }),
    8,
  );
  for (const [f, fault] of FAULTS.entries()) {
    for (let at = (f * 2) % STRIDE; at < calls; at += STRIDE) {
      let call = 0;
      const world = await run(() => (call++ === at ? fault : 'none'));
      await check(world, 8).catch(error => {
        throw new Error(`${fault} at call ${at}`, { cause: error });
      });
    }
  }
}, 600_000);
