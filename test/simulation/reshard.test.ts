import { listQuarantined } from '../../lib/ledger/quarantine';
import type { StreamRef } from '../../lib/ledger/streams';
import type { StreamRecord } from '../../lib/ports/change-stream';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { readQuarantinedRecords } from '../../lib/stages/ingest-stream/aside';
import { givenUp } from '../../lib/stages/ingest-stream/errors';
import { ingestRecords } from '../../lib/stages/ingest-stream/ingest-records';
import { putUnjudgedAside } from '../../lib/stages/ingest-stream/unjudged';
import { replay } from '../../lib/stages/replay';
import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { logTableOf } from '../../lib/table/columns';
import { memoryPorts, readRows, type TestLake, testLake } from '../support/lake';
import { naiveFold } from '../support/naive-fold';
import { type Fault, type FaultPlan, faultyPorts, NO_FAULTS } from './faulty-ports';
import { checkOrder, checkWaiting } from './invariants';
import { COLUMNS, CONFIG, recordsOf, SHARDS, TABLES, type WorldRecord } from './reshard-world';
import { type Actor, Scheduler } from './scheduler';
import { mergeTable } from './world';

const SEEDS = Number(process.env.TIDEMARK_SEEDS ?? 3);
const FIRST = Number(process.env.TIDEMARK_SEED ?? 1);
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];
const ROUNDS_MAX = 200;

/** One life of the stream, as its event source reads it: a batch of a shard at a time, parents to their end first. */
class Source {
  /** By shard, how many of its records were dealt with or given up. */
  private readonly next = new Map<string, number>();
  private readonly gone = new Set<StreamRecord>();
  private readonly failures: (readonly StreamRecord[])[] = [];
  private readonly replayed = new Set<string>();

  constructor(
    private readonly lake: TestLake,
    private readonly stream: StreamRef,
    private readonly records: readonly WorldRecord[],
    private readonly scheduler: Scheduler,
  ) {}

  get done(): boolean {
    return SHARDS.every(({ id }) => this.isRead(id));
  }

  private own(shard: string): StreamRecord[] {
    return this.records.map(({ record }) => record).filter(record => record.shard === shard);
  }

  private isRead(shard: string): boolean {
    return (this.next.get(shard) ?? 0) >= this.own(shard).length;
  }

  /** Reads a shard as far as it can; an actor that dies is followed by another, who has the batch again. */
  async read(ports: LakePorts, shard: string): Promise<void> {
    const { parents } = SHARDS.find(({ id }) => id === shard)!;
    if (!parents.every(parent => this.isRead(parent))) return;
    const own = this.own(shard);
    for (let size = 6; !this.isRead(shard); ) {
      const from = this.next.get(shard) ?? 0;
      const cut = Math.min(size, this.scheduler.pick([1, 2, 3, 6]));
      const again = own.slice(Math.max(0, from - this.scheduler.pick([0, 0, 2])), from);
      const batch = own.slice(from, from + cut);
      if (this.scheduler.chance(0.08)) {
        await this.giveUp(ports, batch);
        this.next.set(shard, from + batch.length);
        continue;
      }
      const retryFrom = await this.deliver(ports, shard, [...again.filter(r => !this.gone.has(r)), ...batch]);
      const at = retryFrom === undefined ? -1 : batch.findIndex(r => r.sequence === retryFrom);
      const failed = retryFrom !== undefined;
      this.next.set(shard, from + (failed ? Math.max(0, at) : batch.length));
      // What fails comes again by halves.
      size = failed ? Math.max(1, Math.floor(cut / 2)) : 6;
    }
  }

  private async deliver(ports: LakePorts, shard: string, records: readonly StreamRecord[]) {
    const stream = { ...this.stream, shards: async () => SHARDS };
    const taken = await ingestRecords(ports, this.lake.lake, { source: 'source', stream, shard, records });
    return taken.retryFrom;
  }

  /** What the failure destination keeps: a run may have taken some of it in, and none will come to it again. */
  private async giveUp(ports: LakePorts, batch: readonly StreamRecord[]): Promise<void> {
    if (this.scheduler.chance(0.5))
      await this.deliver(ports, batch[0]!.shard, batch.slice(0, 1 + Math.floor(batch.length / 2)));
    for (const record of batch) this.gone.add(record);
    this.failures.push(batch);
  }

  /** Takes in what was given up, while later records come and go. */
  async replay(ports: LakePorts): Promise<void> {
    const { name, createdAt } = this.stream;
    const stream = { name, createdAt, shards: async () => SHARDS };
    for (const [i, records] of this.failures.entries()) {
      const id = `given-up-${createdAt}-${i}`;
      if (this.replayed.has(id)) continue;
      await putUnjudgedAside(ports, { id, source: 'source', stream, records, fault: givenUp('too old') });
      await replay(ports, this.lake.lake, id);
      this.replayed.add(id);
    }
  }
}

const named = ({ shard, sequence }: StreamRecord) => `${shard} ${sequence}`;
const text = (op: unknown, key: unknown, major: unknown) => `${op} ${key} ${major}`;

/** Every record stands once in its table's log or in quarantine, and the tables are the fold. */
async function check({ ports }: TestLake, lives: readonly (readonly WorldRecord[])[]): Promise<void> {
  const records = lives.flat();
  for (const table of TABLES) {
    const changes = records.filter(world => world.table === table).flatMap(world => world.changes);
    const log = await readRows(ports, logTableOf(table));
    const found = log.map(row => text(row._op, row.id, row._pos_major));
    expect([table, found.sort()]).toEqual([table, changes.map(c => text(c.op, c.key, c.major)).sort()]);
    await checkOrder(ports, table);
    const rows = (await readRows(ports, table)).map(r => [String(r.id), { a: r.a, b: r.b }] as const);
    expect([table, new Map([...rows].sort())]).toEqual([
      table,
      new Map([...naiveFold(changes, COLUMNS)].sort()),
    ]);
  }
  await checkWaiting(ports, TABLES);
  const waiting = await Promise.all(
    (await listQuarantined(ports.items)).map(w => readQuarantinedRecords(ports, w)),
  );
  const bad = records.filter(world => world.changes.length === 0);
  expect(waiting.flat().map(named).sort()).toEqual(bad.map(world => named(world.record)).sort());
}

async function simulate(seed: number): Promise<void> {
  const lake: TestLake = { ...testLake(CONFIG, seed), ports: memoryPorts(seed) };
  const scheduler = new Scheduler(seed);
  const lives = [recordsOf(seed, 0, 24), recordsOf(seed, 1, 24)];
  const sources: Source[] = [];
  for (const [life, records] of lives.entries()) {
    const source = new Source(lake, { name: 'changes', createdAt: 7 + life }, records, scheduler);
    sources.push(source);
    for (let round = 0; !source.done; round++) {
      expect(round).toBeLessThan(ROUNDS_MAX);
      const plan: FaultPlan = () => (scheduler.chance(0.02) ? scheduler.pick(FAULTS) : 'none');
      const spawn = (name: string, work: (ports: LakePorts) => Promise<unknown>) =>
        scheduler.spawn(name, (actor: Actor) => work(faultyPorts(lake.ports, actor, plan)));
      for (const { id } of SHARDS) spawn(id, ports => source.read(ports, id));
      for (const table of TABLES) spawn(`merge ${table}`, ports => mergeTable(lake, ports, table));
      // Of the stream that is gone too.
      for (const one of sources) spawn('replay', ports => one.replay(ports));
      spawn('vacuum', ports => vacuum(ports));
      await scheduler.run();
    }
  }
  const last = scheduler.spawn('last', async actor => {
    const ports = faultyPorts(lake.ports, actor, NO_FAULTS);
    for (const source of sources) await source.replay(ports);
    for (const table of TABLES) await mergeTable(lake, ports, table);
  });
  await scheduler.run();
  if (last.error) throw last.error;
  await check(lake, lives);
}

test('reshard.seeds: split and merged shards, batches halved and given up, a stream made anew: each record counts once', async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    await simulate(seed).catch(error => {
      throw new Error(`seed ${seed}: TIDEMARK_SEED=${seed} TIDEMARK_SEEDS=1`, { cause: error });
    });
  }
}, 600_000);
