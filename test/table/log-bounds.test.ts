import fc from 'fast-check';
import type { LakeConfig } from '../../lib/config/define';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { mergeNext } from '../../lib/stages/merge/merge';
import { mergeAll, readRows, type TestLake, take, testLake } from '../support/lake';
import { type NaiveChange, naiveFold } from '../support/naive-fold';

const CONFIG: LakeConfig = {
  name: 'aged',
  tables: {
    t: {
      key: ['id'],
      columns: { id: 'bigint', a: 'int', b: 'string' },
      format: { opColumn: 'op', sequenceColumn: 'at' },
    },
  },
};

/** A lake of so many deltas, a hundredth of a second apart, whose keys all reach from 0 to 1000. */
async function aged(files: number): Promise<TestLake> {
  const lake = testLake(CONFIG);
  for (let n = 0; n < files; n++) await send(lake, n, [whole(0, n), whole(1000, n)]);
  await mergeAll(lake, 't');
  return lake;
}

interface Row {
  readonly op: 'I' | 'U' | 'D' | 'T';
  readonly id: number;
  readonly a: number | null;
  readonly b?: string | null;
}

const whole = (id: number, a: number): Row => ({ op: 'I', id, a, b: 'x' });

let sent = 0;

/** False: a file of the same rows was taken in before. */
async function send(lake: TestLake, at: number, rows: readonly Row[]): Promise<boolean> {
  const place = `20210101${String(at).padStart(8, '0')}${'0'.repeat(19)}`;
  const text = rows.map(row => JSON.stringify({ ...row, at: place })).join('\n');
  const { outcome } = await take(lake, `${sent++}/t.jsonl`, text, { date: '2021-01-01' });
  return outcome !== 'seen';
}

/** What the next merge reads: entries of the ledger, and deltas. */
async function readByMerge(lake: TestLake): Promise<{ entries: number; deltas: number }> {
  const read = { entries: 0, deltas: 0 };
  const { store, items } = lake.ports;
  const ports: LakePorts = {
    ...lake.ports,
    store: {
      ...store,
      async get(key, ...rest) {
        if (key.startsWith('deltas/')) read.deltas++;
        return store.get(key, ...rest);
      },
    },
    items: {
      ...items,
      async query(partition, prefix, options) {
        const found = await items.query(partition, prefix, options);
        if (prefix === 'entry#') read.entries += found.length;
        return found;
      },
    },
  };
  await mergeNext(ports, lake.lake.tables[0]!, lake.lake.limits);
  return read;
}

const AGES = [12, 48];

test('log.absentLate: a late key without a row is looked for in what came after it alone', async () => {
  const reads = [];
  for (const age of AGES) {
    const lake = await aged(age);
    await send(lake, age - 3, [whole(500, 7)]);
    reads.push(await readByMerge(lake));
    expect((await readRows(lake.ports, 't')).map(r => r.id)).toEqual([0n, 500n, 1000n]);
  }
  expect(reads[1]).toEqual(reads[0]);
});

test('log.partialLate: a late key of a partial table has the entries read that its own changes stand in', async () => {
  const reads = [];
  for (const age of AGES) {
    const lake = await aged(age);
    await send(lake, age, [whole(500, 7)]);
    await send(lake, age + 2, [{ op: 'U', id: 500, a: 8 }]);
    await mergeAll(lake, 't');
    await send(lake, age + 1, [{ op: 'U', id: 500, a: 9 }]);
    reads.push((await readByMerge(lake)).entries);
    expect((await readRows(lake.ports, 't')).map(r => [r.id, r.a, r.b])).toContainEqual([500n, 8, 'x']);
  }
  expect(reads[1]).toEqual(reads[0]);
});

/** One change a file, each with a hundredth of a second of its own: what came before it is in other files. */
const change = fc.record({
  op: fc.constantFrom('I' as const, 'I' as const, 'U' as const, 'D' as const, 'T' as const),
  id: fc.integer({ min: 1, max: 2 }),
  at: fc.integer({ min: 0, max: 9 }),
  a: fc.integer({ min: 0, max: 9 }),
  isMerged: fc.boolean(),
});

test('log.since: of whole changes the log is asked for what came after them, and the rows are those of all', async () => {
  let late = 0;
  const holds = fc.asyncProperty(fc.array(change, { minLength: 3, maxLength: 9 }), async changes => {
    const lake = testLake(CONFIG);
    const arrived: NaiveChange[] = [];
    let greatest = -1;
    for (const [i, { op, id, at, a, isMerged }] of changes.entries()) {
      const values = op === 'D' || op === 'T' ? { a: null, b: null } : { a, b: 'x' };
      if (!(await send(lake, at, [{ op, id, ...values }]))) continue;
      arrived.push({ entry: i + 1, row: 0, op, key: String(id), major: BigInt(at), minor: 0n, values });
      if (isMerged) await mergeAll(lake, 't');
      if (at < greatest) late++;
      greatest = Math.max(greatest, at);
    }
    await mergeAll(lake, 't');
    const rows = (await readRows(lake.ports, 't')).map(r => [String(r.id), { a: r.a, b: r.b }] as const);
    expect(new Map([...rows].sort())).toEqual(new Map([...naiveFold(arrived, ['a', 'b'])].sort()));
  });
  await fc.assert(holds, { numRuns: Number(process.env.TIDEMARK_HISTORIES ?? 20) });
  expect(late).toBeGreaterThan(50);
});
