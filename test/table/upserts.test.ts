import { batchBytes } from '../../lib/columnar/batch';
import { valueAt } from '../../lib/columnar/kernels';
import type { TableConfig } from '../../lib/config/define';
import { nextSlice } from '../../lib/stages/merge/next-slice';
import { logTableOf } from '../../lib/table/columns';
import { openCurrent, stateOf } from '../../lib/table/current-table';
import { readCursor } from '../../lib/table/cursor';
import { decide } from '../../lib/table/decide';
import { Deletes } from '../../lib/table/deletes';
import { liveFiles } from '../../lib/table/live-files';
import { appendToLog, logView } from '../../lib/table/log-append';
import { openTable } from '../../lib/table/open';
import { deltasPortion } from '../../lib/table/portion';
import type { Upserts } from '../../lib/table/upserts';
import { mergeAll, readRows, type TestLake, take, testLake } from '../support/lake';

const MiB = 1 << 20;

/** What the next merge would put. */
async function nextUpserts({ ports, lake }: TestLake): Promise<Upserts> {
  const table = lake.tables[0]!;
  const found = (await openTable(ports, logTableOf(table.name)))!;
  const current = await openCurrent(ports, table, found);
  const cursor = readCursor(table.name, current.metadata);
  const slice = await nextSlice(ports, table.name, cursor.through, lake.limits);
  const log = (await appendToLog(ports, table.name, found, slice.at(-1)!.n))!;
  const files = await liveFiles(ports.store, current.metadata);
  const state = stateOf(table, current, files, cursor);
  const deletes = await Deletes.read(ports.store, files, state.fields);
  const view = logView(ports, table, log, slice.at(-1)!.n);
  return (await decide(ports, { ...state, deletes }, view, deltasPortion(slice))).upserts;
}

const text = (id: number) => `${id}:`.padStart(4_000, 'x');

/** Ids as a file may hold them: in no order. */
const ids = (count: number, step: number) =>
  Array.from({ length: count }, (_, i) => ((i * 7919) % count) * step);

describe.each<[string, TableConfig['partitionBy']]>([
  ['one partition', undefined],
  ['partitions by a column that the changes lack', ['bucket(4, part)']],
])('rows completed from those that stand: %s', (_, partitionBy) => {
  const t: TableConfig = {
    key: ['id'],
    columns: { id: 'bigint', v: 'int', part: 'int', text: 'string' },
    ...(partitionBy && { partitionBy }),
  };
  const limits = { fileBytesMax: 8 * MiB };

  test('upserts.pieces: a small change of many wide rows never makes more than a piece of them at once', async () => {
    const lake = testLake({ name: 'c', tables: { t }, limits });
    const before = ids(4_000, 1).map(id => `${id},0,${id % 7},${text(id)}`);
    await take(lake, 't.csv', `id,v,part,text\n${before.join('\n')}\n`, { date: '2021-01-01' });
    await mergeAll(lake, 't');
    const changed = ids(2_000, 2);
    const narrow = `id,v\n${changed.map(id => `${id},${id + 1}`).join('\n')}\n`;
    await take(lake, 'b/t.csv', narrow, { date: '2021-01-02' });

    const upserts = await nextUpserts(lake);
    expect(upserts.keys.length).toBe(2_000);
    const wrong: number[] = [];
    let given = 0;
    let largest = 0;
    for await (const piece of upserts.pieces(Uint32Array.from({ length: 2_000 }, (_, i) => i))) {
      largest = Math.max(largest, batchBytes(piece));
      const value = (name: string, row: number) =>
        valueAt(piece.columns[piece.fields.findIndex(f => f.name === name)]!, row);
      for (let row = 0; row < piece.length; row++, given++) {
        const id = 2 * given;
        const right = value('id', row) === BigInt(id) && value('v', row) === id + 1;
        if (!right || value('part', row) !== id % 7 || value('text', row) !== text(id)) wrong.push(id);
      }
    }
    expect([given, wrong]).toEqual([2_000, []]);
    expect(largest).toBeLessThan(3 * MiB);

    await mergeAll(lake, 't');
    const rows = await readRows(lake.ports, 't');
    expect(rows).toHaveLength(4_000);
    const expected = (id: number) => [id % 2 === 0 ? id + 1 : 0, id % 7, text(id)].join();
    expect(rows.filter(r => [r.v, r.part, r.text].join() !== expected(Number(r.id)))).toEqual([]);
  });
});

test('upserts.order: new, completed and refolded rows come in one order', async () => {
  const t: TableConfig = { key: ['id'], columns: { id: 'bigint', v: 'int', w: 'int' } };
  const lake = testLake({ name: 'c', tables: { t } });
  const whole = (from: number, v: number) =>
    `id,v,w\n${ids(1_000, 3)
      .map(id => `${id + from},${v},${id}`)
      .join('\n')}\n`;
  await take(lake, 't-2021-01-01.csv', whole(0, 1));
  await take(
    lake,
    't-2021-01-03.csv',
    `id,v\n${ids(1_000, 3)
      .map(id => `${id},3`)
      .join('\n')}\n`,
  );
  await mergeAll(lake, 't');
  // Late: the log is asked for their keys. Beside them new keys, and partial changes of rows that stand.
  await take(lake, 't-2021-01-02.csv', whole(1, 2));
  await take(
    lake,
    't-2021-01-04.csv',
    `id,v\n${ids(1_500, 2)
      .map(id => `${id},4`)
      .join('\n')}\n`,
  );
  await mergeAll(lake, 't');
  const expected = new Map<number, [number, number | null]>();
  for (const id of ids(1_000, 3)) expected.set(id, [3, id]).set(id + 1, [2, id]);
  for (const id of ids(1_500, 2)) expected.set(id, [4, expected.get(id)?.[1] ?? null]);
  const rows = await readRows(lake.ports, 't');
  expect(rows.map(r => [Number(r.id), [r.v, r.w]])).toEqual([...expected].sort(([a], [b]) => a - b));
});
