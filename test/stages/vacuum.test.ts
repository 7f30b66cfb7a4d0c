import type { LakePorts } from '../../lib/ports/lake-ports';
import { DELETE_KEYS_MAX } from '../../lib/ports/object-store';
import { type Vacuumed, vacuum } from '../../lib/stages/vacuum/vacuum';
import { alter, theTable } from '../support/foreign';
import { mergeAll, readRows, type TestLake, take, testLake } from '../support/lake';

const T = 'orders';
const DAY_MS = 24 * 3_600_000;

/** A lake of one table with `strays` objects that nothing names, some in each of the lake's folders. */
async function lakeWith(strays: number): Promise<TestLake & { names: string[] }> {
  const lake = testLake({ name: 'shop', tables: { [T]: { key: ['id'], columns: { id: 'bigint' } } } });
  await take(lake, `${T}.csv`, 'id\n1\n2\n', { date: '2021-01-01' });
  await mergeAll(lake, T);
  const folders = [`deltas/${T}`, `${T}/data`, `${T}_deltas/metadata`, 'quarantine/f', 'staging/r/a'];
  const names = Array.from({ length: strays }, (_, i) => `${folders[i % folders.length]}/stray-${i}`);
  for (const name of names) await lake.ports.store.put(name, new Uint8Array(10));
  return { ...lake, names };
}

async function keys({ store }: LakePorts): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list('')) found.push(key);
  return found;
}

/** Ports whose clock is a millisecond further after each call of the store or the ledger. */
function ticking(ports: LakePorts, start: number): LakePorts {
  let now = start;
  const told = <P extends object>(port: P): P =>
    new Proxy(port, {
      get(target, name) {
        now++;
        return Reflect.get(target, name);
      },
    });
  return {
    ...ports,
    store: told(ports.store),
    items: told(ports.items),
    clock: { ...ports.clock, now: () => now },
  };
}

describe('vacuum.time', () => {
  test.each([40, 60, 90])('in runs of %d calls each object is looked at, and goes', async budget => {
    const lake = await lakeWith(30);
    const before = (await keys(lake.ports)).filter(key => !lake.names.includes(key));
    const removed: string[] = [];
    let unfinished = 0;
    let now = lake.ports.clock.now();
    for (let run = 0; run < 60 && removed.length < lake.names.length; run++, now += DAY_MS) {
      const found = await vacuum(ticking(lake.ports, now), DAY_MS, now + budget, 7);
      removed.push(...found.removed);
      if (found.unfinished) unfinished++;
    }
    expect(removed.sort()).toEqual([...lake.names].sort());
    expect(unfinished).toBeGreaterThan(0);
    expect((await keys(lake.ports)).filter(key => !/\/metadata\//.test(key))).toEqual(
      before.filter(key => !/\/metadata\//.test(key)),
    );
    expect((await readRows(lake.ports, T)).map(r => r.id)).toEqual([1n, 2n]);
  });

  test('what is due goes first, whatever is still to be looked at', async () => {
    const lake = await lakeWith(20);
    let now = lake.ports.clock.now();
    await vacuum(ticking(lake.ports, now), DAY_MS);
    for (let i = 0; i < 50; i++) await lake.ports.store.put(`deltas/${T}/a-${i}`, new Uint8Array(1));
    now += 2 * DAY_MS;
    const found = await vacuum(ticking(lake.ports, now), DAY_MS, now + 60, 20);
    expect(found).toMatchObject({ objects: 20, bytes: 200, unfinished: true });
  });

  test('too little of it to judge anything is an error, not a run that did nothing for ever', async () => {
    const lake = await lakeWith(1);
    const now = lake.ports.clock.now();
    const run = vacuum(ticking(lake.ports, now), DAY_MS, now + 10);
    await expect(run).rejects.toMatchObject({ code: 'TM_3101' });
  });

  test('objects and notes go many at a call', async () => {
    const lake = await lakeWith(2 * DELETE_KEYS_MAX + 1);
    const calls = { deleteMany: 0, transact: 0 };
    const { store, items } = lake.ports;
    const ports: LakePorts = {
      ...lake.ports,
      store: {
        ...store,
        deleteMany: some => {
          calls.deleteMany++;
          return store.deleteMany(some);
        },
      },
      items: {
        ...items,
        transact: actions => {
          calls.transact++;
          return items.transact(actions);
        },
      },
    };
    await vacuum(ports, 0);
    expect((await vacuum(ports, 0)).objects).toBe(lake.names.length);
    expect(calls.deleteMany).toBe(3);
    expect(calls.transact).toBeLessThan(60);
  });
});

test('vacuum.refused: what the store does not remove stays noted, the rest goes, and it is said', async () => {
  const lake = await lakeWith(10);
  const { store } = lake.ports;
  const kept = lake.names[3]!;
  const refusing: LakePorts = {
    ...lake.ports,
    store: {
      ...store,
      deleteMany: async some => [
        ...(await store.deleteMany(some.filter(key => key !== kept))),
        ...some.filter(key => key === kept).map(key => ({ key, reason: 'AccessDenied' })),
      ],
    },
  };
  await vacuum(refusing, 0);
  await expect(vacuum(refusing, 0)).rejects.toMatchObject({ code: 'TM_3102', where: kept });
  expect((await keys(lake.ports)).filter(key => lake.names.includes(key))).toEqual([kept]);
  expect((await vacuum(lake.ports, 0)).removed).toEqual([kept]);
});

describe('vacuum.foreign', () => {
  /** A copy of the table's metadata under another name, as another engine registers a table. */
  async function foreignTable(lake: TestLake, name: string, location: string): Promise<LakePorts> {
    const { metadata } = await theTable(lake.ports, T);
    const theirs = { ...metadata, location, 'table-uuid': 'theirs' };
    const text = JSON.stringify(theirs, (_, value) => (typeof value === 'bigint' ? Number(value) : value));
    await lake.ports.store.put(`${name}/metadata/v1.metadata.json`, Buffer.from(text));
    await lake.ports.store.put(`${name}/data/theirs.parquet`, new Uint8Array(10));
    await lake.ports.store.put(`${name}/metadata/theirs.avro`, new Uint8Array(10));
    return lake.ports;
  }

  async function twice(ports: LakePorts): Promise<Vacuumed> {
    await vacuum(ports, 0);
    return vacuum(ports, 0);
  }

  test.each([
    ['at another path', 'mem://lake/elsewhere/theirs'],
    ['at the path of its name', 'mem://lake/theirs'],
    ['of another bucket', 's3://other/theirs'],
  ])("a table of somebody else's %s stops nothing, and loses nothing", async (_, location) => {
    const lake = await lakeWith(5);
    const ports = await foreignTable(lake, 'theirs', location);
    const theirs = async () => (await keys(ports)).filter(key => key.startsWith('theirs/'));
    const before = await theirs();
    expect((await twice(ports)).objects).toBe(5);
    expect(await theirs()).toEqual(before);
    expect(await ports.store.get('theirs/metadata/v1.metadata.json')).not.toEqual(new Uint8Array());
  });

  test('strays below its name in our folders go, and it is left alone', async () => {
    const lake = await lakeWith(0);
    const ports = await foreignTable(lake, 'theirs', 'mem://lake/elsewhere/theirs');
    for (const folder of ['staging/theirs/a', 'deltas/theirs'])
      await ports.store.put(`${folder}/x`, new Uint8Array(1));
    const before = await ports.store.head('theirs/metadata/v1.metadata.json');
    expect((await twice(ports)).objects).toBe(2);
    expect((await twice(ports)).objects).toBe(0);
    expect(await ports.store.head('theirs/metadata/v1.metadata.json')).toEqual(before);
    expect(await ports.store.head('theirs/metadata/v2.metadata.json')).toBeUndefined();
  });

  test.each(['{', '{"format-version":3}', 'not json'])(
    'one that cannot be read stops nothing: %s',
    async text => {
      const lake = await lakeWith(5);
      await lake.ports.store.put('theirs/metadata/v1.metadata.json', Buffer.from(text));
      expect((await twice(lake.ports)).objects).toBe(5);
    },
  );

  test('what their table names of ours stays', async () => {
    const lake = await lakeWith(0);
    const ports = await foreignTable(lake, 'theirs', 'mem://lake/elsewhere/theirs');
    const [shared] = (await keys(ports)).filter(key => key.startsWith(`${T}/data/`));
    await take(lake, `${T}-2.csv`, 'id\n1\n2\n3\n', { date: '2021-01-02' });
    await mergeAll(lake, T);
    await alter(ports, T, md => ({ ...md, snapshots: md.snapshots.slice(-1) }));
    await twice(ports);
    expect(await keys(ports)).toContain(shared);
  });

  test('one of ours elsewhere stops it: nobody knows what its metadata names', async () => {
    const lake = await lakeWith(5);
    const moved = { ...(await theTable(lake.ports, T)).metadata, location: 'mem://moved/orders' };
    const text = JSON.stringify(moved, (_, value) => (typeof value === 'bigint' ? Number(value) : value));
    await lake.ports.store.put(`${T}/metadata/v9.metadata.json`, Buffer.from(text));
    await expect(vacuum(lake.ports, 0)).rejects.toMatchObject({ code: 'TM_3001' });
  });

  test("a table that left the catalog is nobody's: what was noted of it stays", async () => {
    const lake = await lakeWith(5);
    await vacuum(lake.ports, 0);
    const { catalog } = lake.ports;
    const without = { ...catalog, list: async () => (await catalog.list()).filter(name => name !== T) };
    await vacuum({ ...lake.ports, catalog: without }, 0);
    expect(await keys(lake.ports)).toContain(lake.names[1]);
    expect((await twice(lake.ports)).removed).toEqual([lake.names[1]]);
  });
});
