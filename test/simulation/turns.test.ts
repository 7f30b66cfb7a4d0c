import type { LakePorts } from '../../lib/ports/lake-ports';
import { type Fault, type FaultPlan, faultyPorts, NO_FAULTS } from './faulty-ports';
import { checkLog, checkOrder } from './invariants';
import { type Actor, Scheduler } from './scheduler';
import { COLUMNED, ingestFile, mergeTable, type World, type WorldFile, world } from './world';

const SEEDS = Math.min(Number(process.env.TIDEMARK_SEEDS ?? 2), 300);
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];

/** Changes at the positions 0..rows-1, so that any two of these files overlap. */
function overlapping(name: string, rows: number): WorldFile {
  const changes = Array.from({ length: rows }, (_, at) => ({
    op: 'I' as const,
    id: at % 3,
    at,
    a: at,
    b: name,
  }));
  return { table: 'one', key: `${name}/one.jsonl`, changes };
}

/** A delta a row: a file of many rows takes as many calls to write. */
function worldOf(seed: number): World {
  return world(seed, { name: 'turns', tables: { one: COLUMNED }, limits: { deltaRowsMax: 1 } });
}

/** Counts the deltas that an actor writes. */
function counted(ports: LakePorts, tally: { deltas: number }): LakePorts {
  const putIfAbsent: LakePorts['store']['putIfAbsent'] = (key, body) => {
    if (key.startsWith('deltas/')) tally.deltas++;
    return ports.store.putIfAbsent(key, body);
  };
  return { ...ports, store: { ...ports.store, putIfAbsent } };
}

async function settled(lake: World, actors: readonly Actor[]): Promise<void> {
  for (const { error } of actors) if (error) throw error;
  await mergeTable(lake, lake.ports, 'one');
  await checkOrder(lake.ports, 'one');
}

const ROWS = 8;

test('turns.slow: a writer that faster ones overtake writes a few times and is in', async () => {
  let worst = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const lake = worldOf(seed);
    const scheduler = new Scheduler(seed);
    const tally = { deltas: 0 };
    let isIn = false;
    const slow = scheduler.spawn('slow', async actor => {
      await ingestFile(
        lake,
        counted(faultyPorts(lake.ports, actor, NO_FAULTS), tally),
        overlapping('slow', ROWS),
      );
      isIn = true;
    });
    let before = 0;
    const fast = [0, 1, 2].map(k =>
      scheduler.spawn(`fast ${k}`, async actor => {
        const ports = faultyPorts(lake.ports, actor, NO_FAULTS);
        // As long as it lasts: without a turn it lasts for ever.
        for (let i = 0; i < 60 && !isIn; i++) {
          await ingestFile(lake, ports, overlapping(`fast ${k} ${i}`, 1));
          before++;
        }
      }),
    );
    await scheduler.run();
    // A turn that was too short costs a try.
    worst = Math.max(worst, tally.deltas / ROWS);
    expect(tally.deltas / ROWS).toBeLessThanOrEqual(6);
    expect(before).toBeLessThan(180);
    await settled(lake, [slow, ...fast]);
  }
  // Else nobody was overtaken, and the runs show nothing.
  expect(worst).toBeGreaterThan(3);
}, 120_000);

test('turns.many: of many writers at once each writes a few times, whatever their number', async () => {
  const lake = worldOf(1);
  const scheduler = new Scheduler(1);
  const tallies = Array.from({ length: 20 }, () => ({ deltas: 0 }));
  const actors = tallies.map((tally, i) =>
    scheduler.spawn(`ingest ${i}`, actor => {
      const ports = counted(faultyPorts(lake.ports, actor, NO_FAULTS), tally);
      return ingestFile(lake, ports, overlapping(`file ${i}`, 2));
    }),
  );
  await scheduler.run();
  expect(Math.max(...tallies.map(tally => tally.deltas / 2))).toBeLessThanOrEqual(6);
  await settled(lake, actors);
}, 120_000);

test('turns.crash: whoever dies in the middle of its turn keeps the others no longer than it lasts', async () => {
  let crashed = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const lake = worldOf(seed);
    const scheduler = new Scheduler(seed);
    const files = Array.from({ length: 6 }, (_, i) => overlapping(`file ${i}`, 3));
    const identities = new Set<string>();
    const spawn = (file: WorldFile, plan: FaultPlan) =>
      scheduler.spawn(file.key, async actor => {
        const { identity } = await ingestFile(lake, faultyPorts(lake.ports, actor, plan), file);
        identities.add(identity!);
      });
    const plan: FaultPlan = () => (scheduler.chance(0.02) ? scheduler.pick(FAULTS) : 'none');
    const doomed = files.map(file => spawn(file, plan));
    await scheduler.run();
    crashed += doomed.filter(actor => actor.state === 'crashed').length;
    const again = files.map(file => spawn(file, NO_FAULTS));
    await scheduler.run();
    await settled(lake, again);
    expect(identities.size).toBe(files.length);
    const sources = [...identities].flatMap(id => [id, id, id]);
    await checkLog(lake.ports, 'one', sources);
  }
  expect(crashed).toBeGreaterThan(SEEDS / 2);
}, 120_000);
