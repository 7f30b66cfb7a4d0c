import type { LakePorts } from '../../lib/ports/lake-ports';
import { ingestTogether } from '../../lib/stages/ingest/ingest-together';
import type { Ingested } from '../../lib/stages/ingest/request';
import { mergeAll, readRows, type TestLake, take } from '../support/lake';
import { beforeRecord, entries, LOG, objects, put, rows, rulesLake, T, textOf } from './rules';

/** Takes in files of one batch, each of one text. */
async function together(lake: TestLake, texts: readonly string[], ports = lake.ports): Promise<Ingested[]> {
  for (const [i, text] of texts.entries()) await lake.landing.put(`${i}/${T}.jsonl`, Buffer.from(text));
  const requests = texts.map((_, i) => ({
    landing: lake.landing,
    key: `${i}/${T}.jsonl`,
    date: '2021-01-01',
  }));
  const tried = await ingestTogether(ports, lake.lake, requests);
  return tried.map(one => {
    if (!('done' in one)) throw 'error' in one ? one.error : new Error('not begun');
    return one.done;
  });
}

const at5 = (b: string) => textOf([put(5, 1, 1, b)]);

/** Counts the transactions that number entries. */
function counted(ports: LakePorts, tally: { transactions: number }): LakePorts {
  const transact: typeof ports.items.transact = actions => {
    if (actions.some(a => 'put' in a && a.put.sort.startsWith('entry#'))) tally.transactions++;
    return ports.items.transact(actions);
  };
  return { ...ports, items: { ...ports.items, transact } };
}

describe('I3', () => {
  test('I3 objects of one batch share a transaction, and at one position the later of them wins', async () => {
    const lake = rulesLake();
    const tally = { transactions: 0 };
    const taken = await together(lake, [at5('x'), at5('y'), at5('z')], counted(lake.ports, tally));
    expect(taken.map(one => one.first)).toEqual([1, 2, 3]);
    expect(tally.transactions).toBe(1);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 z']);
    expect((await readRows(lake.ports, LOG)).map(row => [row._entry, row.b])).toEqual([
      [1n, 'x'],
      [2n, 'y'],
      [3n, 'z'],
    ]);
  });

  test('I3 an object that another process takes in meanwhile is taken out, and the others get the next numbers', async () => {
    const lake = rulesLake();
    let came = 0;
    const ports = beforeRecord(lake.ports, async () => {
      if (came++ === 0) await together(lake, [at5('x')]);
    });
    const taken = await together(lake, [at5('x'), at5('y'), textOf([put(9, 2, 2, 'z')])], ports);
    expect(taken.map(one => one.outcome)).toEqual(['seen', 'taken-in', 'taken-in']);
    expect((await entries(lake)).map(entry => entry.n)).toEqual([1, 2, 3]);
    await mergeAll(lake, T);
    expect(await rows(lake)).toEqual(['1 1 y', '2 2 z']);
  });

  test('I3 an object before which fewer are numbered than were written is written anew', async () => {
    const lake = rulesLake({}, { deltaRowsMax: 1 });
    // The first is overtaken and falls out with its two deltas, for one that came.
    const ports = beforeRecord(lake.ports, () =>
      take(lake, `other/${T}.jsonl`, textOf([put(5, 1, 1, 'w')]), { date: '2021-01-01' }),
    );
    const first = textOf([put(9, 2, 2, 'x'), put(5, 1, 1, 'x')]);
    await together(lake, [first, textOf([put(9, 2, 2, 'y')])], ports);
    await mergeAll(lake, T);
    const numbers = new Map((await entries(lake)).map(entry => [entry.name, entry.n]));
    expect(numbers.size).toBe(4);
    for (const row of await readRows(lake.ports, LOG)) {
      expect(Number(row._entry)).toBeLessThanOrEqual(numbers.get(String(row._source))!);
    }
  });

  test('I3 a batch of more deltas than a transaction holds is cut', async () => {
    const lake = rulesLake({}, { deltaRowsMax: 1 });
    const tally = { transactions: 0 };
    const lines = (file: number) =>
      textOf(Array.from({ length: 40 }, (_, i) => put(file * 40 + i, i, file, 'x')));
    await together(lake, [lines(0), lines(1), lines(2), lines(3)], counted(lake.ports, tally));
    expect(tally.transactions).toBe(2);
    expect((await entries(lake)).map(entry => entry.n)).toEqual(Array.from({ length: 160 }, (_, i) => i + 1));
  });

  test('I3 a crash before the transaction leaves objects that nothing names, and a repeat takes all in', async () => {
    const lake = rulesLake();
    const dying = beforeRecord(lake.ports, () => Promise.reject(new Error('killed')));
    await expect(together(lake, [at5('x'), at5('y')], dying)).rejects.toThrow('killed');
    expect(await entries(lake)).toEqual([]);
    expect(await objects(lake, 'deltas/')).toHaveLength(2);
    await together(lake, [at5('x'), at5('y')]);
    expect(await entries(lake)).toHaveLength(2);
  });
});
