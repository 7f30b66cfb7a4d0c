import { entriesAfter } from '../../lib/ledger/entries';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { readRows } from '../support/lake';
import { vacuumAtOnce } from '../support/vacuum';
import { type Fault, type FaultPlan, faultyPorts, NO_FAULTS } from './faulty-ports';
import { checkLog, checkOrder, checkSnapshots } from './invariants';
import { Scheduler } from './scheduler';
import {
  COLUMNS,
  compactTable,
  ingestFile,
  meaningOf,
  mergeTable,
  randomFile,
  rebuildTable,
  TINY,
  type World,
  type WorldFile,
  world,
} from './world';

const SEEDS = Number(process.env.TIDEMARK_SEEDS ?? 2);
const FIRST = Number(process.env.TIDEMARK_SEED ?? 1);
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];
const TABLES = ['one', 'two'] as const;
/** Longer than any snapshot is kept: then all that was merged before may be compacted. */
const EXPIRY_DAYS = 40;

type Identities = Map<string, WorldFile>;

async function check(lake: World, identities: Identities): Promise<void> {
  for (const table of TABLES) {
    await checkSnapshots(lake.ports, table, COLUMNS, (source, n) => meaningOf(identities.get(source)!, n));
    const own = [...identities].filter(([, file]) => file.table === table);
    await checkLog(
      lake.ports,
      table,
      own.map(([id]) => id),
    );
    await checkOrder(lake.ports, table);
  }
}

/** What the ledger names is enough: folded again from it alone, the tables are the same. Gives the joined entries. */
async function checkRebuilt(lake: World, identities: Identities): Promise<number> {
  let joined = 0;
  for (const table of TABLES) {
    for await (const entry of entriesAfter(lake.ports.items, table, 0)) if (entry.joined) joined++;
  }
  await vacuumAtOnce(lake.ports);
  await rebuildTable(lake, lake.ports, 'one');
  await rebuildTable(lake, lake.ports, 'two');
  await check(lake, identities);
  return joined;
}

/** Several processes take in, merge, compact, vacuum and rebuild at once, months go by, and some crash. */
async function simulate(seed: number): Promise<{ joined: number; pieces: number }> {
  const lake = world(seed);
  const scheduler = new Scheduler(seed);
  const identities: Identities = new Map();
  let pieces = 0;
  let n = 0;
  for (const rate of [0.01, 0.02, 0.02, 0]) {
    const plan: FaultPlan = () => (scheduler.chance(rate) ? scheduler.pick(FAULTS) : 'none');
    const spawn = (name: string, work: (ports: World['ports']) => Promise<unknown>) =>
      scheduler.spawn(name, actor => work(faultyPorts(lake.ports, actor, plan)));
    const files = Array.from({ length: 4 }, () => randomFile(among => scheduler.pick(among), n++));
    spawn('ingest', async ports => {
      for (const file of files) identities.set((await ingestFile(lake, ports, file)).identity!, file);
    });
    for (const table of ['one', 'two', 'one'])
      spawn(`merge ${table}`, ports => mergeTable(lake, ports, table, TINY));
    for (const table of ['one', 'two', 'one'])
      spawn(`compact ${table}`, async ports => {
        pieces += (await compactTable(lake, ports, table)).length;
      });
    if (scheduler.chance(0.5)) spawn('vacuum', ports => vacuum(ports, 0));
    if (scheduler.chance(0.3)) spawn('rebuild', ports => rebuildTable(lake, ports, 'one'));
    await scheduler.run();
    // What a crash kept out is taken in now, or the file would not be known by its identity.
    for (const file of files) identities.set((await ingestFile(lake, lake.ports, file)).identity!, file);
    lake.pass(EXPIRY_DAYS);
  }
  for (const table of TABLES) await mergeTable(lake, lake.ports, table, TINY);
  await check(lake, identities);
  for (const table of TABLES) pieces += (await compactTable(lake, lake.ports, table)).length;
  await check(lake, identities);
  return { joined: await checkRebuilt(lake, identities), pieces };
}

test('compact.seeds: whatever goes on beside it, every visible snapshot is the fold of a prefix', async () => {
  let joined = 0;
  let pieces = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const outcome = await simulate(seed).catch(error => {
      throw new Error(`seed ${seed}: TIDEMARK_SEED=${seed} TIDEMARK_SEEDS=1`, { cause: error });
    });
    joined += outcome.joined;
    pieces += outcome.pieces;
  }
  expect(joined).toBeGreaterThan(SEEDS);
  expect(pieces).toBeGreaterThan(SEEDS);
}, 600_000);

/** A lake with something to compact in tables and logs. */
async function begin(): Promise<{ lake: World; identities: Identities }> {
  const lake = world(1);
  const scheduler = new Scheduler(3);
  const identities: Identities = new Map();
  for (let n = 0; n < 10; n++) {
    const file = randomFile(among => scheduler.pick(among), n);
    identities.set((await ingestFile(lake, lake.ports, file)).identity!, file);
    if (n === 7) lake.pass(EXPIRY_DAYS);
    for (const table of TABLES) await mergeTable(lake, lake.ports, table, TINY);
  }
  return { lake, identities };
}

async function compactAll(lake: World, plan: FaultPlan): Promise<unknown> {
  const scheduler = new Scheduler(1);
  const actor = scheduler.spawn('compact', async self => {
    for (const table of TABLES) await compactTable(lake, faultyPorts(lake.ports, self, plan), table);
  });
  await scheduler.run();
  return actor.error;
}

test('compact.everyCall: after a crash anywhere the next compaction goes on, and nothing is lost to vacuum', async () => {
  const stride = process.env.TIDEMARK_CRASHES === 'all' ? 1 : 61;
  const calls: string[] = [];
  const calm = await begin();
  await compactAll(calm.lake, call => {
    calls.push(call);
    return 'none';
  });
  await check(calm.lake, calm.identities);
  const expected = await checkRebuilt(calm.lake, calm.identities);
  expect(expected).toBeGreaterThan(5);
  const rows = await readRows(calm.lake.ports, 'one');
  for (const [f, fault] of FAULTS.entries()) {
    for (let at = (f * 2) % stride; at < calls.length; at += stride) {
      const { lake, identities } = await begin();
      let call = 0;
      await compactAll(lake, () => (call++ === at ? fault : 'none'));
      await vacuumAtOnce(lake.ports);
      await check(lake, identities);
      expect(await compactAll(lake, NO_FAULTS)).toBeUndefined();
      const joined = await checkRebuilt(lake, identities);
      const where = `${fault} call ${at}, ${calls[at]}`;
      expect({ where, joined, rows: await readRows(lake.ports, 'one') }).toEqual({
        where,
        joined: expected,
        rows,
      });
    }
  }
}, 600_000);
