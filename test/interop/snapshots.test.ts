import { vacuum } from '../../lib/stages/vacuum/vacuum';
import { MANIFESTS_MAX } from '../../lib/table/manifests';
import { foreignReaders, type Readers } from './readers';
import {
  expectAgreement,
  ownRows,
  retained,
  sorted,
  TABLE,
  type ToldLake,
  told,
  toldLakes,
} from './told-lake';

const readers = foreignReaders();
const lakes = toldLakes();
const COLUMNS = ['id', 'n'];
const HOUR = 3_600_000;

/**
 * Every retained snapshot, by id and by time, is the same to both readers and to ours, and what stood then. Both find
 * a time in the snapshot log alone, which expiry cuts: for a time before it DuckDB has no rows and no error.
 */
async function expectTravel(
  from: Readers,
  lake: ToldLake,
  then: ReadonlyMap<string, string[]>,
): Promise<number> {
  const open = await lake.open();
  for (const snapshot of retained(open)) {
    const id = String(snapshot['snapshot-id']);
    const own = await ownRows(lake, open, COLUMNS, snapshot);
    expect(own).toEqual(then.get(id));
    const at = snapshot['timestamp-ms'];
    const logged = open.metadata['snapshot-log'].some(item => String(item['snapshot-id']) === id);
    for (const point of [{ snapshot: id }, ...(logged ? [{ at }] : [])]) {
      const look = { columns: COLUMNS, ...point };
      const pyiceberg = await from.pyiceberg(open.pointer.uri, look);
      expect({ look, rows: sorted(pyiceberg.rows) }).toEqual({ look, rows: own });
      const duckdb = await from.duckdb(open.pointer.uri, look);
      expect({ look, rows: sorted(duckdb.rows) }).toEqual({ look, rows: own });
    }
  }
  return retained(open).length;
}

/** What stood after each commit, by snapshot id. */
function historian(lake: ToldLake) {
  const then = new Map<string, string[]>();
  return {
    then,
    async put(ids: readonly number[], n: number) {
      await lake.put(ids.map(id => ({ id: BigInt(id), n })));
      then.set(String((await lake.open()).metadata['current-snapshot-id']), told(lake, COLUMNS));
    },
  };
}

test('snapshots.travel', async () => {
  const lake = lakes({ columns: { n: 'int' }, partitionBy: ['bucket(4, id)'] });
  const history = historian(lake);
  for (let n = 0; n < 12; n++) await history.put([n, n + 1, 2 * n], n);
  expect(await expectTravel(readers, lake, history.then)).toBe(12);
});

test('snapshots.travelPastAnAddedColumn', async () => {
  const lake = lakes({ columns: { n: 'int' } });
  const history = historian(lake);
  await history.put([1, 2], 1);
  lake.declare({ more: 'text' });
  await lake.put([{ id: 3n, n: 2, more: 'x' }]);
  history.then.set(String((await lake.open()).metadata['current-snapshot-id']), told(lake, COLUMNS));
  expect(await expectTravel(readers, lake, history.then)).toBe(2);
});

test('snapshots.expired', async () => {
  const lake = lakes({ columns: { n: 'int' } });
  const history = historian(lake);
  for (let n = 0; n < 8; n++) {
    await history.put([n], n);
    lake.clock.advance(5 * HOUR);
  }
  expect(await expectTravel(readers, lake, history.then)).toBeLessThan(8);
  expect(await expectAgreement(readers, lake)).toBe(8);
});

test('snapshots.vacuumed', async () => {
  const lake = lakes({ columns: { n: 'int' }, partitionBy: ['bucket(2, id)'] });
  const history = historian(lake);
  for (let n = 0; n < 8; n++) {
    await history.put([n, n + 1], n);
    lake.clock.advance(5 * HOUR);
  }
  await vacuum(lake.ports);
  lake.clock.advance(25 * HOUR);
  expect((await vacuum(lake.ports)).removed.length).toBeGreaterThan(0);
  expect(await expectTravel(readers, lake, history.then)).toBeLessThan(8);
  expect(await expectAgreement(readers, lake)).toBe(9);
});

test('snapshots.joinedManifests', async () => {
  const lake = lakes({ columns: { n: 'int' }, partitionBy: ['truncate(1, id)'] });
  const commits = MANIFESTS_MAX + 5;
  for (let n = 0; n < commits; n++) await lake.put([{ id: BigInt(n), n }]);
  await lake.remove([3n, BigInt(commits - 1)]);
  expect(await expectAgreement(readers, lake)).toBe(commits - 2);
  expect((await readers.describe(await lake.metadata())).manifests).toBeLessThan(MANIFESTS_MAX);
  expect((await readers.describe(await lake.metadata())).snapshots).toHaveLength(commits + 1);
});

test('snapshots.folder', async () => {
  const lake = lakes({ columns: { n: 'int' } });
  await lake.put([{ id: 1n, n: 1 }]);
  await lake.put([{ id: 2n, n: 2 }]);
  const found = await readers.duckdb(lake.ports.store.uri(TABLE), { columns: COLUMNS });
  expect(sorted(found.rows)).toEqual(told(lake, COLUMNS));
});

test('snapshots.log', async () => {
  const lake = lakes({ columns: { n: 'int' } });
  await lake.put([
    { id: 1n, n: 1 },
    { id: 2n, n: 2 },
  ]);
  await lake.put([{ id: 2n, n: 3 }]);
  await lake.remove([1n]);
  const log = (await lake.ports.catalog.load(`${TABLE}_deltas`))!.pointer.uri;
  const look = { columns: ['id', 'n', '_op'] };
  const wanted = sorted([
    ['1', '1', 'I'],
    ['2', '2', 'I'],
    ['2', '3', 'I'],
    ['1', null, 'D'],
  ]);
  expect(sorted((await readers.pyiceberg(log, look)).rows)).toEqual(wanted);
  expect(sorted((await readers.duckdb(log, look)).rows)).toEqual(wanted);
});
