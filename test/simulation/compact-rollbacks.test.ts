import fc from 'fast-check';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { openTable } from '../../lib/table/open';
import { setMain } from '../support/foreign';
import { readRows } from '../support/lake';
import { naiveFold } from '../support/naive-fold';
import { vacuumAtOnce } from '../support/vacuum';
import { changesThrough, checkLog } from './invariants';
import {
  COLUMNS,
  compactTable,
  ingestFile,
  meaningOf,
  mergeTable,
  randomFile,
  rebuildTable,
  type World,
  type WorldFile,
  world,
} from './world';

const T = 'one';

type Step =
  | { readonly kind: 'file'; readonly seed: readonly number[] }
  | { readonly kind: 'merge' | 'compact' | 'killed' | 'vacuum' | 'month' }
  | { readonly kind: 'back'; readonly log: boolean; readonly to: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('file' as const),
      seed: fc.array(fc.nat(), { minLength: 30, maxLength: 30 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('merge' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('compact' as const, 'compact' as const, 'killed' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('back' as const), log: fc.boolean(), to: fc.nat(20) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('vacuum' as const, 'month' as const) }) },
);

/** A compaction that dies between its commit and the marks. */
function dying(ports: LakePorts): LakePorts {
  const transact: LakePorts['items']['transact'] = actions =>
    actions.some(a => 'put' in a && a.put.sort.startsWith('entry#'))
      ? Promise.reject(new Error('killed'))
      : ports.items.transact(actions);
  return { ...ports, items: { ...ports.items, transact } };
}

/** Another engine sets a table back to one of its snapshots, the one `to` before the newest. */
async function setBack({ ports }: World, table: string, to: number): Promise<void> {
  const open = await openTable(ports, table);
  const snapshots = open?.metadata.snapshots ?? [];
  const snapshot = snapshots[snapshots.length - 1 - (to % Math.max(1, snapshots.length))];
  if (snapshot) await setMain(ports, table, snapshot);
}

async function play(lake: World, steps: readonly Step[]): Promise<Map<string, WorldFile>> {
  const identities = new Map<string, WorldFile>();
  let n = 0;
  const send = async (seed: readonly number[]) => {
    let at = 0;
    const file = {
      ...randomFile(among => among[seed[at++ % seed.length]! % among.length]!, n),
      table: T,
    } as const;
    identities.set(
      (await ingestFile(lake, lake.ports, { ...file, key: `${n++}/${T}.jsonl` })).identity!,
      file,
    );
  };
  for (const one of steps) {
    if (one.kind === 'file') await send(one.seed);
    else if (one.kind === 'merge') await mergeTable(lake, lake.ports, T);
    else if (one.kind === 'compact') await compactTable(lake, lake.ports, T);
    else if (one.kind === 'killed') await compactTable(lake, dying(lake.ports), T).catch(() => {});
    else if (one.kind === 'back') await setBack(lake, one.log ? `${T}_deltas` : T, one.to);
    else if (one.kind === 'month') lake.pass(40);
    else await vacuumAtOnce(lake.ports);
  }
  await send([n]);
  await mergeTable(lake, lake.ports, T);
  return identities;
}

async function exact(steps: readonly Step[]): Promise<void> {
  const lake = world(1);
  const identities = await play(lake, steps);
  const meaning = (source: string, n: number) => meaningOf(identities.get(source)!, n);
  const all = await changesThrough(lake.ports, T, Number.POSITIVE_INFINITY, meaning);
  const expected = naiveFold(all, COLUMNS);
  const check = async () => {
    const rows = await readRows(lake.ports, T);
    const got = rows.map(
      r => [String(r.id), Object.fromEntries(COLUMNS.map(c => [c, r[c] ?? null]))] as const,
    );
    expect(new Map([...got].sort())).toEqual(new Map([...expected].sort()));
    await checkLog(lake.ports, T, [...identities.keys()]);
  };
  await check();
  await compactTable(lake, lake.ports, T);
  await vacuumAtOnce(lake.ports);
  await rebuildTable(lake, lake.ports, T);
  await check();
}

test('compact.rollbacks: of the table or its log, between compactions, nothing is lost or doubled', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), exact), {
    numRuns: Number(process.env.TIDEMARK_HISTORIES ?? 20),
  });
}, 300_000);
