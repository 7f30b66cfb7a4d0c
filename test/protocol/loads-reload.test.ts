import { abandonLoad, openLoad } from '../../lib/ledger/loads';
import { listQuarantined } from '../../lib/ledger/quarantine';
import { heldReload } from '../../lib/ledger/reloads';
import type { Items } from '../../lib/ports/items';
import type { Loaded, LoadProject } from '../../lib/stages/load/project';
import { dmsLoadsSource } from '../../lib/stages/load/source/dms-loads';
import { mergeAll, type TestLake, take } from '../support/lake';
import { loadPorts, projectOf } from '../support/load-project';
import { vacuumAtOnce } from '../support/vacuum';
import { dmsLake, entries, rebuildAll, rows, sendDms, sequence, T } from './rules';

/** A LOAD object of DMS's full load; its number says which. */
const full = (lake: TestLake, n: number, ...lines: string[]) =>
  take(lake, `s/${T}/LOAD0000000${n}.csv`, `${['id,a,b', ...lines].join('\n')}\n`);

/** Changes after the copy; the file's name is its second. */
const changed = (lake: TestLake, at: number, ...lines: string[]) =>
  sendDms(lake, at, ['Op,AR_H_CHANGE_SEQ,id,a,b', ...lines.map(line => line.replace('@', sequence(at)))]);

function projectFor(lake: TestLake, folder = `s/${T}`, items: Items = lake.ports.items): LoadProject {
  const source = dmsLoadsSource(lake.landing, { table: T, folders: [folder] });
  const copy = { kind: 'dms' as const, at: [folder], table: T };
  return projectOf(lake, source, T, {
    ports: { ...loadPorts(lake), items },
    request: { replaces: true, dateReceived: '2021-12-31', copy },
  });
}

const reloading = (lake: TestLake, folder?: string): Promise<Loaded> => projectFor(lake, folder).run();

/** A run that dies between the number and the end of the reload. */
async function dying(lake: TestLake): Promise<void> {
  const { items } = lake.ports;
  const crashing: Items = {
    ...items,
    transact: async actions => {
      const ends = actions.some(action => 'delete' in action && action.delete.partition === 'quarantine');
      if (ends) throw new Error('killed');
      return items.transact(actions);
    },
  };
  await expect(projectFor(lake, undefined, crashing).run()).rejects.toThrow('killed');
}

/** A table with a copy and a change, then a second copy that waits, then changes that are newer than it. */
async function reloaded(): Promise<TestLake> {
  const lake = dmsLake();
  await full(lake, 1, '1,1,first', '2,2,first', '3,3,first');
  await changed(lake, 1, 'U,@,1,10,before', 'I,@,4,4,before');
  await mergeAll(lake, T);
  expect(await full(lake, 1, '1,100,second', '2,200,second')).toMatchObject({ error: { code: 'TM_2303' } });
  expect(await full(lake, 2, '3,300,second', '6,600,second')).toMatchObject({ error: { code: 'TM_2303' } });
  await changed(lake, 9, 'U,@,2,20,after', 'I,@,5,5,after', 'D,@,3,3,after');
  await mergeAll(lake, T);
  return lake;
}

const AFTER = ['1 100 second', '2 20 after', '5 5 after', '6 600 second'];

test('L a second full load replaces the table as it stood when its first object came', async () => {
  const lake = await reloaded();
  expect(await rows(lake)).toEqual(['1 10 before', '2 20 after', '4 4 before', '5 5 after']);
  expect(await reloading(lake)).toMatchObject({ n: 4, validation: { differences: [] } });
  expect(await rows(lake)).toEqual(AFTER);
  await rebuildAll(lake);
  expect(await rows(lake)).toEqual(AFTER);
});

test('L its objects wait no longer, and come again as seen; a third full load waits', async () => {
  const lake = await reloaded();
  await reloading(lake);
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
  expect(await heldReload(lake.ports.items, T)).toBeUndefined();
  expect(await full(lake, 1, '1,100,second', '2,200,second')).toMatchObject({ outcome: 'seen', first: 4 });
  expect(await full(lake, 2, '3,300,second', '6,600,second')).toMatchObject({ outcome: 'seen', first: 4 });
  expect(await full(lake, 2, '7,7,third')).toMatchObject({ error: { code: 'TM_2303' } });
});

test('L a crash between the number and the end of the reload leaves the rest to the next run', async () => {
  const lake = await reloaded();
  const { items } = lake.ports;
  await dying(lake);
  expect(await listQuarantined(items)).toHaveLength(2);
  expect(await reloading(lake)).toMatchObject({ n: 4 });
  expect(await listQuarantined(items)).toEqual([]);
  expect(await rows(lake)).toEqual(AFTER);
  expect(await entries(lake)).toHaveLength(4);
});

test('L a row that cannot be read fails its task, and nothing is replaced', async () => {
  const lake = await reloaded();
  await full(lake, 3, '8,not a number,second');
  await expect(reloading(lake)).rejects.toThrow(/TM_2753.*LOAD00000003\.csv row 1/s);
  expect((await openLoad(lake.ports.items, T))?.load.replaces).toBe(true);
  expect(await rows(lake)).toEqual(['1 10 before', '2 20 after', '4 4 before', '5 5 after']);
  await lake.landing.delete(`s/${T}/LOAD00000003.csv`);
  await reloading(lake);
  expect(await rows(lake)).toEqual(AFTER);
});

test('L a replace from another source raises the generation: its coordinates may start anew', async () => {
  const lake = dmsLake();
  await changed(lake, 50, 'I,@,1,1,old source', 'I,@,2,2,old source');
  await mergeAll(lake, T);
  await lake.landing.put('copy/t.csv', Buffer.from('id,a,b\n1,5,copy\n3,3,copy\n'));
  const { filesSource } = await import('../../lib/stages/load/source/files');
  const source = filesSource(lake.landing, { table: T, from: ['copy/'] });
  const copy = { kind: 'files' as const, at: ['copy/'], table: T };
  const asked = { dateReceived: '2021-12-31', copy, newSource: true };
  const plain = projectOf(lake, source, T, { request: { ...asked, replaces: false } });
  await expect(plain.run()).rejects.toThrow(/TM_2766/);
  await projectOf(lake, source, T, { request: { ...asked, replaces: true } }).run();
  expect(await rows(lake)).toEqual(['1 5 copy', '3 3 copy']);
  await changed(lake, 1, 'U,@,1,6,new source', 'D,@,3,3,new source');
  await mergeAll(lake, T);
  expect(await rows(lake)).toEqual(['1 6 new source']);
  await rebuildAll(lake);
  expect(await rows(lake)).toEqual(['1 6 new source']);
});

test('L a third full load that came while the second was loaded has a place of its own', async () => {
  const lake = await reloaded();
  const second = await projectFor(lake).plan();
  expect(second.load.reload).toBe(1);
  await changed(lake, 20, 'I,@,7,7,between');
  // In a folder of their own, so that the second copy stands as it was planned.
  const third = (n: number, ...lines: string[]) =>
    take(lake, `again/s/${T}/LOAD0000000${n}.csv`, `${['id,a,b', ...lines].join('\n')}\n`);
  expect(await third(1, '1,1000,third')).toMatchObject({ error: { code: 'TM_2303' } });
  expect(await third(2, '8,8,third')).toMatchObject({ error: { code: 'TM_2303' } });
  await changed(lake, 30, 'I,@,9,9,beyond');
  await reloading(lake);
  expect(await heldReload(lake.ports.items, T)).toMatchObject({ count: 2 });
  expect(await listQuarantined(lake.ports.items)).toHaveLength(2);
  await reloading(lake, `again/s/${T}`);
  expect(await heldReload(lake.ports.items, T)).toBeUndefined();
  expect(await rows(lake)).toEqual(['1 1000 third', '8 8 third', '9 9 beyond']);
});

test('L a reload that a crash left unended is ended after a vacuum too', async () => {
  const lake = await reloaded();
  await dying(lake);
  await mergeAll(lake, T);
  await vacuumAtOnce(lake.ports);
  expect(await reloading(lake)).toMatchObject({ n: 4 });
  expect(await listQuarantined(lake.ports.items)).toEqual([]);
  expect(await heldReload(lake.ports.items, T)).toBeUndefined();
});

test('L a load whose copy DMS has replaced by a third one is begun again, at the place of that', async () => {
  const lake = await reloaded();
  await projectFor(lake).plan();
  await changed(lake, 20, 'U,@,1,11,between');
  expect(await full(lake, 1, '1,1000,third')).toMatchObject({ error: { code: 'TM_2303' } });
  await lake.landing.delete(`s/${T}/LOAD00000002.csv`);
  await expect(reloading(lake)).rejects.toThrow(/TM_2774/);
  await abandonLoad(lake.ports.items, T, (await openLoad(lake.ports.items, T))!);
  await reloading(lake);
  expect(await rows(lake)).toEqual(['1 1000 third']);
  expect(await heldReload(lake.ports.items, T)).toBeUndefined();
});
