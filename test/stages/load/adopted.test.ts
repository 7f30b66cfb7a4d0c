import { filesSource } from '../../../lib/stages/load/source/files';
import { openFile } from '../../../lib/table/data-file';
import { liveFiles } from '../../../lib/table/live-files';
import { openTable } from '../../../lib/table/open';
import { mergeAll, readRows, type TestLake, take, testLake } from '../../support/lake';
import { projectOf } from '../../support/load-project';

const T = 't';
const ROWS = 10_000;

async function groupBytes(lake: TestLake): Promise<Buffer[]> {
  const { metadata } = (await openTable(lake.ports, T))!;
  const { data } = await liveFiles(lake.ports.store, metadata);
  expect(data).toHaveLength(1);
  const { footer, bytes } = await openFile(lake.ports.store, data[0]!.file);
  return Promise.all(footer.rowGroups.map(async g => Buffer.from(await bytes(g.start, g.end))));
}

// By one sorted file the pack is joined from row groups, by two that meet it is written anew.
test.each([1, 2])(
  'load.adopted: a merge copies the row groups of a pack of %i files that no change falls into',
  async files => {
    const columns = { id: 'bigint', name: 'string', at: 'timestamp', price: 'decimal(9,2)' } as const;
    const limits = { rowGroupRowsMax: 2048 };
    const lake = testLake({ name: 'adopted', tables: { [T]: { key: ['id'], columns } }, limits });
    const lines = Array.from({ length: ROWS }, (_, i) => `${i},n${i},2021-01-01 00:00:00,${i}.5`);
    for (let f = 0; f < files; f++) {
      const own = lines.filter((_, i) => i % files === f);
      await lake.landing.put(`copy/${f}.csv`, Buffer.from(`id,name,at,price\n${own.join('\n')}\n`));
    }
    const load = { ...lake.lake.tables[0]!.load, groupBytes: 1 };
    const table = { ...lake.lake.tables[0]!, load };
    await projectOf(lake, filesSource(lake.landing, { table: T, from: ['copy/'] }), T, { table }).run();
    const before = await groupBytes(lake);
    expect(before).toHaveLength(Math.ceil(ROWS / 2048));
    for (const name of ['once', 'again']) {
      const change = `id,name,at,price\n5000,${name},2021-01-02 00:00:00,1\n`;
      await take(lake, `${name}/t.csv`, change);
      await mergeAll(lake, T);
      const after = await groupBytes(lake);
      expect(before.map(group => after.some(other => other.equals(group)))).toEqual(
        before.map((_, g) => g !== 2),
      );
      const rows = await readRows(lake.ports, T);
      expect(rows.map(r => r.id)).toEqual(Array.from({ length: ROWS }, (_, i) => BigInt(i)));
      expect(rows[5000]!.name).toBe(name);
    }
  },
  60_000,
);
