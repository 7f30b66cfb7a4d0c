import { BEFORE_ALL } from '../../lib/change/position';
import { TidemarkError } from '../../lib/errors';
import { abandonLoad, openLoad, pastLoads } from '../../lib/ledger/loads';
import { listWaiting } from '../../lib/ledger/waiting';
import type { LakePorts } from '../../lib/ports/lake-ports';
import type { Begun } from '../../lib/stages/load/begin';
import { commitLoad } from '../../lib/stages/load/commit';
import { mergeUntil } from '../../lib/stages/merge/merge-until';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { logTableOf } from '../../lib/table/columns';
import { openTable } from '../../lib/table/open';
import type { TestLake } from '../support/lake';
import { beginOf, type CopiedRow, filesOf } from '../support/loads';
import type { NaiveChange } from '../support/naive-fold';
import { type Fault, faultyPorts } from './faulty-ports';
import { checkLog, checkOrder, checkSnapshots, checkWaiting } from './invariants';
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

/** A load that is to happen, and what it turned out to be. */
interface Copy {
  readonly replaces: boolean;
  readonly rows: readonly CopiedRow[];
}

/** What the entries of loads mean, by the name of their source. */
type Loads = Map<string, { readonly copy: Copy; readonly begun: Begun }>;

/** Begins the load, or goes on with the one that is under way, as a process does that was started again. */
async function load(lake: TestLake, ports: LakePorts, copy: Copy, known: Loads): Promise<void> {
  const table = lake.lake.tables.find(t => t.name === T)!;
  const standing = await openLoad(ports.items, T);
  const log = standing && (await openTable(ports, logTableOf(T)));
  const begun = log ? { standing, log } : await beginOf(ports, table, copy.replaces);
  if (!begun) return;
  const source = `load#${begun.standing.load.id}`;
  const { copy: what } = known.get(source) ?? { copy };
  known.set(source, { copy: what, begun });
  const files = await filesOf(ports, table, begun, what.rows, { ...lake.lake.limits, rowGroupRowsMax: 2 });
  try {
    await commitLoad(ports, table, begun.standing, files);
  } catch (error) {
    if (!(error instanceof TidemarkError && error.code === 'TM_2751')) throw error;
    await abandonLoad(ports.items, T, begun.standing);
  }
}

/** Runs whose time is over as soon as they have done something: of a load each folds an entry, or a row or two. */
async function mergeInSteps(lake: TestLake, ports: LakePorts, runs: number): Promise<void> {
  const table = lake.lake.tables.find(t => t.name === T)!;
  const limits = { ...lake.lake.limits, mergeRowsMax: 1 };
  for (let run = 0; run < runs; run++) if (!(await mergeUntil(ports, table, limits, 0)).again) return;
  throw new Error(`not merged in ${runs} runs`);
}

/** Changes of the world stand at one major; a load before all of them, or just after those known. */
function loaded({ copy, begun }: { copy: Copy; begun: Begun }, entry: number): NaiveChange[] {
  const { position, replaces } = begun.standing.load;
  const { major, minor } = position;
  const at = { entry, major: major > 0n ? 0n : BEFORE_ALL.major, minor };
  const truncate: NaiveChange = { ...at, row: 0, op: 'T', key: '', values: {} };
  const rows = copy.rows.map(
    ({ id, ...values }, row): NaiveChange => ({ ...at, row, op: 'I', key: String(id), values }),
  );
  return replaces ? [truncate, ...rows] : rows;
}

/** Loads begin, die and go on while others take in, merge, rebuild, compact and vacuum the same table. */
async function simulate(seed: number): Promise<void> {
  const lake = world(seed);
  const scheduler = new Scheduler(seed);
  const pick = <X>(among: readonly X[]) => scheduler.pick(among);
  const files = Array.from({ length: 5 }, (_, n) => ({
    ...randomFile(pick, n),
    table: T,
    key: `${n}/${T}.jsonl`,
  }));
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
        scheduler.chance(0.5) ? mergeInSteps(lake, ports, 12) : mergeTable(lake, ports, T),
      );
    act('vacuum', async ports => {
      for (let run = 0; run < 2; run++) await vacuum(ports, 0);
    });
    if (scheduler.chance(0.3)) act('rebuild', ports => rebuildTable(lake, ports, T));
    if (scheduler.chance(0.3)) act('compact', ports => compactTable(lake, ports, T));
    await scheduler.run();
    await checkWaiting(lake.ports, [T]);
  }
  const last = scheduler.spawn('last', async actor => {
    const ports = faultyPorts(lake.ports, actor, () => 'none');
    if (await openLoad(ports.items, T)) await load(lake, ports, copies[0]!, loads);
    await mergeInSteps(lake, ports, 40);
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
