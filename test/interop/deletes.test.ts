import { columnFromScalars } from '../../lib/columnar/kernels';
import type { Field, Scalar } from '../../lib/columnar/types';
import { valueAt } from '../../lib/columnar/value';
import type { DataFile } from '../../lib/iceberg/data-file';
import { FileAssembler } from '../../lib/parquet/assemble';
import { encodeRowGroup } from '../../lib/parquet/wasm';
import { commit } from '../../lib/table/commit';
import { openFile } from '../../lib/table/data-file';
import { type LiveFile, liveFiles } from '../../lib/table/live-files';
import { dataFile } from '../../lib/table/write-files';
import { mergeAll } from '../support/lake';
import { foreignReaders } from './readers';
import { expectAgreement, expectFiltered, type Row, TABLE, type ToldLake, toldLakes } from './told-lake';

const readers = foreignReaders();
const lakes = toldLakes();

/** Reserved ids. @see https://iceberg.apache.org/spec/#position-delete-files */
const FIELDS: readonly Field[] = [
  { id: 2_147_483_546, name: 'file_path', type: 'string', required: true },
  { id: 2_147_483_545, name: 'pos', type: 'long', required: true },
];

/** A position delete file as merge-on-read engines write it, for rows of data files of one partition. */
async function positionDeletes(
  lake: ToldLake,
  rows: readonly { readonly live: LiveFile; readonly position: number }[],
): Promise<DataFile> {
  const ordered = [...rows].sort((a, b) =>
    a.live.file.path === b.live.file.path
      ? a.position - b.position
      : a.live.file.path < b.live.file.path
        ? -1
        : 1,
  );
  const values: Scalar[][] = [ordered.map(r => r.live.file.path), ordered.map(r => BigInt(r.position))];
  const columns = FIELDS.map((f, i) => columnFromScalars(f.type, values[i]!));
  const assembler = new FileAssembler();
  const group = encodeRowGroup({ length: rows.length, fields: FIELDS, columns });
  const bytes = Buffer.concat([assembler.start(), assembler.add(group), assembler.finish()]);
  const key = `${TABLE}/data/${lake.ports.ids.fresh()}-deletes.parquet`;
  await lake.ports.store.putIfAbsent(key, bytes);
  const { specId, partition } = rows[0]!.live.file;
  const place = { fields: FIELDS, specId, partition, sortOrderId: null };
  const file = dataFile(lake.ports.store.uri(key), assembler.footer, assembler.size, place);
  return { ...file, content: 1 };
}

/** Deletes the ids merge-on-read: a delete file a partition, committed as another engine would. */
async function deleteByPosition(lake: ToldLake, ids: readonly bigint[]): Promise<void> {
  const open = await lake.open();
  const { data } = await liveFiles(lake.ports.store, open.metadata);
  const byPartition = new Map<string, { live: LiveFile; position: number }[]>();
  for (const live of data) {
    for (const position of await positionsOf(lake, live, ids)) {
      const name = String(live.file.partition);
      byPartition.set(name, [...(byPartition.get(name) ?? []), { live, position }]);
    }
  }
  const added = await Promise.all([...byPartition.values()].map(rows => positionDeletes(lake, rows)));
  const done = await commit(lake.ports, open, {
    operation: 'delete',
    added,
    removed: new Set(),
    summary: {},
  });
  expect(done.committed).toBe(true);
  for (const id of ids) lake.rows.delete(id);
}

async function positionsOf(lake: ToldLake, live: LiveFile, ids: readonly bigint[]): Promise<number[]> {
  const file = await openFile(lake.ports.store, live.file);
  const id: Field = { id: 1, name: 'id', type: 'long', required: true };
  const batch = await file.read(0, [id]);
  return Array.from({ length: batch.length }, (_, i) => i).filter(i =>
    ids.includes(valueAt(batch.columns[0]!, i) as bigint),
  );
}

const row = (id: number, n: number): Row => ({ id: BigInt(id), n });

describe.each([[[]], [['bucket(2, id)']], [['n']]])('deletes, partitioned by %j', partitionBy => {
  async function begun(): Promise<ToldLake> {
    const lake = lakes({ columns: { n: 'int' }, partitionBy });
    await lake.put(Array.from({ length: 20 }, (_, id) => row(id, id % 2)));
    return lake;
  }

  test('deletes.byPosition', async () => {
    const lake = await begun();
    await deleteByPosition(lake, [0n, 7n, 19n]);
    expect((await readers.describe(await lake.metadata())).deletes).toBeGreaterThan(0);
    expect(await expectAgreement(readers, lake)).toBe(17);
    await expectFiltered(readers, lake, 'id <= 7', r => (r.id as bigint) <= 7n);
  });

  test('deletes.mergedOver', async () => {
    const lake = await begun();
    await deleteByPosition(lake, [0n, 7n, 19n]);
    // A file of ours that is written anew must not bring deleted rows back; a deleted key that comes again stays.
    await lake.put([row(3, 5), row(7, 1)]);
    expect(await expectAgreement(readers, lake)).toBe(18);
    await lake.remove([7n, 8n, 19n]);
    expect(await expectAgreement(readers, lake)).toBe(16);
    await lake.put([row(0, 0), row(19, 1)]);
    expect(await expectAgreement(readers, lake)).toBe(18);
    expect(await mergeAll(lake, TABLE)).toEqual([]);
  });

  test('deletes.wholeFile', async () => {
    const lake = await begun();
    await deleteByPosition(lake, [...lake.rows.keys()]);
    expect(await expectAgreement(readers, lake)).toBe(0);
    await lake.put([row(4, 0)]);
    expect(await expectAgreement(readers, lake)).toBe(1);
  });

  test('deletes.twice', async () => {
    const lake = await begun();
    await deleteByPosition(lake, [1n, 2n]);
    await deleteByPosition(lake, [2n, 3n]);
    expect(await expectAgreement(readers, lake)).toBe(17);
    await lake.put([row(2, 0), row(4, 9)]);
    expect(await expectAgreement(readers, lake)).toBe(18);
  });
});
