import { openLoad, pastLoads } from '../../lib/ledger/loads';
import { listWaiting } from '../../lib/ledger/waiting';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { logTableOf } from '../../lib/table/columns';
import { openTable } from '../../lib/table/open';
import { expireLog, optimizeLog } from '../support/foreign-log';
import { type Fault, faultyPorts } from './faulty-ports';
import { checkLog, checkOrder, checkSnapshots, checkWaiting } from './invariants';
import { type Copy, type Loads, load, loaded, mergeInSteps } from './loads-world';
import { Scheduler } from './scheduler';
import {
  COLUMNS,
  compactTable,
  ingestFile,
  meaningOf,
  mergeTable,
  randomFile,
  rebuildTable,
  type WorldFile,
  world,
} from './world';

const SEEDS = Number(process.env.TIDEMARK_SEEDS ?? 8);
const FIRST = Number(process.env.TIDEMARK_SEED ?? 1);
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];
const T = 'one' as const;

/** Loads begin, die and go on while others take in, merge, rebuild, compact and vacuum the same table, or rewrite its log. */
async function simulate(seed: number): Promise<void> {
  const lake = world(seed);
  const scheduler = new Scheduler(seed);
  const pick = <X>(among: readonly X[]) => scheduler.pick(among);
  // A file of the log that has a TRUNCATE is read where others are left out.
  const truncates = scheduler.chance(0.5);
  const files = Array.from({ length: 5 }, (_, n) => {
    const { changes } = randomFile(pick, n);
    const kept = changes.map(c => (c.op === 'T' && !truncates ? { op: 'D' as const, id: 1, at: c.at } : c));
    // Another engine puts rows in any order, and changes of one key at one position in one file have no other.
    const ordered = kept.filter((c, i) => !kept.some((o, j) => j > i && o.id === c.id && o.at === c.at));
    return { table: T, key: `${n}/${T}.jsonl`, changes: ordered };
  });
  const copies = Array.from(
    { length: pick([1, 2]) },
    (): Copy => ({
      replaces: scheduler.chance(0.5),
      rows: [1, 2, 3, 4, 5]
        .filter(() => scheduler.chance(0.6))
        .map(id => ({ id: BigInt(id), a: pick([7, 8, null]), b: pick(['copy', null]) })),
    }),
  );
  const identities = new Map<string, WorldFile>();
  const loads: Loads = new Map();
  const plan = (rate: number) => () => (scheduler.chance(rate) ? pick(FAULTS) : 'none');
  const rewriteLog = async (ports: LakePorts) => {
    const limits = { ...lake.lake.limits, rowGroupRowsMax: pick([1, 3, 100]) };
    if ((await openTable(ports, logTableOf(T))) && (await optimizeLog(ports, T, { limits })))
      await expireLog(ports, T);
  };
  // Whoever rewrites the log after every run leaves a fold no time to end.
  let rewrites = 8;
  const mayRewrite = async (ports: LakePorts) => {
    if (rewrites-- > 0 && scheduler.chance(0.4)) await rewriteLog(ports);
  };
  for (const rate of [0.02, 0.02, 0]) {
    const act = (name: string, work: (ports: LakePorts) => Promise<unknown>) =>
      scheduler.spawn(name, async actor => void (await work(faultyPorts(lake.ports, actor, plan(rate)))));
    act('ingest', async ports => {
      for (const file of files) identities.set((await ingestFile(lake, ports, file)).identity!, file);
    });
    act('load', async ports => {
      for (const copy of copies) await load(lake, ports, copy, loads);
    });
    for (const name of ['merge', 'merge too'])
      act(name, ports =>
        scheduler.chance(0.5)
          ? mergeInSteps(lake, ports, 12, () => mayRewrite(ports))
          : mergeTable(lake, ports, T),
      );
    act('vacuum', async ports => {
      for (let run = 0; run < 2; run++) await vacuum(ports, 0);
    });
    if (scheduler.chance(0.3)) act('rebuild', ports => rebuildTable(lake, ports, T));
    if (scheduler.chance(0.3)) act('compact', ports => compactTable(lake, ports, T));
    if (scheduler.chance(0.3)) act('another engine', rewriteLog);
    await scheduler.run();
    await checkWaiting(lake.ports, [T]);
  }
  const last = scheduler.spawn('last', async actor => {
    const ports = faultyPorts(lake.ports, actor, () => 'none');
    if (await openLoad(ports.items, T)) await load(lake, ports, copies[0]!, loads);
    await mergeInSteps(lake, ports, 1000, () => mayRewrite(ports));
    if (scheduler.chance(0.5)) return;
    await rewriteLog(ports);
    await rebuildTable(lake, ports, T);
  });
  await scheduler.run();
  if (last.error) throw last.error;
  expect(await listWaiting(lake.ports.items)).toEqual([]);
  const meaning = (source: string, n: number) => {
    const one = loads.get(source);
    return one ? loaded(one, n) : meaningOf(identities.get(source)!, n);
  };
  await checkSnapshots(lake.ports, T, COLUMNS, meaning);
  const past = await pastLoads(lake.ports.items, T, 10);
  const committed = past.filter(one => one.state === 'committed').map(one => `load#${one.id}`);
  await checkLog(lake.ports, T, [...identities.keys(), ...committed]);
  await checkOrder(lake.ports, T);
}

test('loads.seeds: every visible snapshot is the fold of a prefix, loads and all', async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    await simulate(seed).catch(error => {
      throw new Error(`seed ${seed}: TIDEMARK_SEED=${seed} TIDEMARK_SEEDS=1`, { cause: error });
    });
  }
}, 600_000);
