import fc from 'fast-check';
import type { LakeConfig } from '../../lib/config/define';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { openTable } from '../../lib/table/open';
import { setMain } from '../support/foreign';
import { readRows } from '../support/lake';
import { vacuumAtOnce } from '../support/vacuum';
import { type Fault, type FaultPlan, faultyPorts, NO_FAULTS } from './faulty-ports';
import { checkAppended, checkLog, checkOrder } from './invariants';
import { Scheduler } from './scheduler';
import {
  COLUMNED,
  compactTable,
  ingestFile,
  meaningOf,
  mergeTable,
  rebuildTable,
  TINY,
  type World,
  type WorldFile,
  world,
} from './world';

const T = 'one';
const COLUMNS = ['id', 'a', 'b'];
const { key: _, ...KEYLESS } = COLUMNED;
const CONFIG: LakeConfig = {
  name: 'world',
  tables: { [T]: { ...KEYLESS, mode: 'append', partitionBy: ['bucket(2, id)'] } },
};

const SEEDS = Number(process.env.TIDEMARK_SEEDS ?? 3);
const FIRST = Number(process.env.TIDEMARK_SEED ?? 1);
const STRIDE = process.env.TIDEMARK_CRASHES === 'all' ? 1 : 211;
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];
const EXPIRY_DAYS = 40;

type Identities = Map<string, WorldFile>;
type Pick = <V>(among: readonly V[]) => V;

/** Rows of few values and positions, so that equal ones come, in one file and in several, and late. */
function fileOf(pick: Pick, n: number): WorldFile {
  const changes = Array.from({ length: pick([1, 2, 3, 4]) }, () => ({
    op: 'I' as const,
    id: pick([1, 2]),
    at: pick([...Array(9).keys()]),
    a: pick([undefined, null, 1]),
    b: pick(['x', null]),
  }));
  // The same bytes under the same name would be the same file.
  const own = { op: 'I' as const, id: 3, at: 10 + n, a: null, b: null };
  return { table: T, key: `${n}/${T}.jsonl`, changes: [...changes, own] };
}

const seeded = (seed: number): Pick => {
  const scheduler = new Scheduler(seed);
  return among => scheduler.pick(among);
};

/** As `meaningOf`, with the id among the values: nothing else has it. */
const meaning = (identities: Identities) => (source: string, n: number) =>
  meaningOf(identities.get(source)!, n).map(change => ({
    ...change,
    values: { ...change.values, id: BigInt(change.key) },
  }));

async function check(lake: World, identities: Identities): Promise<void> {
  await checkAppended(lake.ports, T, COLUMNS, meaning(identities));
  await checkLog(lake.ports, T, [...identities.keys()]);
  await checkOrder(lake.ports, T);
}

/** What stands is all that was taken in, each row once; and again when the log is folded anew. */
async function checkWhole(lake: World, identities: Identities): Promise<void> {
  await mergeTable(lake, lake.ports, T, TINY);
  await check(lake, identities);
  const rows = [...identities.values()].reduce((sum, { changes }) => sum + changes.length, 0);
  expect(await readRows(lake.ports, T)).toHaveLength(rows);
  await rebuildTable(lake, lake.ports, T);
  await check(lake, identities);
  expect(await readRows(lake.ports, T)).toHaveLength(rows);
}

/** What one process does, some time after another: files, merges and compactions of what has become old. */
async function script(lake: World, ports: LakePorts, identities: Identities): Promise<void> {
  const pick = seeded(5);
  for (let n = 0; n < 4; n++) {
    const file = fileOf(pick, n);
    identities.set((await ingestFile(lake, ports, file)).identity!, file);
    await mergeTable(lake, ports, T, TINY);
  }
  await compactTable(lake, ports, T);
  await rebuildTable(lake, ports, T);
}

async function run(plan: FaultPlan): Promise<{ lake: World; identities: Identities; calls: string[] }> {
  const lake = world(1, CONFIG);
  const identities: Identities = new Map();
  const calls: string[] = [];
  const scheduler = new Scheduler(1);
  const counting: FaultPlan = (call, actor) => {
    calls.push(call);
    return plan(call, actor);
  };
  scheduler.spawn('first', actor => script(lake, faultyPorts(lake.ports, actor, counting), identities));
  await scheduler.run();
  await script(lake, lake.ports, identities);
  return { lake, identities, calls };
}

test('append.everyCall: restarted after a crash anywhere, each row stands once', async () => {
  const calm = await run(NO_FAULTS);
  await checkWhole(calm.lake, calm.identities);
  for (const [f, fault] of FAULTS.entries()) {
    for (let at = (f * 2) % STRIDE; at < calm.calls.length; at += STRIDE) {
      let call = 0;
      const { lake, identities } = await run(() => (call++ === at ? fault : 'none'));
      await checkWhole(lake, identities).catch(error => {
        throw new Error(`${fault} call ${at}, ${calm.calls[at]}`, { cause: error });
      });
    }
  }
}, 600_000);

/** Several processes take in, merge, rebuild, compact and vacuum one table at once, and some crash. */
async function simulate(seed: number): Promise<number> {
  const lake = world(seed, CONFIG);
  const scheduler = new Scheduler(seed);
  const identities: Identities = new Map();
  let pieces = 0;
  let n = 0;
  for (const rate of [0.01, 0.02, 0]) {
    const plan: FaultPlan = () => (scheduler.chance(rate) ? scheduler.pick(FAULTS) : 'none');
    const spawn = (name: string, work: (ports: LakePorts) => Promise<unknown>) =>
      scheduler.spawn(name, actor => work(faultyPorts(lake.ports, actor, plan)));
    const files = Array.from({ length: 4 }, () => fileOf(among => scheduler.pick(among), n++));
    spawn('ingest', async ports => {
      for (const file of files) identities.set((await ingestFile(lake, ports, file)).identity!, file);
    });
    for (const name of ['a', 'b']) spawn(`merge ${name}`, ports => mergeTable(lake, ports, T, TINY));
    for (const name of ['a', 'b'])
      spawn(`compact ${name}`, async ports => {
        pieces += (await compactTable(lake, ports, T)).length;
      });
    spawn('vacuum', ports => vacuum(ports, 0));
    if (scheduler.chance(0.5)) spawn('rebuild', ports => rebuildTable(lake, ports, T));
    await scheduler.run();
    for (const file of files) identities.set((await ingestFile(lake, lake.ports, file)).identity!, file);
    await mergeTable(lake, lake.ports, T, TINY);
    lake.pass(EXPIRY_DAYS);
  }
  pieces += (await compactTable(lake, lake.ports, T)).length;
  await checkWhole(lake, identities);
  return pieces;
}

test('append.seeds: whatever goes on beside it, every snapshot has each row of its entries once', async () => {
  let pieces = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    pieces += await simulate(seed).catch(error => {
      throw new Error(`seed ${seed}: TIDEMARK_SEED=${seed} TIDEMARK_SEEDS=1`, { cause: error });
    });
  }
  expect(pieces).toBeGreaterThan(SEEDS);
}, 600_000);

type Step =
  | { readonly kind: 'file'; readonly seed: number }
  | { readonly kind: 'merge' | 'rebuild' | 'compact' | 'vacuum' | 'month' }
  | { readonly kind: 'killed'; readonly at: number }
  | { readonly kind: 'back'; readonly log: boolean; readonly to: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('file' as const), seed: fc.nat() }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('merge' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('killed' as const), at: fc.nat(40) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('compact', 'compact', 'rebuild', 'vacuum', 'month') }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('back' as const), log: fc.boolean(), to: fc.nat(20) }),
  },
);

/** Another engine sets a table back to one of its snapshots, the one `to` before the newest. */
async function setBack({ ports }: World, table: string, to: number): Promise<void> {
  const snapshots = (await openTable(ports, table))?.metadata.snapshots ?? [];
  const snapshot = snapshots[snapshots.length - 1 - (to % Math.max(1, snapshots.length))];
  if (snapshot) await setMain(ports, table, snapshot);
}

/** A merge that ends at one of its calls. */
async function killedMerge(lake: World, at: number): Promise<void> {
  const scheduler = new Scheduler(1);
  let call = 0;
  scheduler.spawn('merge', actor =>
    mergeTable(
      lake,
      faultyPorts(lake.ports, actor, () => (call++ === at ? 'after' : 'none')),
      T,
    ),
  );
  await scheduler.run();
}

async function exact(steps: readonly Step[]): Promise<void> {
  const lake = world(1, CONFIG);
  const identities: Identities = new Map();
  const send = async (seed: number) => {
    const file = fileOf(seeded(seed), identities.size);
    identities.set((await ingestFile(lake, lake.ports, file)).identity!, file);
  };
  for (const one of steps) {
    if (one.kind === 'file') await send(one.seed);
    else if (one.kind === 'merge') await mergeTable(lake, lake.ports, T, TINY);
    else if (one.kind === 'killed') await killedMerge(lake, one.at);
    else if (one.kind === 'rebuild') await rebuildTable(lake, lake.ports, T);
    else if (one.kind === 'compact') await compactTable(lake, lake.ports, T);
    else if (one.kind === 'back') await setBack(lake, one.log ? `${T}_deltas` : T, one.to);
    else if (one.kind === 'month') lake.pass(EXPIRY_DAYS);
    else await vacuumAtOnce(lake.ports);
  }
  await send(1);
  await mergeTable(lake, lake.ports, T, TINY);
  const rows = [...identities.values()].reduce((sum, { changes }) => sum + changes.length, 0);
  expect(await readRows(lake.ports, T)).toHaveLength(rows);
  await checkNewest(lake, identities);
  await compactTable(lake, lake.ports, T);
  await rebuildTable(lake, lake.ports, T);
  await checkNewest(lake, identities);
}

/** Cursors go back where another engine rolls back, so only what stands now is looked at. */
async function checkNewest(lake: World, identities: Identities): Promise<void> {
  const all = [...identities].flatMap(([source]) => meaning(identities)(source, 0));
  const text = (minor: unknown, row: Readonly<Record<string, unknown>>) =>
    [minor, ...COLUMNS.map(c => row[c] ?? '-')].join(' ');
  const rows = await readRows(lake.ports, T);
  expect(rows.map(row => text(row._pos_minor, row)).sort()).toEqual(
    all.map(change => text(change.minor, change.values)).sort(),
  );
  await checkLog(lake.ports, T, [...identities.keys()]);
}

test('append.rollbacks: however rows are batched, merged, set back and written anew, each stands once', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), exact), {
    numRuns: Number(process.env.TIDEMARK_HISTORIES ?? 8),
  });
}, 300_000);
