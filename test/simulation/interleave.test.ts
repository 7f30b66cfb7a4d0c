import { listWaiting } from '../../lib/ledger/waiting';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { type Fault, faultyPorts } from './faulty-ports';
import { checkLog, checkOrder, checkSnapshots, checkWaiting } from './invariants';
import { Scheduler } from './scheduler';
import {
  COLUMNS,
  ingestBatch,
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

/** Several processes take in and merge the same tables at once, crash, and are started again. */
async function simulate(seed: number): Promise<void> {
  const lake = world(seed);
  const scheduler = new Scheduler(seed);
  const files = Array.from({ length: 5 }, (_, n) => randomFile(among => scheduler.pick(among), n));
  const identities = new Map<string, WorldFile>();
  const plan = (rate: number) => () => (scheduler.chance(rate) ? scheduler.pick(FAULTS) : 'none');
  for (const rate of [0.02, 0.02, 0]) {
    for (const name of ['a', 'b']) {
      scheduler.spawn(`ingest ${name}`, async actor => {
        const ports = faultyPorts(lake.ports, actor, plan(rate));
        const order = name === 'a' ? files : [...files].reverse();
        for (const file of order) {
          const result = await ingestFile(lake, ports, file);
          identities.set(result.identity!, file);
        }
      });
    }
    scheduler.spawn('ingest a batch', async actor => {
      const taken = await ingestBatch(lake, faultyPorts(lake.ports, actor, plan(rate)), files);
      for (const [i, { identity }] of taken.entries()) identities.set(identity!, files[i]!);
    });
    for (const table of ['one', 'two', 'one']) {
      scheduler.spawn(`merge ${table}`, actor =>
        mergeTable(lake, faultyPorts(lake.ports, actor, plan(rate)), table),
      );
    }
    scheduler.spawn('vacuum', async actor => {
      // Without a margin nothing but the fence keeps writers from losing what they wrote.
      for (let run = 0; run < 2; run++) await vacuum(faultyPorts(lake.ports, actor, plan(rate)), 0);
    });
    if (scheduler.chance(0.5)) {
      scheduler.spawn('rebuild', actor =>
        rebuildTable(lake, faultyPorts(lake.ports, actor, plan(rate)), 'one'),
      );
    }
    await scheduler.run();
    await checkWaiting(lake.ports, ['one', 'two']);
  }
  const last = scheduler.spawn('last', async actor => {
    for (const table of ['one', 'two'])
      await mergeTable(
        lake,
        faultyPorts(lake.ports, actor, () => 'none'),
        table,
      );
  });
  await scheduler.run();
  if (last.error) throw last.error;
  expect(await listWaiting(lake.ports.items)).toEqual([]);
  for (const table of ['one', 'two']) {
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

test('interleave.seeds: every visible snapshot is the fold of a prefix', async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    await simulate(seed).catch(error => {
      throw new Error(`seed ${seed}: TIDEMARK_SEED=${seed} TIDEMARK_SEEDS=1`, { cause: error });
    });
  }
}, 600_000);
