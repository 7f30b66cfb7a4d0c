import { createdKeys } from '../../lambdas/ingest-files/s3-event';
import { noteLanded } from '../../lib/ledger/landed';
import { readListing } from '../../lib/ledger/landing';
import { beginListing, sweepLanding } from '../../lib/stages/sweep/landing';
import { awsTestLake } from '../lambdas/aws-lake';
import { type Fault, faultyPorts, NO_FAULTS } from './faulty-ports';
import { type Actor, Scheduler } from './scheduler';

const SEEDS = Number(process.env.TIDEMARK_SEEDS ?? 8);
const FIRST = Number(process.env.TIDEMARK_SEED ?? 1);
const FAULTS: readonly Fault[] = ['before', 'after', 'lost', 'refused'];

/** Two runs of a full listing, and a run of a recent one for each of three folders. */
const OBJECTS = 520;
const nameOf = (i: number) => `folder-${i % 3}/${String(i).padStart(5, '0')}.csv`;

/**
 * Objects that only a full listing finds, and sweeps at once over them, recent ones and at least one full, any of which
 * may die, fail or have no time. The calm sweep that comes last begins no listing.
 */
async function simulate(seed: number): Promise<{ begun: boolean; lost: string[] }> {
  const scheduler = new Scheduler(seed);
  const lake = awsTestLake({ name: 'shop', tables: {} });
  const missed = new Set(Array.from({ length: 4 }, () => nameOf(scheduler.pick([...Array(300).keys()]))));
  for (let i = 0; i < OBJECTS; i++) await lake.landing.put(nameOf(i), Buffer.from('id\n'));
  for await (const { key, etag } of lake.landing.list(''))
    await noteLanded(lake.ports.items, { key, etag, outcome: 'taken-in', at: 0 });
  await sweepCalmly('full');
  for (const key of missed) await lake.landing.put(key, Buffer.from('other\n'));
  // Recent listings have something to go through too.
  for (const folder of [0, 1, 2]) await lake.landing.put(`folder-${folder}/new.csv`, Buffer.from('id\n'));

  let begun = false;
  const sweepAs = (kind: 'recent' | 'full') => async (actor: Actor) => {
    const plan = () => (scheduler.chance(0.02) ? scheduler.pick(FAULTS) : 'none');
    const ports = { ...faultyPorts(lake.ports, actor, plan), landing: lake.landing, wakeUps: lake.wakeUps };
    await beginListing(ports, kind);
    if (kind === 'full') begun = true;
    await sweepLanding(ports, scheduler.pick([0, Number.POSITIVE_INFINITY]));
  };
  const kinds = ['recent', 'recent', 'full', 'recent', scheduler.pick(['full', 'recent'] as const)] as const;
  for (const kind of kinds) scheduler.spawn(`${kind} sweep`, sweepAs(kind));
  await scheduler.run();
  await sweepCalmly();
  const keys = lake.sent.flatMap(({ body }) => createdKeys(JSON.parse(body), 'landing'));
  return { begun, lost: [...missed].filter(key => !keys.includes(key)) };

  async function sweepCalmly(kind?: 'full'): Promise<void> {
    const actor = scheduler.spawn('calm sweep', async self => {
      const ports = {
        ...faultyPorts(lake.ports, self, NO_FAULTS),
        landing: lake.landing,
        wakeUps: lake.wakeUps,
      };
      if (kind) await beginListing(ports, kind);
      await sweepLanding(ports, Number.POSITIVE_INFINITY);
    });
    await scheduler.run();
    if (actor.error) throw actor.error;
    expect((await readListing(lake.ports.items)).open).toBeUndefined();
  }
}

test('sweepLanding.interleave: a full listing that was begun is gone through, whatever sweeps run beside it', async () => {
  let begun = 0;
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    const found = await simulate(seed);
    if (!found.begun) continue;
    begun++;
    expect({ seed, lost: found.lost }).toEqual({ seed, lost: [] });
  }
  if (SEEDS > 5) expect(begun).toBeGreaterThan(SEEDS / 3);
}, 600_000);
