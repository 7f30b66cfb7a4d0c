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
