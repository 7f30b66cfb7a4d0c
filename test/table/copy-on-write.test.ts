import type { TableConfig } from '../../lib/config/define';
import { currentSchema } from '../../lib/iceberg/metadata';
import { openFile } from '../../lib/table/data-file';
import { liveFiles } from '../../lib/table/live-files';
import { openTable } from '../../lib/table/open';
import { mergeAll, readRows, type TestLake, take, testLake } from '../support/lake';

async function rowGroupBytes(lake: TestLake): Promise<Buffer[]> {
  const { metadata } = (await openTable(lake.ports, 't'))!;
  const [only] = (await liveFiles(lake.ports.store, metadata)).data;
  const { footer, bytes } = await openFile(lake.ports.store, only!.file);
  expect(currentSchema(metadata).fields.length).toBe(footer.columns.length);
  return Promise.all(footer.rowGroups.map(async g => Buffer.from(await bytes(g.start, g.end))));
}

const csv = (rows: [number, number][]) => `id,v\n${rows.map(r => r.join()).join('\n')}\n`;

test('copyOnWrite.untouched: row groups that no change falls into keep their bytes', async () => {
  const table = { key: ['id'], columns: { id: 'bigint', v: 'int' } };
  const lake = testLake({ name: 'c', tables: { t: table }, limits: { rowGroupRowsMax: 10 } });
  await take(lake, 't.csv', csv(Array.from({ length: 40 }, (_, i) => [i, i])), { date: '2021-01-01' });
  await mergeAll(lake, 't');
  const before = await rowGroupBytes(lake);
  expect(before).toHaveLength(4);
  await take(
    lake,
    'b/t.csv',
    csv([
      [15, 150],
      [99, 99],
    ]),
    { date: '2021-01-02' },
  );
  await mergeAll(lake, 't');
  const after = await rowGroupBytes(lake);
  const kept = before.map(group => after.some(other => other.equals(group)));
  expect(kept).toEqual([true, false, true, false]);
  const rows = (await readRows(lake.ports, 't')).map(r => [Number(r.id), r.v]);
  const expected = Array.from({ length: 40 }, (_, i) => [i, i === 15 ? 150 : i]);
  expect(rows).toEqual([...expected, [99, 99]]);
});

test('copyOnWrite.pieces: changes find their places in a row group too large to be read at once', async () => {
  const MiB = 1 << 20;
  const t: TableConfig = { key: ['id'], columns: { id: 'bigint', v: 'int', text: 'string' } };
  const all = ['rowGroup', 'file', 'delta', 'merge'].map(name => [`${name}BytesMax`, 64 * MiB]);
  const config = { name: 'c', tables: { t } };
  const lake = testLake({ ...config, limits: Object.fromEntries(all) });
  // Zstd makes little of it, and no dictionary holds it.
  const text = (id: number) => String(id).padStart(1000, 'x');
  const lines = (rows: [number, number][]) =>
    `id,v,text\n${rows.map(([id, v]) => `${id},${v},${text(id)}`).join('\n')}\n`;
  const before = Array.from({ length: 40_000 }, (_, i): [number, number] => [10 * i, 0]);
  await take(lake, 't.csv', lines(before), { date: '2021-01-01' });
  await mergeAll(lake, 't');
  expect(await rowGroupBytes(lake)).toHaveLength(1);
  const usual = { ...testLake(config), ports: lake.ports, landing: lake.landing };
  const changes = Array.from({ length: 2_000 }, (_, i): [number, number] => [205 * i - 100, i + 1]);
  await take(usual, 'b/t.csv', lines(changes), { date: '2021-01-02' });
  await mergeAll(usual, 't');
  expect((await rowGroupBytes(usual)).length).toBeGreaterThan(1);
  const expected = [...new Map([...before, ...changes])].sort(([a], [b]) => a - b);
  const rows = await readRows(lake.ports, 't');
  expect(rows.map(r => [Number(r.id), r.v])).toEqual(expected);
  expect(rows.every(r => r.text === text(Number(r.id)))).toBe(true);
});
