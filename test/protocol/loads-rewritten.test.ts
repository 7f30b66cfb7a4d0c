import { readAside } from '../../lib/ledger/aside';
import { type MergedUntil, mergeUntil } from '../../lib/stages/merge/merge-until';
import { expireLog, optimizeLog } from '../support/foreign-log';
import { mergeAll, type TestLake } from '../support/lake';
import { type CopiedRow, loadCopy } from '../support/loads';
import { del, put, rebuildAll, rows, rulesLake, send, T, tableOf } from './rules';

const copied = (id: number): CopiedRow => ({ id: BigInt(id), a: 0, b: 'copy' });

const load = (lake: TestLake, ids: readonly number[], how?: Parameters<typeof loadCopy>[2]) =>
  loadCopy(lake, ids.map(copied), how);

/** Another engine takes rows of all files together in new ones, and removes what they stood in. */
async function rewritten({ ports }: TestLake, rowGroupRowsMax: number): Promise<void> {
  const limits = { rowGroupRowsMax, rowGroupBytesMax: 1 << 20, fileBytesMax: 1 << 20 };
  expect(await optimizeLog(ports, T, { limits })).toBe(true);
  expect((await expireLog(ports, T)).length).toBeGreaterThan(0);
}

const short = (lake: TestLake): Promise<MergedUntil> =>
  mergeUntil(lake.ports, tableOf(lake), lake.lake.limits, 0);

async function inSteps(lake: TestLake): Promise<void> {
  for (let run = 0; run < 40; run++) if (!(await short(lake)).again) return;
  throw new Error('never ends');
}

describe('L', () => {
  test('L a deleted row stays away where another engine has put the delete beside the load', async () => {
    const lake = rulesLake();
    await load(lake, [1, 2], { meanwhile: () => send(lake, [del(2, 2), put(3, 5, 5, 'x')]) });
    await mergeAll(lake, T);
    await rewritten(lake, 1000);
    await rebuildAll(lake);
    expect(await rows(lake)).toEqual(['1 0 copy', '5 5 x']);
  });

  test('L a load onto rows that is read beside a delete brings back no row', async () => {
    const lake = rulesLake({}, { rowGroupRowsMax: 1, deltaRowsMax: 1, mergeRowsMax: 1 });
    await send(lake, [put(1, 1, 1, 'x'), put(2, 2, 2, 'x'), del(3, 2)]);
    await mergeAll(lake, T);
    await load(lake, [2, 3]);
    await short(lake);
    await rewritten(lake, 1000);
    await inSteps(lake);
    expect(await rows(lake)).toEqual(['1 1 x', '3 0 copy']);
  });

  test('L row groups that were folded count for the files they are of alone', async () => {
    const lake = rulesLake({}, { rowGroupRowsMax: 1, deltaRowsMax: 1, mergeRowsMax: 1 });
    await send(lake, [put(2, 9, 9, 'x')]);
    await mergeAll(lake, T);
    await load(lake, [1, 2, 3, 4, 5, 6]);
    for (let run = 0; run < 2; run++) await short(lake);
    expect((await readAside(lake.ports.items, T))!.note.next.groups).toBeGreaterThan(0);
    await rewritten(lake, 3);
    await inSteps(lake);
    expect(await rows(lake)).toEqual([...[1, 2, 3, 4, 5, 6].map(id => `${id} 0 copy`), '9 9 x']);
  });

  test('L row groups of a replace without packs are folded again as a whole', async () => {
    const lake = rulesLake({}, { rowGroupRowsMax: 1, deltaRowsMax: 1, mergeRowsMax: 1 });
    await send(lake, [put(2, 9, 9, 'x'), put(3, 1, 1, 'x')]);
    await mergeAll(lake, T);
    await load(lake, [1, 2, 3, 4], {
      replaces: true,
      meanwhile: () => send(lake, [del(9, 2), put(9, 7, 7, 'y')]),
    });
    for await (const { key } of lake.ports.store.list(`${T}/data/`))
      if (/-\d{6}\.parquet$/.test(key)) await lake.ports.store.delete(key);
    for (let run = 0; run < 4; run++) await short(lake);
    expect((await readAside(lake.ports.items, T))!.note.next.groups).toBeGreaterThan(0);
    await rewritten(lake, 3);
    await inSteps(lake);
    expect(await rows(lake)).toEqual(['1 0 copy', '3 0 copy', '4 0 copy', '7 7 y']);
  });
});
