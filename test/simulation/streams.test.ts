import { listQuarantined } from '../../lib/ledger/quarantine';
import { compareSequences } from '../../lib/ledger/streams';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { holdsRecords, readQuarantinedRecords } from '../../lib/stages/ingest-stream/aside';
import { ingestRecords } from '../../lib/stages/ingest-stream/ingest-records';
import { replay } from '../../lib/stages/replay';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { logTableOf } from '../../lib/table/columns';
import { memoryPorts, readRows, type TestLake, testLake } from '../support/lake';
import { type NaiveChange, naiveFold } from '../support/naive-fold';
import { type Fault, type FaultPlan, faultyPorts, NO_FAULTS } from './faulty-ports';
import { checkOrder, checkSnapshots, checkWaiting } from './invariants';
import { type Actor, Scheduler } from './scheduler';
import {
  COLUMNS,
  changesOf,
  configOf,
  placesOf,
  SHARDS,
  STREAM,
  streamOf,
  type WorldRecord,
} from './stream-world';
import { mergeTable } from './world';

const SEEDS = Number(process.env.TIDEMARK_SEEDS ?? 8);
const FIRST = Number(process.env.TIDEMARK_SEED ?? 1);
/** In a quick run only every so many-eth call meets each fault; `TIDEMARK_CRASHES=all` tries every one. */
const STRIDE = process.env.TIDEMARK_CRASHES === 'all' ? 1 : 41;
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];

function worldLake(seed: number): TestLake {
  return { ...testLake(configOf(false), seed), ports: memoryPorts(seed) };
}

interface Consumer {
  readonly lake: TestLake;
  readonly records: readonly WorldRecord[];
  /** How many records the next batch has, and how many before it come once more. */
  readonly cut: () => { size: number; again: number };
}

/** Reads the shards from their first record, parents first, as an event source does: a batch that failed comes again. */
async function consume({ lake, records, cut }: Consumer, ports: LakePorts): Promise<void> {
  for (const { id: shard } of SHARDS) {
    const own = records.map(w => w.record).filter(r => r.shard === shard);
    for (let next = 0; next < own.length; ) {
      const { size, again } = cut();
      const batch = own.slice(Math.max(0, next - again), next + size);
      const taken = await ingestRecords(ports, lake.lake, {
        source: 'source',
        stream: { ...STREAM, shards: async () => SHARDS },
        shard,
        records: batch,
      });
      const { retryFrom } = taken;
      next = retryFrom === undefined ? next + size : own.findIndex(r => r.sequence === retryFrom);
    }
  }
}

/** What the entries of a batch mean: their source names the run of the shard that it was. */
function meaningIn(records: readonly WorldRecord[], table: string) {
  const places = placesOf(records, table);
  return (source: string, n: number): NaiveChange[] => {
    const [, shard, first, last] = /\/([^/]+)\/(\d+)-(\d+)$/.exec(source)!;
    return [...places].flatMap(([{ record }, changes]) => {
      const within =
        record.shard === shard &&
        compareSequences(record.sequence, first!) >= 0 &&
        compareSequences(record.sequence, last!) <= 0;
      return within ? changes.map((c, row) => ({ ...c, entry: n, row })) : [];
    });
  };
}

const text = (c: Pick<NaiveChange, 'op' | 'key' | 'major' | 'minor'>) =>
  `${c.op} ${c.key} ${c.major} ${c.minor}`;

/** Every record stands once in its table's log or in quarantine, at the position that the rule gives it. */
async function checkStream({ ports }: TestLake, records: readonly WorldRecord[]): Promise<void> {
  for (const table of ['one', 'two']) {
    await checkSnapshots(ports, table, COLUMNS, meaningIn(records, table));
    const changes = [...placesOf(records, table).values()].flat();
    const log = await readRows(ports, logTableOf(table));
    const found = log.map(r =>
      text({
        op: r._op as 'I',
        key: String(r.id),
        major: r._pos_major as bigint,
        minor: r._pos_minor as bigint,
      }),
    );
    expect(found.sort()).toEqual(changes.map(text).sort());
    await checkOrder(ports, table);
    await checkRows(ports, table, changes);
  }
  await checkWaiting(ports, ['one', 'two']);
  const aside = await waitingIn(ports);
  const bad = records.filter(w => w.bad || w.table === undefined || w.table === 'late');
  expect(aside.map(named).sort()).toEqual(bad.map(w => named(w.record)).sort());
}

const named = ({ shard, sequence }: { shard: string; sequence: string }) => `${shard} ${sequence}`;

async function waitingIn(ports: LakePorts) {
  const all = await Promise.all(
    (await listQuarantined(ports.items)).map(w => readQuarantinedRecords(ports, w)),
  );
  return all.flat();
}

async function checkRows(ports: LakePorts, table: string, changes: readonly NaiveChange[]): Promise<void> {
  const rows = await readRows(ports, table);
  const found = rows.map(r => [String(r.id), { a: r.a, b: r.b }] as const);
  expect(new Map([...found].sort())).toEqual(new Map([...naiveFold(changes, COLUMNS)].sort()));
}

/** Declares `late` and takes in what waits for it; what is bad for good waits on. */
async function replayLate(lake: TestLake, ports: LakePorts): Promise<void> {
  const declared = testLake(configOf(true)).lake;
  for (const waiting of await listQuarantined(lake.ports.items)) {
    if (holdsRecords(waiting)) await replay(ports, declared, waiting.id);
  }
}

async function checkReplayed(lake: TestLake, records: readonly WorldRecord[]): Promise<void> {
  await mergeTable({ ...lake, lake: testLake(configOf(true)).lake }, lake.ports, 'late');
  // Strays stand at their arrival, in their order.
  let arrival = 0;
  let count = 0n;
  const changes: NaiveChange[] = [];
  for (const world of records) {
    if (world.table === 'one' || world.table === 'two') continue;
    arrival = Math.max(arrival, world.record.arrivedAt);
    const minor = -(1n << 63n) + count++;
    if (world.table !== 'late' || world.bad) continue;
    const at = placesOf([world], 'late').get(world)![0]!;
    const own = world.seq !== undefined;
    changes.push(
      ...changesOf(
        world,
        own || world.op === 'load' ? at.major : BigInt(arrival) * 1000n,
        own ? at.minor : minor,
      ),
    );
  }
  const log = await readRows(lake.ports, logTableOf('late'));
  const found = log.map(r =>
    text({
      op: r._op as 'I',
      key: String(r.id),
      major: r._pos_major as bigint,
      minor: r._pos_minor as bigint,
    }),
  );
  expect(found.sort()).toEqual(changes.map(text).sort());
  await checkRows(lake.ports, 'late', changes);
  const bad = records.filter(w => w.bad || w.table === undefined);
  expect((await waitingIn(lake.ports)).map(named).sort()).toEqual(bad.map(w => named(w.record)).sort());
}

async function simulate(seed: number): Promise<void> {
  const lake = worldLake(seed);
  const scheduler = new Scheduler(seed);
  const records = streamOf(seed, 12);
  const plan = (rate: number) => () => (scheduler.chance(rate) ? scheduler.pick(FAULTS) : 'none');
  const consumer = (size: () => number): Consumer => ({
    lake,
    records,
    cut: () => ({ size: size(), again: scheduler.pick([0, 0, 1, 3]) }),
  });
  for (const rate of [0.02, 0.02, 0]) {
    for (const name of ['a', 'b'])
      scheduler.spawn(`consumer ${name}`, actor =>
        consume(
          consumer(() => scheduler.pick([1, 2, 3, 6])),
          faultyPorts(lake.ports, actor, plan(rate)),
        ),
      );
    for (const table of ['one', 'two'])
      scheduler.spawn(`merge ${table}`, actor =>
        mergeTable(lake, faultyPorts(lake.ports, actor, plan(rate)), table),
      );
    scheduler.spawn('vacuum', actor => vacuum(faultyPorts(lake.ports, actor, plan(rate))));
    await scheduler.run();
  }
  await lastly(scheduler, actor =>
    consume(
      consumer(() => 5),
      faultyPorts(lake.ports, actor, NO_FAULTS),
    ),
  );
  for (const table of ['one', 'two'])
    await lastly(scheduler, actor => mergeTable(lake, faultyPorts(lake.ports, actor, NO_FAULTS), table));
  await checkStream(lake, records);
  for (const rate of [0.05, 0.05]) {
    for (const name of ['a', 'b'])
      scheduler.spawn(`replay ${name}`, actor =>
        replayLate(lake, faultyPorts(lake.ports, actor, plan(rate))),
      );
    await scheduler.run();
  }
  await lastly(scheduler, actor => replayLate(lake, faultyPorts(lake.ports, actor, NO_FAULTS)));
  await checkReplayed(lake, records);
}

async function lastly(scheduler: Scheduler, work: (actor: Actor) => Promise<unknown>): Promise<void> {
  const actor = scheduler.spawn('last', work);
  await scheduler.run();
  if (actor.error) throw actor.error;
}

test('streams.seeds: batches cut anywhere, twice, by two at once: each record counts once, in its order', async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    await simulate(seed).catch(error => {
      throw new Error(`seed ${seed}: TIDEMARK_SEED=${seed} TIDEMARK_SEEDS=1`, { cause: error });
    });
  }
}, 600_000);

test('streams.crash: whichever call the process dies at, the restarted one makes it as if nothing had happened', async () => {
  const records = streamOf(3, 10);
  const run = async (plan: FaultPlan): Promise<TestLake> => {
    const lake = worldLake(1);
    const consumer = { lake, records, cut: () => ({ size: 3, again: 1 }) };
    const script = async (ports: LakePorts) => {
      await consume(consumer, ports);
      for (const table of ['one', 'two']) await mergeTable(lake, ports, table);
      await replayLate(lake, ports);
    };
    const scheduler = new Scheduler(1);
    scheduler.spawn('first', actor => script(faultyPorts(lake.ports, actor, plan)));
    await scheduler.run();
    await lastly(scheduler, actor => script(faultyPorts(lake.ports, actor, NO_FAULTS)));
    return lake;
  };
  let calls = 0;
  const count: FaultPlan = () => {
    calls++;
    return 'none';
  };
  await checkReplayed(await run(count), records);
  const tables = ['one', 'two'];
  for (const [f, fault] of FAULTS.entries()) {
    for (let at = (f * 2) % STRIDE; at < calls; at += STRIDE) {
      let call = 0;
      const lake = await run(() => (call++ === at ? fault : 'none'));
      try {
        await checkReplayed(lake, records);
        for (const table of tables) {
          const changes = [...placesOf(records, table).values()].flat();
          await checkRows(lake.ports, table, changes);
          expect((await readRows(lake.ports, logTableOf(table))).length).toBe(changes.length);
        }
      } catch (error) {
        throw new Error(`${fault} at call ${at}`, { cause: error });
      }
    }
  }
}, 600_000);
