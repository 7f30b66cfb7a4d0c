import type { LakeConfig } from '../../lib/config/define';
import { listQuarantined } from '../../lib/ledger/quarantine';
import { pagesOfUnread } from '../../lib/ledger/schemas';
import type { StreamRecord } from '../../lib/ports/change-stream';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { holdsRecords, readQuarantinedRecords } from '../../lib/stages/ingest-stream/aside';
import { ingestRecords } from '../../lib/stages/ingest-stream/ingest-records';
import { logTableOf } from '../../lib/table/columns';
import { announcement, singleObject } from '../support/avro';
import { memoryPorts, readRows, type TestLake, testLake } from '../support/lake';
import { type NaiveChange, naiveFold } from '../support/naive-fold';
import { type Fault, type FaultPlan, faultyPorts, NO_FAULTS } from './faulty-ports';
import { type Actor, randomOf, Scheduler } from './scheduler';
import { mergeTable } from './world';

const SEEDS = Number(process.env.TIDEMARK_SEEDS ?? 8);
const FIRST = Number(process.env.TIDEMARK_SEED ?? 1);
const STRIDE = process.env.TIDEMARK_CRASHES === 'all' ? 1 : 23;
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];

const STREAM = { name: 'events', createdAt: 7 };
const SHARDS = ['shardId-000000000000', 'shardId-000000000001'].map(id => ({ id, parents: [] }));

const CONFIG: LakeConfig = {
  name: 'avro',
  tables: {
    one: { key: ['id'], columns: { id: 'string', a: 'int' }, from: 'source' },
  },
  sources: { source: { kind: 'kinesis' } },
};

/** Writers of four versions. Nobody announces the last. */
const VERSIONS = [0, 1, 2, 3].map(n => ({
  type: 'record',
  name: `Version${n}`,
  fields: [
    { name: 'id', type: 'string' },
    { name: 'a', type: n % 2 ? 'int' : ['null', 'long'] },
  ],
}));
const NEVER = 3;

interface Sent {
  readonly record: StreamRecord;
  readonly key?: string;
  readonly a?: number;
  /** Waits for good: of a version that nobody announces, or broken. */
  readonly waits: boolean;
}

/** Records of two shards, a key always of the same; announcements late, on either shard, some of them twice. */
function streamOf(seed: number, count: number): Sent[] {
  const random = randomOf(seed);
  const below = (n: number) => Math.floor(random() * n);
  const sent: Sent[] = [];
  const put = (shard: number, data: Uint8Array, said: Omit<Sent, 'record'>) => {
    const n = sent.length + 1;
    const record = { shard: SHARDS[shard]!.id, sequence: String(n), key: 'k', data, arrivedAt: 1000 + n };
    sent.push({ record, ...said });
  };
  const announcements = VERSIONS.slice(0, NEVER).flatMap(version =>
    Array.from({ length: 1 + below(2) }, () => ({ version, at: below(count), shard: below(2) })),
  );
  for (let i = 0; i < count; i++) {
    for (const { version, shard } of announcements.filter(one => one.at === i))
      put(shard, announcement(version), { waits: false });
    const shard = below(2);
    const key = `${shard}${below(2)}`;
    const version = below(5);
    if (version === 4) {
      put(shard, Buffer.from(JSON.stringify({ id: key, a: i })), { key, a: i, waits: false });
      continue;
    }
    const a = version % 2 ? i : { long: BigInt(i) };
    const whole = singleObject(VERSIONS[version]!, { id: key, a });
    const cut = below(8) === 0;
    put(shard, cut ? whole.subarray(0, -1) : whole, { key, a: i, waits: cut || version === NEVER });
  }
  return sent;
}

const worldLake = (seed: number): TestLake => ({ ...testLake(CONFIG, seed), ports: memoryPorts(seed) });

/** How far the event source has come with each shard: what a batch has answered for never comes again. */
type Checkpoints = Map<string, number>;

interface Consumer {
  readonly lake: TestLake;
  readonly sent: readonly Sent[];
  readonly at: Checkpoints;
  readonly size: () => number;
}

/** Goes on where the checkpoints stand. */
async function consume({ lake, sent, at, size }: Consumer, ports: LakePorts): Promise<void> {
  for (const { id: shard } of SHARDS) {
    const own = sent.map(one => one.record).filter(record => record.shard === shard);
    for (let next = at.get(shard) ?? 0; next < own.length; ) {
      const batch = own.slice(next, next + size());
      const { retryFrom } = await ingestRecords(ports, lake.lake, {
        source: 'source',
        stream: { ...STREAM, shards: async () => SHARDS },
        shard,
        records: batch,
      });
      next = retryFrom === undefined ? next + batch.length : own.findIndex(r => r.sequence === retryFrom);
      at.set(shard, next);
    }
  }
}

async function check(lake: TestLake, sent: readonly Sent[]): Promise<void> {
  const { ports } = lake;
  await mergeTable(lake, ports, 'one');
  const good = sent.filter(one => one.key !== undefined && !one.waits);
  const log = await readRows(ports, logTableOf('one'));
  const text = (id: unknown, a: unknown, at: bigint) => `${id} ${a} ${at}`;
  const arrival = ({ record }: Sent) => BigInt(record.arrivedAt) * 1000n;
  expect(log.map(r => text(r.id, r.a, r._pos_major as bigint)).sort()).toEqual(
    good.map(one => text(one.key, one.a, arrival(one))).sort(),
  );
  const changes = good.map(
    (one): NaiveChange => ({
      op: 'I',
      key: one.key!,
      major: arrival(one),
      minor: 0n,
      entry: 1,
      row: 0,
      values: { a: one.a },
    }),
  );
  const rows = await readRows(ports, 'one');
  expect(new Map(rows.map(r => [String(r.id), { a: r.a }] as const).sort())).toEqual(
    new Map([...naiveFold(changes, ['a'])].sort()),
  );
  const aside = [];
  for (const waiting of await listQuarantined(ports.items))
    if (holdsRecords(waiting)) aside.push(...(await readQuarantinedRecords(ports, waiting)));
  const bad = sent.filter(one => one.waits);
  expect(aside.map(r => r.sequence).sort()).toEqual(bad.map(one => one.record.sequence).sort());
  for await (const page of pagesOfUnread(ports.items, 'source'))
    for (const { fingerprint } of page)
      expect(await ports.items.get({ partition: 'schemas#source', sort: fingerprint })).toBeUndefined();
}

async function lastly(scheduler: Scheduler, work: (actor: Actor) => Promise<unknown>): Promise<void> {
  const actor = scheduler.spawn('last', work);
  await scheduler.run();
  if (actor.error) throw actor.error;
}

async function simulate(seed: number): Promise<void> {
  const lake = worldLake(seed);
  const scheduler = new Scheduler(seed);
  const sent = streamOf(seed, 14);
  const plan = (rate: number) => () => (scheduler.chance(rate) ? scheduler.pick(FAULTS) : 'none');
  const at: Checkpoints = new Map();
  const consumer = (): Consumer => ({ lake, sent, at, size: () => scheduler.pick([1, 2, 3, 6]) });
  for (const rate of [0.02, 0.02, 0]) {
    scheduler.spawn('owner', actor => consume(consumer(), faultyPorts(lake.ports, actor, plan(rate))));
    // One that was taken for dead, and goes on with what it had begun.
    const stale = new Map([...at].map(([shard, next]) => [shard, Math.max(0, next - 3)]));
    scheduler.spawn('stale', actor =>
      consume({ ...consumer(), at: stale }, faultyPorts(lake.ports, actor, plan(rate))),
    );
    scheduler.spawn('merge', actor => mergeTable(lake, faultyPorts(lake.ports, actor, plan(rate)), 'one'));
    await scheduler.run();
  }
  await lastly(scheduler, actor => consume(consumer(), faultyPorts(lake.ports, actor, NO_FAULTS)));
  await check(lake, sent);
}

test('avro.seeds: schemas late, elsewhere, twice or never: each record counts once, at its place', async () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    await simulate(seed).catch(error => {
      throw new Error(`seed ${seed}: TIDEMARK_SEED=${seed} TIDEMARK_SEEDS=1`, { cause: error });
    });
  }
}, 600_000);

test('avro.crash: whichever call the process dies at, what waits for a schema is neither lost nor left', async () => {
  const sent = streamOf(5, 10);
  const run = async (plan: FaultPlan): Promise<TestLake> => {
    const lake = worldLake(1);
    const at: Checkpoints = new Map();
    const consumer = { lake, sent, at, size: () => 3 };
    const scheduler = new Scheduler(1);
    scheduler.spawn('first', actor => consume(consumer, faultyPorts(lake.ports, actor, plan)));
    await scheduler.run();
    await lastly(scheduler, actor => consume(consumer, faultyPorts(lake.ports, actor, NO_FAULTS)));
    return lake;
  };
  let calls = 0;
  const count: FaultPlan = () => {
    calls++;
    return 'none';
  };
  await check(await run(count), sent);
  for (const [f, fault] of FAULTS.entries()) {
    for (let at = (f * 2) % STRIDE; at < calls; at += STRIDE) {
      let call = 0;
      const lake = await run(() => (call++ === at ? fault : 'none'));
      await check(lake, sent).catch(error => {
        throw new Error(`${fault} at call ${at}`, { cause: error });
      });
    }
  }
}, 600_000);
