import { mergeAll } from '../support/lake';
import type { Normal } from './normal';
import { foreignReaders, type Step } from './readers';
import {
  expectAgreement,
  expectFiltered,
  type Row,
  sorted,
  TABLE,
  type ToldLake,
  toldLakes,
} from './told-lake';

const readers = foreignReaders();
const lakes = toldLakes();
const PARTITIONS = [[], ['bucket(2, id)'], ['truncate(4, id)'], ['n']];
const BY = PARTITIONS.map(partitionBy => ({ by: partitionBy.join() || 'nothing', partitionBy }));

const row = (id: number, n: number): Row => ({ id: BigInt(id), n, name: `${id}.${n}` });
const normalRow = ({ id, n, name }: Row): Normal[] => [String(id), String(n), String(name)];
const COLUMNS = ['id', 'n', 'name'];

/** Ids 0 to 9 as they are after a load and a change. */
async function begun(partitionBy: readonly string[]): Promise<ToldLake> {
  const lake = lakes({ columns: { n: 'int', name: 'text' }, partitionBy });
  await lake.put(Array.from({ length: 10 }, (_, id) => row(id, 0)));
  await lake.put([row(1, 1), row(8, 1)]);
  return lake;
}

/** PyIceberg commits; what that does to the table is told by the caller. All see it at once. */
async function foreign(
  lake: ToldLake,
  steps: readonly Step[],
  told: (rows: ToldLake['rows']) => void,
): Promise<void> {
  const newest = await readers.write(await lake.metadata(), steps);
  expect(await lake.metadata()).toBe(newest);
  told(lake.rows);
  await expectAgreement(readers, lake);
}

/** Our next merges change, move, remove and add rows, foreign ones too, and nothing is merged twice. */
async function goOn(lake: ToldLake): Promise<void> {
  const before = (await lake.open()).metadata['last-sequence-number'];
  await lake.put([row(0, 2), row(5, 3), row(8, 2), row(20, 2), row(31, 1)]);
  await expectAgreement(readers, lake);
  await lake.remove([1n, 2n, 21n]);
  await expectAgreement(readers, lake);
  await expectFiltered(readers, lake, 'n = 2', r => r.n === 2);
  await expectFiltered(readers, lake, 'id > 7', r => (r.id as bigint) > 7n);
  expect(await mergeAll(lake, TABLE)).toEqual([]);
  expect((await lake.open()).metadata['last-sequence-number']).toBe(before + 2);
}

describe.each(BY)('foreign, partitioned by $by', ({ partitionBy }) => {
  test('foreign.append', async () => {
    const lake = await begun(partitionBy);
    const rows = [row(20, 0), row(21, 0), row(22, 0)];
    await foreign(lake, [{ step: 'append', columns: COLUMNS, rows: rows.map(normalRow) }], told => {
      for (const added of rows) told.set(added.id as bigint, added);
    });
    await goOn(lake);
  });

  test('foreign.deleteRows', async () => {
    const lake = await begun(partitionBy);
    await foreign(lake, [{ step: 'delete', filter: 'id = 5 or id = 6' }], told => {
      told.delete(5n);
      told.delete(6n);
    });
    await goOn(lake);
  });

  test('foreign.deleteAll', async () => {
    const lake = await begun(partitionBy);
    await foreign(lake, [{ step: 'delete', filter: 'id >= 0' }], told => told.clear());
    await goOn(lake);
  });

  test('foreign.overwrite', async () => {
    const lake = await begun(partitionBy);
    const rows = [row(3, 7), row(4, 7)];
    const step = {
      step: 'overwrite',
      columns: COLUMNS,
      rows: rows.map(normalRow),
      filter: 'id >= 3 and id < 8',
    };
    await foreign(lake, [step], told => {
      for (const id of [3n, 4n, 5n, 6n, 7n]) told.delete(id);
      for (const written of rows) told.set(written.id as bigint, written);
    });
    await goOn(lake);
  });

  test('foreign.upsert', async () => {
    const lake = await begun(partitionBy);
    const rows = [row(3, 7), row(20, 7)];
    await foreign(lake, [{ step: 'upsert', columns: COLUMNS, rows: rows.map(normalRow) }], told => {
      for (const written of rows) told.set(written.id as bigint, written);
    });
    await goOn(lake);
  });

  test('foreign.repartition', async () => {
    const lake = await begun(partitionBy);
    await foreign(lake, [{ step: 'repartition', column: 'name', transform: 'truncate[1]' }], () => undefined);
    await goOn(lake);
    await expectFiltered(readers, lake, "name = '5.3'", r => r.name === '5.3');
  });
});

test('foreign.duplicateKey', async () => {
  const lake = await begun([]);
  const doubled = [row(5, 8), row(20, 0)].map(normalRow);
  await readers.write(await lake.metadata(), [{ step: 'append', columns: COLUMNS, rows: doubled }]);
  lake.rows.set(20n, row(20, 0));
  await lake.put([row(5, 9)]);
  expect(await expectAgreement(readers, lake)).toBe(11);
});

test('foreign.addColumn', async () => {
  const lake = await begun(['bucket(2, id)']);
  await foreign(lake, [{ step: 'add_columns', names: ['theirs'] }], () => undefined);
  lake.declare({ ours: 'text' });
  await lake.put([{ ...row(3, 4), ours: 'o' }]);
  expect(await expectAgreement(readers, lake)).toBe(10);
});

test('foreign.addManyColumns', async () => {
  // Beyond the last id of the log's own columns: the next column of ours must not get one of theirs.
  const lake = await begun([]);
  const names = Array.from({ length: 12 }, (_, i) => `theirs${i}`);
  await foreign(lake, [{ step: 'add_columns', names }], () => undefined);
  lake.declare({ ours: 'text' });
  await lake.put([{ ...row(3, 4), ours: 'o' }]);
  expect(await expectAgreement(readers, lake)).toBe(10);
});

test('foreign.addColumnThatTheSourceGetsToo', async () => {
  // Whose values stand under the name is for a person to decide: the merge stops with an alarm and loses nothing.
  const lake = await begun([]);
  await foreign(lake, [{ step: 'add_columns', names: ['city'] }], () => undefined);
  lake.declare({ city: 'text' });
  await expect(lake.put([{ ...row(3, 4), city: 'c' }])).rejects.toMatchObject({ code: 'TM_3011' });
});

test('foreign.widenColumn', async () => {
  const lake = await begun([]);
  await foreign(lake, [{ step: 'widen', name: 'n' }], () => undefined);
  await lake.put([row(3, 4)]);
  expect(await expectAgreement(readers, lake)).toBe(10);
});

test('foreign.renameColumn', async () => {
  const lake = await begun([]);
  await readers.write(await lake.metadata(), [{ step: 'rename', name: 'name', to: 'title' }]);
  await lake.put([row(3, 4)]);
  const look = { columns: ['id', 'n', 'title'] };
  const wanted = sorted([...lake.rows.values()].map(normalRow));
  expect(sorted((await readers.pyiceberg(await lake.metadata(), look)).rows)).toEqual(wanted);
  expect(sorted((await readers.duckdb(await lake.metadata(), look)).rows)).toEqual(wanted);
});

test('foreign.ownNumbers', async () => {
  // PyIceberg alone names its metadata 00000-<uuid>, as it does not know v2: still it follows on ours.
  const lake = await begun([]);
  const rows = [normalRow(row(20, 0))];
  const newest = await readers.write(
    await lake.metadata(),
    [{ step: 'append', columns: COLUMNS, rows }],
    false,
  );
  lake.rows.set(20n, row(20, 0));
  expect(await lake.metadata()).toBe(newest);
  await lake.put([row(3, 4)]);
  expect(await expectAgreement(readers, lake)).toBe(11);
});

test('foreign.snapshotsExpired', async () => {
  const lake = await begun([]);
  const snapshots = (await readers.describe(await lake.metadata())).snapshots.slice(0, -1);
  await foreign(lake, [{ step: 'expire', snapshots }], () => undefined);
  expect((await readers.describe(await lake.metadata())).snapshots).toHaveLength(1);
  await goOn(lake);
});

test('foreign.cursorExpired', async () => {
  // Nobody can tell any more what was merged: the next merge must say so, not start again from the first delta.
  const lake = await begun([]);
  const { snapshots } = await readers.describe(await lake.metadata());
  await foreign(
    lake,
    [
      { step: 'delete', filter: 'id = 5' },
      { step: 'expire', snapshots },
    ],
    told => {
      told.delete(5n);
    },
  );
  await expect(lake.put([row(3, 4)])).rejects.toMatchObject({ code: 'TM_3002' });
});

test('foreign.tag', async () => {
  const lake = await begun([]);
  const [first] = (await readers.describe(await lake.metadata())).snapshots;
  await foreign(lake, [{ step: 'tag', snapshot: first, name: 'first' }], () => undefined);
  lake.clock.advance(60 * 24 * 3_600_000);
  await goOn(lake);
  expect((await readers.describe(await lake.metadata())).snapshots).toContain(first);
});

test('foreign.property', async () => {
  const lake = await begun([]);
  await foreign(lake, [{ step: 'set_property', name: 'owner', value: 'them' }], () => undefined);
  await goOn(lake);
  expect((await lake.open()).metadata.properties.owner).toBe('them');
});

test('foreign.rollback', async () => {
  const lake = await begun([]);
  const [first] = (await readers.describe(await lake.metadata())).snapshots;
  await readers.write(await lake.metadata(), [{ step: 'rollback', snapshot: first }]);
  // The cursor went back with the rows: the next merge applies the second delta again.
  await lake.put([row(2, 5)]);
  expect(await expectAgreement(readers, lake)).toBe(10);
});

test('foreign.severalInARow', async () => {
  const lake = await begun(['bucket(2, id)']);
  const steps = [
    { step: 'append', columns: COLUMNS, rows: [row(20, 0)].map(normalRow) },
    { step: 'delete', filter: 'id = 20 or id = 4' },
    { step: 'append', columns: COLUMNS, rows: [row(21, 0)].map(normalRow) },
  ];
  await foreign(lake, steps, told => {
    told.delete(4n);
    told.set(21n, row(21, 0));
  });
  await goOn(lake);
});
