import { listVersions } from '../../lib/adapters/metadata-files';
import { counterKey } from '../../lib/ledger/keys';
import { listQuarantined } from '../../lib/ledger/quarantine';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { VACUUM_MARGIN_MS, vacuum } from '../../lib/stages/vacuum/vacuum';
import { alter, foreignInsert, newest, theTable } from '../support/foreign';
import { memoryPorts, mergeAll, type TestLake, take } from '../support/lake';
import { vacuumAtOnce } from '../support/vacuum';
import {
  beforeRecord,
  beforeSwap,
  cursor,
  entries,
  LOG,
  merge,
  objects,
  put,
  rebuildAll,
  rows,
  rowsAt,
  rulesLake,
  send,
  T,
} from './rules';

const HOUR = 3_600_000;

/** A lake whose clock the test moves. */
function clocked(table: Parameters<typeof rulesLake>[0] = {}): TestLake & { pass(hours: number): void } {
  const lake = rulesLake(table);
  let now = lake.ports.clock.now();
  return {
    ...lake,
    ports: { ...lake.ports, clock: { ...lake.ports.clock, now: () => now } },
    pass(hours) {
      now += hours * HOUR;
    },
  };
}

/** An object that nothing names: what a process left that died before its commit. */
async function orphan(lake: TestLake, b = 'orphan'): Promise<string> {
  const before = await objects(lake, 'deltas/');
  const dying = beforeRecord(lake.ports, () => Promise.reject(new Error('killed')));
  await expect(send({ ...lake, ports: dying }, [put(99, 99, 99, b)])).rejects.toThrow('killed');
  return (await objects(lake, 'deltas/')).find(key => !before.includes(key))!;
}

describe('V1', () => {
  test('V1 a first run records what nothing names, a later one removes it after the margin', async () => {
    const lake = clocked();
    await send(lake, [put(1, 1, 1, 'x')]);
    await mergeAll(lake, T);
    const left = await orphan(lake);
    expect((await vacuum(lake.ports)).removed).toEqual([]);
    lake.pass(23);
    expect((await vacuum(lake.ports)).removed).toEqual([]);
    lake.pass(2);
    expect((await vacuum(lake.ports)).removed).toEqual([left]);
    expect(await rows(lake)).toEqual(['1 1 x']);
  });

  test("V1 a file's own age says nothing: one that became unnamed a minute ago stays", async () => {
    const lake = clocked();
    await send(lake, [put(1, 1, 1, 'x')]);
    await mergeAll(lake, T);
    const old = (await objects(lake, `${T}/data/`))[0]!;
    await vacuum(lake.ports);
    lake.pass(24 * 60);
    await send(lake, [put(2, 1, 2, 'y')]);
    await mergeAll(lake, T);
    lake.pass(24 * 60);
    await send(lake, [put(3, 1, 3, 'z')]);
    await mergeAll(lake, T);
    expect((await vacuum(lake.ports)).removed).toEqual([]);
    lake.pass(23);
    expect((await vacuum(lake.ports)).removed).toEqual([]);
    expect(await objects(lake)).toContain(old);
    lake.pass(2);
    expect((await vacuum(lake.ports)).removed).toContain(old);
    expect(await rows(lake)).toEqual(['1 3 z']);
  });

  test('V1 what is named again between the runs is forgotten, and its time starts anew', async () => {
    const lake = clocked();
    const left = await orphan(lake);
    await vacuum(lake.ports);
    lake.pass(25);
    const named = withNamed(lake, left);
    expect((await vacuum(named)).removed).toEqual([]);
    expect((await vacuum(lake.ports)).removed).toEqual([]);
    lake.pass(25);
    expect((await vacuum(lake.ports)).removed).toEqual([left]);
  });

  test('V1 what is named only by the time of the removal stays', async () => {
    const lake = clocked();
    const left = await orphan(lake);
    await vacuum(lake.ports);
    lake.pass(25);
    const naming = withNamed(lake, left);
    let fenced = false;
    const late: LakePorts = {
      ...lake.ports,
      items: {
        ...lake.ports.items,
        transact: actions => {
          fenced ||= actions.some(action => 'put' in action && action.put.sort === 'counter');
          return lake.ports.items.transact(actions);
        },
        query: (...asked) => (fenced ? naming : lake.ports).items.query(...asked),
      },
    };
    expect((await vacuum(late)).removed).toEqual([]);
    expect(await objects(lake)).toContain(left);
  });

  /** The ledger as it would be with a record that names the object. */
  function withNamed(lake: TestLake, copy: string): LakePorts {
    const record = { partition: 'quarantine', sort: 'some', version: 1, value: { copy } };
    return {
      ...lake.ports,
      items: {
        ...lake.ports.items,
        query: async (partition, prefix, options) =>
          partition === 'quarantine' ? [record] : lake.ports.items.query(partition, prefix, options),
      },
    };
  }

  test('V1 files of retained snapshots, ledger entries and quarantined copies stay', async () => {
    const lake = clocked({ format: {} });
    await take(lake, `${T}.csv`, 'id,a,b\n1,1,x\n', { date: '2021-01-01' });
    await mergeAll(lake, T);
    const first = await newest(lake.ports, T);
    await take(lake, `${T}.csv`, 'id,a,b\n1,2,y\n', { date: '2021-01-02' });
    await mergeAll(lake, T);
    await take(lake, `${T}.csv`, 'id,a,b\n1,none,y\n', { date: '2021-01-03' });
    await take(lake, `${T}.csv`, 'id,a,b\n2,2,waits\n', { date: '2021-01-04' });
    await vacuumAtOnce(lake.ports);
    expect(await rowsAt(lake, first)).toEqual(['1 1 x']);
    const [waiting] = await listQuarantined(lake.ports.items);
    expect(await objects(lake)).toContain(waiting!.copy);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 2 y', '2 2 waits']);
  });

  test('V1 a delta whose vacuum count was raised before its transaction is written anew', async () => {
    const lake = clocked();
    await send(lake, [put(1, 1, 1, 'x')]);
    let written: string | undefined;
    const ports = beforeRecord(lake.ports, async () => {
      written = (await objects(lake, 'deltas/')).find(key => key !== named);
      await vacuumAtOnce(lake.ports);
    });
    const named = (await entries(lake))[0]!.key;
    await send({ ...lake, ports }, [put(2, 2, 2, 'y')]);
    expect(await objects(lake)).not.toContain(written);
    expect((await entries(lake)).map(e => e.key)).not.toContain(written);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 y']);
  });

  test("V1 the vacuum count is a condition of ingest's own transaction", async () => {
    const lake = clocked();
    await send(lake, [put(1, 1, 1, 'x')]);
    const raised = beforeRecord(lake.ports, async () => {
      const counter = (await lake.ports.items.get(counterKey(T)))!;
      const value = { ...counter.value, vacuumCount: 7 };
      await lake.ports.items.transact([{ put: counterKey(T), value }]);
    });
    const before = await objects(lake, 'deltas/');
    await send({ ...lake, ports: raised }, [put(2, 2, 2, 'y')]);
    const written = (await objects(lake, 'deltas/')).filter(key => !before.includes(key));
    expect(written.length).toBe(2);
    expect((await entries(lake)).length).toBe(2);
  });

  test.each([
    ['merge', (lake: TestLake, ports: LakePorts) => merge(lake, ports)],
    ['rebuild', (lake: TestLake, ports: LakePorts) => rebuildAll(lake, ports)],
  ])('V1 a %s that vacuum overtook writes its files anew', async (_, work) => {
    const lake = clocked();
    await send(lake, [put(1, 1, 1, 'x')]);
    await mergeAll(lake, T);
    await send(lake, [put(2, 2, 2, 'y')]);
    const ports = beforeSwap(lake.ports, T, async () => {
      expect((await vacuumAtOnce(lake.ports)).removed.some(key => key.startsWith(`${T}/data/`))).toBe(true);
    });
    await work(lake, ports);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 y']);
  });

  test('V1 owners of what goes are fenced before names are read for the last time, others are left alone', async () => {
    const lake = clocked();
    await send(lake, [put(1, 1, 1, 'x')]);
    await mergeAll(lake, T);
    await orphan(lake);
    await vacuum(lake.ports);
    lake.pass(25);
    const versions = async () => [await theTable(lake.ports, T), await theTable(lake.ports, LOG)];
    const [table, log] = (await versions()).map(t => t.pointer.version) as [number, number];
    const { items } = lake.ports;
    let counted: unknown;
    const query: typeof items.query = async (...asked) => {
      if (asked[0] === 'quarantine') counted ??= (await items.get(counterKey(T)))!.value.vacuumCount;
      return items.query(...asked);
    };
    expect((await vacuum({ ...lake.ports, items: { ...items, query } })).objects).toBe(1);
    expect(counted).toBe(1);
    expect((await versions()).map(t => t.pointer.version)).toEqual([table, log + 1]);
  });

  test('V1 numbered metadata files are emptied, their names stay', async () => {
    const lake = clocked();
    await send(lake, [put(1, 1, 1, 'x')]);
    await mergeAll(lake, T);
    const few = { 'write.metadata.previous-versions-max': '2' };
    await alter(lake.ports, T, md => ({ ...md, properties: { ...md.properties, ...few } }));
    for (const id of [7n, 8n]) await foreignInsert(lake.ports, T, [{ id }]);
    const versions = (await listVersions(lake.ports.store, T)).map(v => v.version);
    await vacuum(lake.ports);
    lake.pass(25);
    const { removed } = await vacuum(lake.ports);
    expect(removed).toContain(`${T}/metadata/v1.metadata.json`);
    const after = await listVersions(lake.ports.store, T);
    expect(after.map(v => v.version)).toEqual(expect.arrayContaining(versions));
    expect(after.find(v => v.version === 1)!.empty).toBe(true);
    expect((await cursor(lake)).through).toBe(1);
  });

  test("V1 only what is the lake's own is looked at: other files in its folder stay", async () => {
    const lake = clocked();
    await lake.ports.store.put('tidemark.config.ts', Buffer.from('config'));
    await lake.ports.store.put('ledger/data.mdb', Buffer.from('ledger'));
    expect((await vacuumAtOnce(lake.ports)).removed).toEqual([]);
  });

  test('V1 the margin is a day unless it is given', () => {
    expect(VACUUM_MARGIN_MS).toBe(24 * HOUR);
  });
});

test('V4 names are fresh: two lakes with one clock share none', async () => {
  const names = async (seed: number) => {
    const lake = { ...rulesLake(), ports: memoryPorts(seed) };
    await send(lake, [put(1, 1, 1, 'x')]);
    await mergeAll(lake, T);
    return (await objects(lake)).filter(key => !/\/(v\d+\.metadata\.json|version-hint\.text)$/.test(key));
  };
  const first = await names(1);
  expect((await names(2)).filter(key => first.includes(key))).toEqual([]);
});
