import { listQuarantined } from '../../lib/ledger/quarantine';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { readQuarantinedRecords } from '../../lib/stages/ingest-stream/aside';
import { ingestRecordFile } from '../../lib/stages/ingest-stream/ingest-record-file';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { logTableOf } from '../../lib/table/columns';
import { memoryPorts, readRows, type TestLake, testLake } from '../support/lake';
import { type NaiveChange, naiveFold } from '../support/naive-fold';
import { type Fault, type FaultPlan, faultyPorts, NO_FAULTS } from './faulty-ports';
import { checkOrder } from './invariants';
import { randomOf, Scheduler } from './scheduler';
import { mergeTable } from './world';

const SEEDS = Number(process.env.TIDEMARK_SEEDS ?? 6);
const FIRST = Number(process.env.TIDEMARK_SEED ?? 1);
const STRIDE = process.env.TIDEMARK_CRASHES === 'all' ? 1 : 17;
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];
const START = Date.UTC(2026, 0, 1);
const TABLE = { key: ['id'], columns: { id: 'bigint', a: 'int' } };
const TABLES = ['one', 'two'];

/** A line of a file, and the change that it is; undefined where it is none. */
interface Line {
  readonly text: string;
  readonly table?: string;
  readonly change?: Omit<NaiveChange, 'major' | 'minor'>;
}

function linesOf(seed: number, count: number): Line[] {
  const random = randomOf(seed);
  const pick = <T>(among: readonly T[]): T => among[Math.floor(random() * among.length)]!;
  return Array.from({ length: count }, (_, row) => {
    const [table, id, a] = [pick(TABLES), pick([1, 2, 3]), row];
    const type = pick(['create', 'update', 'update', 'delete'] as const);
    const is = pick(['good', 'good', 'good', 'good', 'bad', 'stray', 'blank'] as const);
    const data = { id: is === 'bad' ? 'none' : id, a };
    const envelope = { event_date: '2024-07-29T00:59:07Z', uuid: 'u' };
    const text = JSON.stringify({ source: is === 'stray' ? 'nobody' : table, type, data, ...envelope });
    if (is !== 'good') return { text: is === 'blank' ? '' : text };
    const op = ({ create: 'I', update: 'U', delete: 'D' } as const)[type];
    const values = op === 'D' ? {} : { a };
    return { text, table, change: { entry: 0, row, op, key: String(id), values } };
  });
}

interface World extends TestLake {
  readonly files: readonly (readonly Line[])[];
}

async function worldOf(seed: number): Promise<World> {
  const lake = testLake({ name: 'world', tables: { one: TABLE, two: TABLE } }, seed);
  const files = [linesOf(seed * 31 + 1, 11), linesOf(seed * 31 + 2, 8)];
  for (const [i, lines] of files.entries())
    await lake.landing.put(`${i}.jsonl`, Buffer.from(lines.map(({ text }) => text).join('\n')));
  return { ...lake, ports: memoryPorts(seed), files };
}

/** The files in their order, as one run of the command takes them; each run is a minute later than the one before. */
async function takeIn({ lake, landing, files }: World, ports: LakePorts, run: number): Promise<void> {
  for (const i of files.keys()) {
    const clock = { ...ports.clock, now: () => START + run * 60_000 + i };
    const file = { landing, key: `${i}.jsonl`, object: `in/${i}.jsonl`, format: 'service-event' } as const;
    await ingestRecordFile({ ...ports, clock }, lake, {
      ...file,
      source: 'shop',
      portion: { lines: 3, bytes: 1e6 },
    });
  }
}

/** Every line stands once in its table's log or in quarantine, and the files in the order they were begun in. */
async function check({ ports, files }: World): Promise<void> {
  const bad = files.flatMap((lines, i) =>
    lines.flatMap(({ text, change }, n) => (text !== '' && !change ? [`in/${i}.jsonl ${n + 1}`] : [])),
  );
  const records = await listQuarantined(ports.items);
  const waiting = await Promise.all(
    records.map(async record =>
      (await readQuarantinedRecords(ports, record)).map(r => `${record.object} ${r.sequence}`),
    ),
  );
  expect(waiting.flat().sort()).toEqual(bad.sort());
  for (const table of TABLES) {
    const changes = files.flatMap((lines, i) =>
      lines.flatMap(line =>
        line.change && line.table === table
          ? [{ ...line.change, major: BigInt(i), minor: BigInt(line.change.row) }]
          : [],
      ),
    );
    const log = await readRows(ports, logTableOf(table));
    expect(log).toHaveLength(changes.length);
    // All of a file arrived at once, whichever run took it in.
    expect(new Set(log.map(row => row._pos_major)).size).toBeLessThanOrEqual(files.length);
    await checkOrder(ports, table);
    const rows = (await readRows(ports, table)).map(r => [String(r.id), { a: r.a }] as const);
    expect(new Map([...rows].sort())).toEqual(new Map([...naiveFold(changes, ['a'])].sort()));
  }
}

async function finish(world: World, scheduler: Scheduler, run: number): Promise<void> {
  const last = scheduler.spawn('last', async actor => {
    const ports = faultyPorts(world.ports, actor, NO_FAULTS);
    await takeIn(world, ports, run);
    for (const table of TABLES) await mergeTable(world, ports, table);
  });
  await scheduler.run();
  if (last.error) throw last.error;
}

test('recordFiles.crash: whichever call the process dies at, the same files again make it as if nothing had happened', async () => {
  const runWith = async (plan: FaultPlan): Promise<World> => {
    const world = await worldOf(3);
    const scheduler = new Scheduler(1);
    scheduler.spawn('first', actor => takeIn(world, faultyPorts(world.ports, actor, plan), 0));
    await scheduler.run();
    await finish(world, scheduler, 1);
    return world;
  };
  let calls = 0;
  await check(
    await runWith(() => {
      calls++;
      return 'none';
    }),
  );
  for (const [f, fault] of FAULTS.entries()) {
    for (let at = (f * 3) % STRIDE; at < calls; at += STRIDE) {
      let call = 0;
      const world = await runWith(() => (call++ === at ? fault : 'none'));
      await check(world).catch(error => {
        throw new Error(`${fault} at call ${at}`, { cause: error });
      });
    }
  }
}, 600_000);

test('recordFiles.seeds: two at once, with merges and vacuum between, and one that dies: each line counts once', async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const world = await worldOf(seed);
    const scheduler = new Scheduler(seed);
    const plan: FaultPlan = () => (scheduler.chance(0.01) ? scheduler.pick(FAULTS) : 'none');
    for (const name of ['a', 'b'])
      scheduler.spawn(name, actor => takeIn(world, faultyPorts(world.ports, actor, plan), 0));
    for (const table of TABLES)
      scheduler.spawn(table, actor => mergeTable(world, faultyPorts(world.ports, actor, plan), table));
    scheduler.spawn('vacuum', actor => vacuum(faultyPorts(world.ports, actor, plan)));
    await scheduler.run();
    await finish(world, scheduler, 1);
    await check(world).catch(error => {
      throw new Error(`seed ${seed}: TIDEMARK_SEED=${seed} TIDEMARK_SEEDS=1`, { cause: error });
    });
  }
}, 600_000);
