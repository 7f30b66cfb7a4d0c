import type { LakeConfig } from '../../../lib/config/define';
import { currentSchema } from '../../../lib/iceberg/metadata';
import { compactNext } from '../../../lib/stages/compact/compact';
import { rebuild } from '../../../lib/stages/rebuild';
import { applySchema } from '../../../lib/stages/schema/apply';
import { planSchema } from '../../../lib/stages/schema/plan';
import { showSchema } from '../../../lib/stages/schema/show';
import { KEY_PROPERTY } from '../../../lib/table/key';
import { liveFiles } from '../../../lib/table/live-files';
import { openTable } from '../../../lib/table/open';
import { mergeAll, readFiles, readRows, type TestLake, take, testLake } from '../../support/lake';
import { under } from '../../support/under';

const config = (
  names: { key?: string; text?: string },
  aliases: Record<string, string[]> = {},
): LakeConfig => {
  const { key = 'id', text = 'ua' } = names;
  return {
    name: 'shop',
    tables: {
      t: {
        key: [key],
        columns: { [key]: 'bigint', [text]: 'text', n: 'int' },
        aliases,
        partitionBy: [`bucket(2, ${key})`],
        format: { opColumn: 'op' },
      },
    },
  };
};

const tableOf = (lake: TestLake) => lake.lake.tables[0]!;

const user = ({ _pos_major, _pos_minor, _changed_at, ...row }: Record<string, unknown>) => row;

const rowsOf = async (lake: TestLake) =>
  (await readRows(lake.ports, 't'))
    .map(user)
    .sort((a, b) =>
      JSON.stringify(Object.values(a), text) < JSON.stringify(Object.values(b), text) ? -1 : 1,
    );

const text = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

async function received(): Promise<TestLake> {
  const lake = testLake(config({}));
  await take(
    lake,
    't-2021-01-01.jsonl',
    '{"op":"I","id":1,"ua":"a","n":1}\n{"op":"I","id":2,"ua":"b","n":2}\n',
  );
  await mergeAll(lake, 't');
  await take(lake, 't-2021-01-02.jsonl', '{"op":"U","id":1,"n":10}\n');
  return lake;
}

test('rename.column: the same id in both tables; what waits, and what is absent, goes by it', async () => {
  const before = await received();
  const ids = currentSchema((await openTable(before.ports, 't'))!.metadata).fields;
  const lake = under(before, config({ text: 'user_agent' }, { user_agent: ['ua'] }));
  expect(await planSchema(lake.ports, tableOf(lake))).toEqual([
    { table: 't', column: 'user_agent', kind: 'rename', from: 'ua', to: 'user_agent' },
  ]);
  await take(
    lake,
    't-2021-01-03.jsonl',
    '{"op":"U","id":2,"user_agent":"c"}\n{"op":"I","id":3,"user_agent":"d","n":3}\n',
  );
  await mergeAll(lake, 't');
  expect(await rowsOf(lake)).toEqual([
    { id: 1n, user_agent: 'a', n: 10 },
    { id: 2n, user_agent: 'c', n: 2 },
    { id: 3n, user_agent: 'd', n: 3 },
  ]);
  for (const name of ['t', 't_deltas']) {
    const { fields } = currentSchema((await openTable(lake.ports, name))!.metadata);
    expect(fields.find(f => f.name === 'user_agent')?.id).toBe(ids.find(f => f.name === 'ua')?.id);
    expect(fields.some(f => f.name === 'ua')).toBe(false);
  }
  expect(await planSchema(lake.ports, tableOf(lake))).toEqual([]);
  const shown = await showSchema(lake.ports, tableOf(lake));
  expect(shown.find(c => c.name === 'user_agent')).toMatchObject({
    was: ['ua'],
    aliases: ['ua'],
    declared: true,
  });
});

test('rename.oldSnapshots: read under the names and rows of then', async () => {
  const before = await received();
  const lake = under(before, config({ text: 'user_agent' }, { user_agent: ['ua'] }));
  const [then] = (await openTable(lake.ports, 't'))!.metadata.snapshots;
  await take(lake, 't-2021-01-03.jsonl', '{"op":"U","id":2,"user_agent":"c"}\n');
  await mergeAll(lake, 't');
  const { metadata } = (await openTable(lake.ports, 't'))!;
  const rows = await readFiles(
    lake.ports,
    await liveFiles(lake.ports.store, metadata, then),
    currentSchema(metadata).fields,
  );
  expect(rows.map(r => r.user_agent).sort()).toEqual(['a', 'b']);
  expect(
    metadata.schemas.find(s => s['schema-id'] === then!['schema-id'])?.fields.map(f => f.name),
  ).toContain('ua');
});

test('rename.key: the note of the key too; merge, compaction and rebuild go on before any file came', async () => {
  const before = await received();
  const lake = under(before, config({ key: 'user_id' }, { user_id: ['id'] }));
  await compactNext(lake.ports, tableOf(lake), { ...lake.lake.limits, smallFilesMin: 2 });
  await mergeAll(lake, 't');
  const expected = [
    { user_id: 1n, ua: 'a', n: 10 },
    { user_id: 2n, ua: 'b', n: 2 },
  ];
  expect(await rowsOf(lake)).toEqual(expected);
  const log = (await openTable(lake.ports, 't_deltas'))!;
  expect(log.metadata.properties[KEY_PROPERTY]).toBe('["user_id"]');
  await rebuild(lake.ports, tableOf(lake), lake.lake.limits);
  expect(await rowsOf(lake)).toEqual(expected);
  await take(lake, 't-2021-01-03.jsonl', '{"op":"D","user_id":1}\n');
  await mergeAll(lake, 't');
  expect(await rowsOf(lake)).toEqual(expected.slice(1));
});

test('rename.chain: two columns change places over two merges that never ran between', async () => {
  const lake = testLake({
    name: 'shop',
    tables: { t: { key: ['id'], columns: { id: 'bigint', x: 'text', y: 'text' } } },
  });
  await take(lake, 't-2021-01-01.csv', 'id,x,y\n1,ex,why\n');
  await mergeAll(lake, 't');
  const renamed = (columns: string[], aliases: Record<string, string[]>) =>
    under(lake, {
      name: 'shop',
      tables: {
        t: {
          key: ['id'],
          columns: Object.fromEntries([['id', 'bigint'], ...columns.map(c => [c, 'text'])]),
          aliases,
        },
      },
    });
  const first = renamed(['z', 'y'], { z: ['x'] });
  await applySchema(first.ports, first.lake, tableOf(first));
  const second = renamed(['z', 'x'], { x: ['y'] });
  await applySchema(second.ports, second.lake, tableOf(second));
  await take(second, 't-2021-01-02.csv', 'id,z,x\n2,a,b\n');
  await mergeAll(second, 't');
  expect(await rowsOf(second)).toEqual([
    { id: 1n, z: 'ex', x: 'why' },
    { id: 2n, z: 'a', x: 'b' },
  ]);
});
