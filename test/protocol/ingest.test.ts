import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localStore } from '../../lib/adapters/local/object-store';
import type { FixedClock } from '../../lib/adapters/memory/clock';
import { currentSchema } from '../../lib/iceberg/metadata';
import { entriesAfter, readEntry } from '../../lib/ledger/entries';
import { listQuarantined } from '../../lib/ledger/quarantine';
import { listWaiting } from '../../lib/ledger/waiting';
import type { LakePorts } from '../../lib/ports/lake-ports';
import type { ObjectStore } from '../../lib/ports/object-store';
import { ingest } from '../../lib/stages/ingest/ingest';
import { replay } from '../../lib/stages/replay';
import { lakeStatus } from '../../lib/stages/status';
import { logTableOf } from '../../lib/table/columns';
import { theTable } from '../support/foreign';
import { mergeAll, readRows, type TestLake, take, testLake } from '../support/lake';
import {
  beforeRecord,
  dmsLake,
  entries,
  LOG,
  logRows,
  merge,
  objects,
  put,
  rebuildAll,
  rows,
  rulesLake,
  send,
  sendDms,
  sequence,
  T,
  textOf,
} from './rules';

const HEADER = 'Op,AR_H_CHANGE_SEQ,id,a,b';

/** The process dies before the ledger hears of the delta it wrote. */
async function crashedIngest(lake: TestLake, text: string): Promise<void> {
  const ports = beforeRecord(lake.ports, () => Promise.reject(new Error('killed')));
  await expect(take({ ...lake, ports }, `${T}.jsonl`, text, { date: '2021-01-01' })).rejects.toThrow(
    'killed',
  );
}

describe('I1', () => {
  test('I1 a repeat writes a new delta and never takes over the one it finds', async () => {
    const lake = rulesLake();
    await crashedIngest(lake, textOf([put(1, 1, 1, 'x')]));
    const [torn] = await objects(lake, 'deltas/');
    await lake.ports.store.put(torn!, Buffer.from('torn'));
    await take(lake, `${T}.jsonl`, textOf([put(1, 1, 1, 'x')]), { date: '2021-01-01' });
    const [entry] = await entries(lake);
    expect(entry!.key).not.toBe(torn);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x']);
  });

  test('I1 a delta that stands under the name of a repeat by accident is not named by the ledger', async () => {
    const lake = rulesLake();
    const names = ['first', 'first', 'second', 'third', 'fourth', 'fifth', 'sixth'];
    const ports: LakePorts = {
      ...lake.ports,
      ids: { ...lake.ports.ids, fresh: () => names.shift() ?? lake.ports.ids.fresh() },
    };
    await lake.ports.store.put(`deltas/${T}/${T}-second.parquet`, Buffer.from('torn'));
    await take({ ...lake, ports }, `${T}.jsonl`, textOf([put(1, 1, 1, 'x')]), { date: '2021-01-01' });
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x']);
  });

  test("I1 a row's meaning is settled when it comes in: a later config does not change it", async () => {
    const columns = { id: 'bigint', a: 'int', b: 'string', gone: 'boolean' };
    const lake = rulesLake({ columns, deletedWhen: { column: 'gone', equals: true } });
    await send(lake, [
      { ...put(1, 1, 1, 'x'), gone: false },
      { ...put(2, 1, 1, 'x'), gone: true },
    ]);
    await mergeAll(lake, T);
    expect((await readRows(lake.ports, LOG)).map(r => r._op)).toEqual(['I', 'D']);
    const undeclared = { ...lake, lake: rulesLake({ columns }).lake };
    await rebuildAll(undeclared);
    expect(await rows(lake)).toEqual([]);
  });

  test('I1 locally a delta has its name only once it is whole', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tidemark-rules-'));
    const store = localStore(folder);
    const body = async function* () {
      yield Buffer.from('half');
      expect(await listed(store)).toEqual([]);
      throw new Error('killed');
    };
    await expect(store.putIfAbsent('deltas/t/one', body())).rejects.toThrow('killed');
    expect(await listed(store)).toEqual([]);
    expect(await store.putIfAbsent('deltas/t/one', Buffer.from('whole'))).toBe(true);
    rmSync(folder, { recursive: true });
  });

  const listed = async (store: ObjectStore) => {
    const keys: string[] = [];
    for await (const { key } of store.list('')) keys.push(key);
    return keys;
  };
});

test("I2 deltas and what waits stand under prefixes of their own, never below a table's location", async () => {
  const lake = rulesLake();
  await send(lake, [put(1, 1, 1, 'x')]);
  await take(lake, `${T}.jsonl`, 'no json');
  await mergeAll(lake, T);
  await rebuildAll(lake);
  const [entry] = await entries(lake);
  expect(entry!.key).toMatch(/^deltas\/t\//);
  const [waiting] = await listQuarantined(lake.ports.items);
  expect(waiting!.copy).toMatch(/^quarantine\//);
  for (const table of [T, logTableOf(T)]) {
    const below = await objects(lake, `${table}/`);
    expect(below.filter(key => !/^t(_deltas)?\/(metadata|data)\//.test(key))).toEqual([]);
    expect(below.some(key => key.includes(entry!.name))).toBe(false);
  }
});

describe('I3', () => {
  test('I3 a file that comes twice changes nothing', async () => {
    const lake = rulesLake();
    const text = textOf([put(1, 1, 1, 'x'), put(2, 1, 2, 'y')]);
    const first = await take(lake, `${T}.jsonl`, text);
    await mergeAll(lake, T);
    expect(await take(lake, `${T}.jsonl`, text)).toMatchObject({ outcome: 'seen', first: first.first });
    expect(await mergeAll(lake, T)).toEqual([]);
    expect(await logRows(lake)).toBe(2);
  });

  test('I3 a file that two processes take in at once counts once', async () => {
    const lake = rulesLake();
    const text = textOf([put(1, 1, 1, 'x')]);
    let other: string | undefined;
    const ports = beforeRecord(lake.ports, async () => {
      other = (await take(lake, `${T}.jsonl`, text)).outcome;
    });
    const own = await take({ ...lake, ports }, `${T}.jsonl`, text);
    expect([other, own.outcome]).toEqual(['taken-in', 'seen']);
    await mergeAll(lake, T);
    expect([(await entries(lake)).length, await logRows(lake)]).toEqual([1, 1]);
  });

  test('I3 two files that are taken in at once get the next numbers, none twice and none left out', async () => {
    const lake = rulesLake();
    const ports = beforeRecord(lake.ports, () => send(lake, [put(2, 2, 2, 'y')]));
    await send({ ...lake, ports }, [put(1, 1, 1, 'x')]);
    await send(lake, [put(3, 3, 3, 'z')]);
    expect((await entries(lake)).map(e => e.n)).toEqual([1, 2, 3]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x', '2 2 y', '3 3 z']);
  });

  test('I3 a source beyond the budget becomes several deltas, numbered all or none', async () => {
    const lake = rulesLake({}, { deltaRowsMax: 2 });
    const text = textOf([1, 2, 3, 4, 5].map(id => put(id, id, id, 'x')));
    await crashedIngest(lake, text);
    expect(await entries(lake)).toEqual([]);
    const taken = await take(lake, `${T}.jsonl`, text, { date: '2021-01-01' });
    expect(taken).toMatchObject({ first: 1, count: 3, rows: 5 });
    const counted = await entries(lake);
    expect(counted.map(e => e.rows)).toEqual([1, 2, 2]);
    expect(new Set(counted.map(e => e.source)).size).toBe(1);
    let transactions = 0;
    const counting: LakePorts = {
      ...lake.ports,
      items: {
        ...lake.ports.items,
        transact: actions => {
          if (actions.some(a => 'put' in a && a.put.sort.startsWith('entry#'))) transactions++;
          return lake.ports.items.transact(actions);
        },
      },
    };
    await send(
      { ...lake, ports: counting },
      [1, 2, 3, 4, 5].map(id => put(id + 5, id, id, 'y')),
    );
    expect(transactions).toBe(1);
    await mergeAll(lake, T);
    expect((await rows(lake)).length).toBe(5);
  });

  test('I3 an object is seen per table: what one table has taken in, another takes in too', async () => {
    const table = { key: ['id'], columns: { id: 'bigint', a: 'int', b: 'string' } };
    const lake = testLake({ name: 'rules', tables: { one: table, two: table } });
    const text = 'id,a,b\n1,1,x\n';
    for (const name of ['one', 'two'])
      expect(await take(lake, 'same.csv', text, { table: name })).toMatchObject({
        outcome: 'taken-in',
        first: 1,
      });
    for (const name of ['one', 'two']) await take(lake, 'bad.csv', 'id,a,b\n1,none,x\n', { table: name });
    expect((await listQuarantined(lake.ports.items)).map(r => r.table).sort()).toEqual(['one', 'two']);
    for (const name of ['one', 'two']) await mergeAll(lake, name);
    expect([await rows(lake, 'one'), await rows(lake, 'two')]).toEqual([['1 1 x'], ['1 1 x']]);
  });
});

describe('I4', () => {
  test.each([
    ['after it was looked up', 1],
    ['after its checksum was taken', 2],
  ])('I4 an object that is replaced %s is not taken in under the old one', async (_, nth) => {
    const lake = rulesLake();
    await lake.landing.put(`${T}.jsonl`, Buffer.from(textOf([put(1, 1, 1, 'x')])));
    let reads = 0;
    const landing: ObjectStore = {
      ...lake.landing,
      async *stream(key, etag) {
        if (++reads === nth) await lake.landing.put(key, Buffer.from(textOf([put(1, 1, 2, 'y')])));
        yield* lake.landing.stream(key, etag);
      },
    };
    const taken = ingest(lake.ports, lake.lake, { landing, key: `${T}.jsonl` });
    await expect(taken).rejects.toMatchObject({ code: 'TM_5003' });
    expect(await entries(lake)).toEqual([]);
    await ingest(lake.ports, lake.lake, { landing: lake.landing, key: `${T}.jsonl` });
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 2 y']);
  });

  test('I4 seen means taken in: a file that went to quarantine is taken in when it comes again after the fix', async () => {
    const lake = rulesLake({ format: {} });
    const text = 'id,a,b\n1,none,x\n';
    const send = (to: TestLake) => take(to, `${T}.csv`, text, { date: '2021-01-01' });
    expect(await send(lake)).toMatchObject({ outcome: 'quarantined' });
    expect(await send(lake)).toMatchObject({ outcome: 'quarantined' });
    expect((await listQuarantined(lake.ports.items)).length).toBe(1);
    const mended = { ...lake, lake: rulesLake({ format: { nullLiteral: 'none' } }).lake };
    expect(await send(mended)).toMatchObject({ outcome: 'taken-in' });
    expect(await listQuarantined(lake.ports.items)).toEqual([]);
    await mergeAll(mended, T);
    expect(await rows(lake)).toEqual(['1 - x']);
  });

  test('I4 a copy in quarantine that was torn is not what is replayed', async () => {
    const lake = rulesLake({ format: {} });
    const text = 'id,a,b\n1,none,x\n';
    const dying: LakePorts = {
      ...lake.ports,
      items: {
        ...lake.ports.items,
        async transact(actions) {
          if (actions.some(a => 'put' in a && a.put.partition === 'quarantine')) throw new Error('killed');
          return lake.ports.items.transact(actions);
        },
      },
    };
    const again = (to: TestLake) => take(to, `${T}.csv`, text, { date: '2021-01-01' });
    await expect(again({ ...lake, ports: dying })).rejects.toThrow('killed');
    const [unnamed] = await objects(lake, 'quarantine/');
    const { identity } = await again(lake);
    await lake.ports.store.delete(unnamed!); // as vacuum may, which found it unnamed
    const mended = rulesLake({ format: { nullLiteral: 'none' } }).lake;
    expect(await replay(lake.ports, mended, identity!)).toMatchObject([{ outcome: 'taken-in' }]);
  });
});

describe('I6', () => {
  test('I6 a column that the file lacks is absent: it keeps what it had', async () => {
    const lake = dmsLake();
    await sendDms(lake, 1, [HEADER, `I,${sequence(1)},1,1,x`]);
    await mergeAll(lake, T);
    await sendDms(lake, 2, ['Op,AR_H_CHANGE_SEQ,id,a', `U,${sequence(2)},1,2`]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 2 x']);
  });

  test('I6 a column that the file lacks, as the table gained it later, is absent in its rows', async () => {
    const lake = rulesLake();
    const before = { ...rulesLake({ columns: { id: 'bigint', a: 'int' } }), ports: lake.ports };
    await send(before, [{ op: 'U', at: 5, id: 1, a: 5 }]);
    await mergeAll(before, T);
    await send(lake, [put(1, 1, 1, 'x')]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 5 x']);
  });

  test('I6 absent is not NULL', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x'), put(2, 2, 2, 'y')]);
    await send(lake, [
      { op: 'U', at: 3, id: 1, b: null },
      { op: 'U', at: 4, id: 2, a: null },
    ]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 -', '2 - y']);
  });

  test('I6 _absent holds field ids, not names', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x'), { op: 'U', at: 2, id: 1, a: 5 }]);
    await mergeAll(lake, T);
    expect((await readRows(lake.ports, LOG)).map(r => r._absent)).toEqual([null, '[3]']);
  });
});

describe('I7', () => {
  const listed = async (lake: TestLake) =>
    (await listWaiting(lake.ports.items)).map(w => `${w.table} ${w.next}`);

  /** The ports with something done right before the transaction that takes a table off the list. */
  const beforeUnlist = (ports: LakePorts, before: () => Promise<unknown>): LakePorts => ({
    ...ports,
    items: {
      ...ports.items,
      async transact(actions) {
        if (actions.some(a => 'delete' in a && a.delete.partition === 'waiting')) await before();
        return ports.items.transact(actions);
      },
    },
  });

  test('I7 a table is listed as waiting from the transaction that numbers its entries until its merge', async () => {
    const lake = rulesLake();
    await crashedIngest(lake, textOf([put(1, 1, 1, 'x')]));
    expect(await listed(lake)).toEqual([]);
    await send(lake, [put(1, 1, 1, 'x')]);
    const [since] = await listWaiting(lake.ports.items);
    const later = {
      ...lake.ports,
      clock: { ...lake.ports.clock, now: () => lake.ports.clock.now() + 60_000 },
    };
    await send({ ...lake, ports: later }, [put(2, 2, 2, 'y')]);
    expect(await listWaiting(lake.ports.items)).toEqual([{ ...since, next: 3 }]);
    await mergeAll(lake, T);
    expect(await listed(lake)).toEqual([]);
  });

  test('I7 an entry that comes while a merge ends stays listed', async () => {
    const lake = rulesLake();
    for (const id of [1, 2]) await send(lake, [put(id, id, id, 'x')]);
    await merge(lake, lake.ports, { mergeRowsMax: 1 });
    expect(await listed(lake)).toEqual([`${T} 3`]);
    let came = 0;
    const other = beforeUnlist(lake.ports, async () => {
      await mergeAll(lake, T);
      if (came++ === 0) await send(lake, [put(3, 3, 3, 'x')]);
    });
    await merge(lake, other);
    expect(await listed(lake)).toEqual([`${T} 4`]);
    await mergeAll(lake, T);
    expect(await listed(lake)).toEqual([]);
  });

  test('I7 a table that is never idle waits since its oldest entry that is not merged', async () => {
    const lake = rulesLake();
    const clock = lake.ports.clock as FixedClock;
    const begun = clock.now();
    const since = async () => (await listWaiting(lake.ports.items)).map(w => w.since - begun);
    await send(lake, [put(0, 1, 1, 'x')]);
    for (let id = 1; id <= 3; id++) {
      clock.advance(60_000);
      await send(lake, [put(id, id, id, 'x')]);
      expect(await since()).toEqual([(id - 1) * 60_000]);
      expect((await lakeStatus(lake.ports, lake.lake)).tables[0]!.lagMs).toBe(60_000);
      await merge(lake, lake.ports, { mergeRowsMax: 1 });
      expect(await since()).toEqual([id * 60_000]);
    }
    await mergeAll(lake, T);
    expect(await since()).toEqual([]);
  });

  test('I7 entries that come while a merge notes how far it is keep their time', async () => {
    const lake = rulesLake();
    const clock = lake.ports.clock as FixedClock;
    for (const id of [1, 2]) await send(lake, [put(id, id, id, 'x')]);
    let came = 0;
    const other = beforeUnlist(lake.ports, async () => {
      clock.advance(60_000);
      if (came++ === 0) await send(lake, [put(3, 3, 3, 'x')]);
    });
    const begun = clock.now();
    await merge(lake, other);
    expect(await listWaiting(lake.ports.items)).toEqual([{ table: T, since: begun + 60_000, next: 4 }]);
  });

  test('I7 a merge that died after its commit leaves its table listed, and the next takes it off', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x')]);
    const dying = beforeUnlist(lake.ports, () => Promise.reject(new Error('killed')));
    await expect(merge(lake, dying)).rejects.toThrow('killed');
    expect(await listed(lake)).toEqual([`${T} 2`]);
    expect(await mergeAll(lake, T)).toEqual([]);
    expect(await listed(lake)).toEqual([]);
  });
});

describe('L', () => {
  const load = (lake: TestLake, part: number, b: string, bucket = 'one') =>
    take(lake, `${bucket}/s/${T}/LOAD0000000${part}.csv`, `id,a,b\n${part},1,${b}\n`);

  test('L a LOAD object that comes again with other content is held, and all that follow', async () => {
    const lake = dmsLake();
    await load(lake, 1, 'x');
    expect(await load(lake, 1, 'x')).toMatchObject({ outcome: 'seen' });
    for (const [part, b] of [
      [1, 'y'],
      [2, 'y'],
    ] as const)
      expect(await load(lake, part, b)).toMatchObject({ outcome: 'quarantined', error: { code: 'TM_2303' } });
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x']);
  });

  test('L rows of a LOAD object that were put aside are no reload when they are replayed', async () => {
    const lake = dmsLake({ onBadRow: 'quarantineRow' });
    const taken = await take(lake, `s/${T}/LOAD00000001.csv`, 'id,a,b\n1,1,x\n2,none,y\n');
    expect(taken).toMatchObject({ outcome: 'rows-quarantined', rows: 1 });
    const mended = dmsLake({ onBadRow: 'quarantineRow', format: { header: true, nullLiteral: 'none' } });
    expect(await replay(lake.ports, mended.lake, taken.identity!)).toMatchObject([
      { outcome: 'taken-in', rows: 1 },
    ]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x', '2 - y']);
  });

  test('L of two contents of one LOAD object that are taken in at once, one is held', async () => {
    const lake = dmsLake();
    const ports = beforeRecord(lake.ports, () => load(lake, 1, 'x', 'two'));
    expect(await load({ ...lake, ports }, 1, 'y')).toMatchObject({ error: { code: 'TM_2303' } });
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 x']);
  });
});

describe('S', () => {
  test.each(['_pos', '_pos_major', '_file', '_op', '_OP', '_File'])(
    'S a user column named %s goes to quarantine',
    async name => {
      const lake = rulesLake();
      const taken = await take(
        lake,
        `${T}.jsonl`,
        JSON.stringify({ op: 'I', at: sequence(1), id: 1, [name]: 1 }),
      );
      expect(taken).toMatchObject({ outcome: 'quarantined', error: { code: 'TM_3009' } });
    },
  );

  test('S a new column is in the log before the first delta that has it', async () => {
    const lake = rulesLake();
    await send(lake, [put(1, 1, 1, 'x')]);
    await mergeAll(lake, T);
    const text = JSON.stringify({ op: 'U', at: sequence(2), id: 1, c: 'new' });
    await crashedIngest(lake, text);
    const { fields } = await logSchema(lake);
    expect(fields.map(f => f.name)).toContain('c');
    await take(lake, `${T}.jsonl`, text, { date: '2021-01-01' });
    await mergeAll(lake, T);
    expect(await readRows(lake.ports, T)).toMatchObject([{ id: 1n, a: 1, b: 'x', c: 'new' }]);
  });

  const logSchema = async (lake: TestLake) => currentSchema((await theTable(lake.ports, LOG)).metadata);
});

test('I3 a source of any number of deltas is numbered in one transaction, without gaps', async () => {
  const lake = testLake({ name: 'p', tables: { t: { key: ['id'], columns: { id: 'bigint', v: 'int' } } } });
  const limits = { ...lake.lake.limits, deltaRowsMax: 1, mergeRowsMax: 40 };
  const small = { ...lake, lake: { ...lake.lake, limits } };
  const lines = Array.from({ length: 200 }, (_, i) => `${i},${i}`).join('\n');
  expect(await take(small, 't.csv', `id,v\n${lines}\n`)).toMatchObject({ first: 1, count: 200 });
  expect(await take(small, 'b/t.csv', 'id,v\n7,70\n')).toMatchObject({ first: 201, count: 1 });
  for (const after of [0, 1, 2, 57, 199, 200]) {
    const numbers = [];
    for await (const entry of entriesAfter(lake.ports.items, 't', after)) numbers.push(entry.n);
    expect(numbers).toEqual(Array.from({ length: 201 - after }, (_, i) => after + 1 + i));
  }
  expect((await readEntry(lake.ports.items, 't', 58))?.n).toBe(58);
  expect(await readEntry(lake.ports.items, 't', 202)).toBeUndefined();
  expect((await mergeAll(small, 't')).map(m => m.entries.length)).toEqual([40, 40, 40, 40, 40, 1]);
  const rows = await readRows(lake.ports, 't');
  expect(rows).toHaveLength(200);
  expect(rows.find(r => r.id === 7n)).toMatchObject({ v: 70 });
});
