import './quiet';

import fc from 'fast-check';
import { ingestFiles } from '../../lambdas/ingest-files/handler';
import { createdKeys } from '../../lambdas/ingest-files/s3-event';
import { merge } from '../../lambdas/merge/handler';
import { WAITING_PARTITION } from '../../lib/ledger/keys';
import { landedEtags, noteLanded } from '../../lib/ledger/landed';
import { readListing } from '../../lib/ledger/landing';
import { pauseTable, resumeTable } from '../../lib/ledger/paused';
import type { Items } from '../../lib/ports/items';
import { beginListing, FOLDER_ACTIVE_MS, sweepLanding } from '../../lib/stages/sweep/landing';
import { sweep } from '../../lib/stages/sweep/sweep';
import { sweepWaiting } from '../../lib/stages/sweep/waiting';
import { awsTestLake, sqsEvent, type TestAwsLake, WINDOW_MS, within } from './aws-lake';

const CONFIG = {
  name: 'shop',
  tables: { orders: { key: ['id'] }, slow: { key: ['id'], freshness: '2 hours' } },
};
const NEVER = Number.POSITIVE_INFINITY;

const portsOf = (lake: TestAwsLake) => ({ ...lake.ports, landing: lake.landing, wakeUps: lake.wakeUps });

/** Goes through a listing of the landing; the keys that were announced. */
async function listed(lake: TestAwsLake, kind: 'recent' | 'full', until = NEVER): Promise<string[]> {
  const before = lake.sent.length;
  await beginListing(lake.ports, kind);
  await sweepLanding(portsOf(lake), until);
  return announced(lake, before);
}

function announced(lake: TestAwsLake, from: number): string[] {
  const bodies = lake.sent.slice(from).filter(({ queue }) => queue === 'ingest');
  return bodies.flatMap(({ body }) => createdKeys(JSON.parse(body), 'landing'));
}

async function put(lake: TestAwsLake, ...keys: string[]): Promise<void> {
  for (const key of keys) await lake.landing.put(key, Buffer.from('id\n1\n'));
}

/** As if the object's event had been dealt with. */
async function deal(lake: TestAwsLake, ...keys: string[]): Promise<void> {
  for (const key of keys) {
    const { etag } = (await lake.landing.head(key))!;
    await noteLanded(lake.ports.items, { key, etag, outcome: 'taken-in', at: lake.clock.now() });
  }
}

test('sweepLanding.full: what was not dealt with under its etag is announced, and then taken in', async () => {
  const lake = awsTestLake(CONFIG);
  await put(lake, 'a.csv', 'shop/orders/1.csv', 'shop/orders/2 ü.csv', 'shop/slow/1.csv');
  await deal(lake, 'a.csv', 'shop/orders/1.csv', 'shop/slow/1.csv');
  await put(lake, 'shop/slow/1.csv');
  expect(await listed(lake, 'full')).toEqual(['shop/orders/2 ü.csv', 'shop/slow/1.csv']);
  for (const { body } of [...lake.sent]) await ingestFiles(lake)(sqsEvent(body), within(300_000));
  expect(await listed(lake, 'full')).toEqual([]);
});

test('sweepLanding.recent: of each folder only what came after its last name', async () => {
  const lake = awsTestLake(CONFIG);
  await put(lake, 'a.csv', 'shop/orders/2.csv', 'shop/orders/2023/07/1.csv', 'shop/orders/3.csv');
  expect(await listed(lake, 'recent')).toEqual([]);
  await listed(lake, 'full');
  await put(lake, 'b.csv', 'shop/orders/1.csv', 'shop/orders/2023/08/1.csv', 'shop/orders/2023/07/2.csv');
  await put(lake, 'shop/orders/4.csv');
  expect(await listed(lake, 'recent')).toEqual(['b.csv', 'shop/orders/4.csv', 'shop/orders/2023/07/2.csv']);
  expect(await listed(lake, 'recent')).toEqual([]);
  lake.clock.advance(FOLDER_ACTIVE_MS);
  await put(lake, 'c.csv');
  expect(await listed(lake, 'recent')).toEqual([]);
  expect(await listed(lake, 'full')).toContain('c.csv');
});

test('sweepLanding.folder: the first file of a folder makes recent listings look into it', async () => {
  const lake = awsTestLake(CONFIG);
  await put(lake, 'shop/orders/1.csv', 'shop/orders/2.csv');
  await lake.wakeUps.ingest('shop/orders/2.csv');
  await ingestFiles(lake)(sqsEvent(lake.sent[0]!.body), within(300_000));
  expect(await listed(lake, 'recent')).toEqual(['shop/orders/1.csv']);
});

test('sweepLanding.kinds: a full listing takes the place of a recent one, and keeps it', async () => {
  const lake = awsTestLake(CONFIG);
  await beginListing(lake.ports, 'recent');
  await beginListing(lake.ports, 'full');
  await beginListing(lake.ports, 'recent');
  expect(await readListing(lake.ports.items)).toMatchObject({ open: { kind: 'full' } });
  await sweepLanding(portsOf(lake), NEVER);
  expect((await readListing(lake.ports.items)).open).toBeUndefined();
});

const name = fc.stringMatching(/^[a-c.\u{e000}\u{10000}]{1,2}$/u).filter(s => !/^\.+$/.test(s));
const keys = fc.uniqueArray(
  fc.array(name, { minLength: 1, maxLength: 3 }).map(parts => parts.join('/')),
  { maxLength: 25 },
);

test('sweepLanding.complete: full listings find all that is missing, recent ones nothing that is not', async () => {
  await fc.assert(
    fc.asyncProperty(keys, fc.infiniteStream(fc.boolean()), async (all, choice) => {
      const lake = awsTestLake(CONFIG);
      const known = all.filter(() => choice.next().value);
      const missed = all.filter(key => !known.includes(key));
      await put(lake, ...all);
      await deal(lake, ...known);
      const found = await listed(lake, 'full');
      expect(found.toSorted()).toEqual(missed.toSorted());
      await deal(lake, ...missed);
      // Behind every name there is: each folder's own next object is found, whatever stands within the folder.
      const folders = new Set(all.map(key => key.slice(0, key.lastIndexOf('/') + 1)));
      const later = [...folders].map(folder => `${folder}\u{10fffe}`);
      await put(lake, ...later);
      expect((await listed(lake, 'recent')).toSorted()).toEqual(later.toSorted());
    }),
  );
});

test('sweepLanding.time: it goes on where it stopped, run by run', async () => {
  const lake = awsTestLake(CONFIG);
  const all = Array.from({ length: 1200 }, (_, i) => `shop/orders/${String(i).padStart(5, '0')}.csv`);
  await put(lake, ...all);
  await beginListing(lake.ports, 'full');
  const runs: number[] = [];
  for (let done = false; !done; ) {
    const swept = await sweepLanding(portsOf(lake), 0);
    runs.push(swept.announced);
    done = swept.done;
  }
  expect(runs).toEqual([500, 500, 200, 0]);
  expect(announced(lake, 0)).toEqual(all);
});

test('landedEtags.reads: no more items than keys where nothing was deleted', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 59 }),
      fc.integer({ min: 1, max: 60 }),
      async (from, count) => {
        const lake = awsTestLake(CONFIG);
        const all = Array.from({ length: 60 }, (_, i) => `orders/${String(i).padStart(3, '0')}.csv`);
        await put(lake, ...all);
        await deal(lake, ...all.filter((_, i) => i % 7 !== 3));
        let read = 0;
        const { items } = lake.ports;
        const counting: Items = {
          ...items,
          query: async (...asked) => {
            const found = await items.query(...asked);
            read += found.length;
            return found;
          },
        };
        const keys = all.slice(from, from + count);
        const etags = await landedEtags(counting, keys);
        expect(keys.map(key => etags.has(key))).toEqual(keys.map((_, i) => (from + i) % 7 !== 3));
        expect(read).toBeLessThanOrEqual(keys.length);
      },
    ),
  );
});

test('sweepWaiting.paused: a table whose merges are stopped is not woken until it is resumed', async () => {
  const lake = awsTestLake(CONFIG);
  await put(lake, 'orders.csv');
  await lake.wakeUps.ingest('orders.csv');
  await ingestFiles(lake)(sqsEvent(lake.sent.at(-1)!.body), within(300_000));
  await pauseTable(lake.ports.items, 'orders', lake.clock.now());
  lake.clock.advance(3 * 60_000);
  const before = lake.sent.length;
  const swept = await sweepWaiting(portsOf(lake), lake.config, WINDOW_MS);
  expect(swept.woken).toEqual([]);
  // Its readers see old rows all the same.
  expect(swept.behind.map(({ table, ms }) => [table.name, ms > 0])).toEqual([['orders', true]]);
  expect(lake.sent).toHaveLength(before);
  await resumeTable(lake.ports.items, 'orders');
  expect((await sweepWaiting(portsOf(lake), lake.config, WINDOW_MS)).woken).toEqual(['orders']);
});

test('sweepWaiting.lost: a table whose wake-up was lost is woken, one that may wait is not yet', async () => {
  const lake = awsTestLake(CONFIG);
  await put(lake, 'orders.csv', 'slow.csv');
  const deaf = { ...lake, wakeUps: { ...lake.wakeUps, merge: async () => undefined } };
  for (const key of ['orders.csv', 'slow.csv']) {
    await lake.wakeUps.ingest(key);
    await ingestFiles(deaf)(sqsEvent(lake.sent.at(-1)!.body), within(300_000));
  }
  const at = async (minutes: number) => {
    lake.clock.set(Date.UTC(2026, 0, 1) + minutes * 60_000);
    return (await sweepWaiting(portsOf(lake), lake.config, WINDOW_MS)).woken;
  };
  expect(await at(1)).toEqual([]);
  expect(await at(2)).toEqual(['orders']);
  expect(await at(118)).toEqual([]);
  // An hour overdue, a table is woken every ten minutes only: its merge fails, or it never has nothing waiting.
  expect(await at(119)).toEqual(['slow']);
  expect(await at(122)).toEqual(['orders', 'slow']);
});

test('sweep.reports: a report whose table cannot be opened keeps no other from its date', async () => {
  const daily = (table: string) => ({ table, schedule: 'daily' as const });
  const answer = () => ({ columns: [{ name: 'id', type: 'BIGINT' }], rows: [[7n]] });
  const lake = awsTestLake({ ...CONFIG, reports: { a: daily('slow'), b: daily('orders') } }, { answer });
  await put(lake, 'orders.csv');
  await lake.wakeUps.ingest('orders.csv');
  await ingestFiles(lake)(sqsEvent(lake.sent.at(-1)!.body), within(300_000));
  await merge(lake)(sqsEvent({ table: 'orders' }), within(300_000));
  lake.clock.advance(25 * 3_600_000);
  const catalog = {
    ...lake.ports.catalog,
    load: async (table: string) => {
      if (table.startsWith('slow')) throw new Error('a view stands under the name');
      return lake.ports.catalog.load(table);
    },
  };
  const before = lake.sent.length;
  const swept = await sweep({ ...lake.queryPorts, ...portsOf(lake), catalog }, lake.config, {
    windowMs: WINDOW_MS,
    until: NEVER,
  });
  expect(swept.failures.map(({ what }) => what)).toEqual(['report a']);
  const woken = lake.sent.slice(before).filter(({ queue }) => queue === 'report');
  expect(woken.map(({ body }) => JSON.parse(body).report)).toEqual(['b']);
});

test('sweep.concerns: one that fails stops no other', async () => {
  const lake = awsTestLake(CONFIG);
  await put(lake, 'shop/orders/1.csv');
  const items: Items = {
    ...lake.ports.items,
    query: async (partition, ...rest) => {
      if (partition === WAITING_PARTITION) throw new Error('throttled');
      return lake.ports.items.query(partition, ...rest);
    },
  };
  const ports = { ...lake.queryPorts, ...portsOf(lake), items };
  const swept = await sweep(ports, lake.config, { listing: 'full', windowMs: WINDOW_MS, until: NEVER });
  expect(swept.failures.map(({ what }) => what)).toEqual(['waiting tables']);
  expect(announced(lake, 0)).toEqual(['shop/orders/1.csv']);
});
