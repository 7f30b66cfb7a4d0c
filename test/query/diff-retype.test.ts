import type { LakeConfig, TableConfig } from '../../lib/config/define';
import { resolveLake } from '../../lib/config/resolve';
import { currentSchema } from '../../lib/iceberg/metadata';
import { parseAsOf } from '../../lib/query/as-of';
import { athenaDiff } from '../../lib/query/athena/diff';
import { diff, filesDiff, type RowChange } from '../../lib/query/diff';
import { comparedSides } from '../../lib/query/diff-sides';
import { applySchema } from '../../lib/stages/schema/apply';
import { userFields } from '../../lib/table/columns';
import { openTable } from '../../lib/table/open';
import { mergeAll, take } from '../support/lake';
import { type LocalLake, localLakes } from './local-lake';

const lakes = localLakes();

const config = (table: TableConfig): LakeConfig => ({ name: 'shop', tables: { t: table } });
const TEXTS = {
  key: ['id'],
  columns: { id: 'string', amount: 'string', what: 'string' },
} satisfies TableConfig;

const under = (lake: LocalLake, table: TableConfig): LocalLake => ({
  ...lake,
  lake: resolveLake(config(table), '/config/tidemark.config.ts'),
});

async function received(table: TableConfig, csv: string) {
  const lake = await lakes(config(table));
  await take(lake, '1.csv', csv, { date: '2021-01-01', table: 't' });
  const { snapshotId } = (await mergeAll(lake, 't'))[0]!;
  return { lake, first: snapshotId };
}

async function applied(before: LocalLake, table: TableConfig): Promise<LocalLake> {
  const lake = under(before, table);
  const { stopped } = await applySchema(lake.ports, lake.lake, lake.lake.tables[0]!, {
    nullWhatDoesNotCast: true,
  });
  expect(stopped).toBeUndefined();
  return lake;
}

async function more(lake: LocalLake, csv: string): Promise<void> {
  await take(lake, '2.csv', csv, { date: '2021-01-02', table: 't' });
  await mergeAll(lake, 't');
}

async function since(lake: LocalLake, snapshotId: bigint): Promise<RowChange[]> {
  const engine = filesDiff(lake.ports.store, lake.engine);
  const found = await diff(lake.ports, lake.lake, engine, 't', { snapshotId });
  const rows: RowChange[] = [];
  for await (const row of found.rows) rows.push(row);
  return rows;
}

test('diff.retype.key: rows of the same key are the same rows', async () => {
  const { lake: before, first } = await received(TEXTS, 'id,amount,what\n1,5,a\n 2,6,b\n3,7,c\n');
  const lake = await applied(before, { ...TEXTS, columns: { ...TEXTS.columns, id: 'bigint' } });
  expect(await since(lake, first)).toEqual([]);
  await more(lake, 'id,amount,what\n3,8,c\n4,9,d\n');
  expect(await since(lake, first)).toEqual([
    { kind: 'changed', key: [3n], changes: [{ column: 'amount', from: '7', to: '8' }] },
    { kind: 'added', key: [4n], row: { id: 4n, amount: '9', what: 'd' } },
  ]);
});

test('diff.retype.key: of two texts of one key the newest row is the one that stays', async () => {
  const { lake: before, first } = await received(TEXTS, 'id,amount,what\n1,5,a\n01,6,b\n');
  const lake = await applied(before, { ...TEXTS, columns: { ...TEXTS.columns, id: 'bigint' } });
  expect(await since(lake, first)).toEqual([
    { kind: 'deleted', key: ['1'], row: { id: '1', amount: '5', what: 'a' } },
  ]);
});

test('diff.retype: a text that means its value is no change, one that was lost is; shown as it was', async () => {
  const csv = 'id,amount,what\n1,7.25,a\n2,07.5,b\n3,many,c\n4,,d\n5,1,e\n6,2,f\n';
  const { lake: before, first } = await received(TEXTS, csv);
  const lake = await applied(before, { ...TEXTS, columns: { ...TEXTS.columns, amount: 'decimal(9,2)' } });
  const lost = { kind: 'changed', key: ['3'], changes: [{ column: 'amount', from: 'many', to: null }] };
  expect(await since(lake, first)).toEqual([lost]);
  await more(lake, 'id,amount,what\n2,8,b\n4,0,d\n5,1.00,x\n');
  expect(await since(lake, first)).toEqual([
    { kind: 'changed', key: ['2'], changes: [{ column: 'amount', from: '07.5', to: '8.00' }] },
    lost,
    { kind: 'changed', key: ['4'], changes: [{ column: 'amount', from: null, to: '0.00' }] },
    { kind: 'changed', key: ['5'], changes: [{ column: 'what', from: 'e', to: 'x' }] },
  ]);
});

test('diff.retype.append: rows without a key are told apart by values, and by the texts that were lost', async () => {
  const table = { mode: 'append', columns: { id: 'bigint', amount: 'string' } } as const;
  const { lake: before, first } = await received(table, 'id,amount\n1,5\n1,05\n2,many\n3,\n');
  const lake = await applied(before, { ...table, columns: { ...table.columns, amount: 'int' } });
  expect(await since(lake, first)).toEqual(
    expect.arrayContaining([
      { kind: 'deleted', key: [], row: { id: 2n, amount: 'many' } },
      { kind: 'added', key: [], row: { id: 2n, amount: null } },
    ]),
  );
  expect(await since(lake, first)).toHaveLength(2);
});

test('diff.key: since before a table had a key, rows of one key but the newest are deleted', async () => {
  const columns = { id: 'bigint', amount: 'string' } as const;
  const { lake: before, first } = await received(
    { mode: 'append', columns },
    'id,amount\n1,a\n1,b\n1,b\n2,c\n',
  );
  const keyed = { key: ['id'], columns };
  // Declared, and not applied: the table has no key yet.
  expect(await since(under(before, keyed), first)).toEqual([]);
  const lake = await applied(before, keyed);
  const gone = await since(lake, first);
  expect(gone.map(({ kind, row }) => `${kind} ${row?.id} ${row?.amount}`).sort()).toEqual([
    'deleted 1 a',
    'deleted 1 b',
  ]);
});

test('diff.rename: a key that is declared under another name, and not followed yet', async () => {
  const { lake: before, first } = await received(TEXTS, 'id,amount,what\n1,5,a\n');
  const lake = under(before, { key: ['nr'], columns: { nr: 'string' }, aliases: { nr: ['id'] } });
  expect(await since(lake, first)).toEqual([]);
});

test('diff.retype.refused: a log that does not say what the texts were cast to', async () => {
  const { lake: before, first } = await received(TEXTS, 'id,amount,what\n1,5,a\n');
  const lake = await applied(before, { ...TEXTS, columns: { ...TEXTS.columns, amount: 'int' } });
  const { catalog } = lake.ports;
  const without = {
    ...catalog,
    load: async (name: string) => (name === 't' ? catalog.load(name) : undefined),
  };
  const unlogged = { ...lake, ports: { ...lake.ports, catalog: without } };
  await expect(since(unlogged, first)).rejects.toMatchObject({
    code: 'TM_6023',
    message: expect.stringContaining('column amount'),
  });
});

test('diff.retype.athena: the texts of then, beside what the log cast them to', async () => {
  const { lake: before, first } = await received(TEXTS, 'id,amount,what\n1,5,a\n');
  const lake = await applied(before, { ...TEXTS, columns: { ...TEXTS.columns, amount: 'int' } });
  const { metadata } = (await openTable(lake.ports, 't'))!;
  const columns = userFields(currentSchema(metadata).fields);
  const [was, is] = [...metadata.snapshots].sort((a, b) => a['sequence-number'] - b['sequence-number']);
  expect(was!['snapshot-id']).toBe(first);
  const engine = athenaDiff(lake.engine, 'shop');
  const asked = { table: 't', metadata, before: was, after: is, columns };
  const [old, now] = await comparedSides(lake.ports, engine, asked);
  expect(old.sql).toBe(
    'SELECT s."id", m0.value AS "amount", s."amount" AS "_tm_text_amount", s."what" FROM (SELECT CAST("id" AS varchar) AS "id", ' +
      'CAST("amount" AS varchar) AS "amount", CAST("what" AS varchar) AS "what" FROM "shop"."t" FOR VERSION AS OF ' +
      `${first}) s LEFT JOIN (SELECT text, max(value) AS value FROM (SELECT CAST("amount_as_received" AS varchar) AS "text", ` +
      'CAST("amount" AS integer) AS "value" FROM "shop"."t_deltas") l WHERE text IS NOT NULL GROUP BY text) m0 ON m0.text = s."amount"',
  );
  expect([...now.texts]).toEqual([]);
});

test('diff: from before the first snapshot everything is new, after a retype too', async () => {
  const { lake: before } = await received(TEXTS, 'id,amount,what\n1,5,a\n');
  const lake = await applied(before, { ...TEXTS, columns: { ...TEXTS.columns, id: 'bigint' } });
  const engine = filesDiff(lake.ports.store, lake.engine);
  const found = await diff(lake.ports, lake.lake, engine, 't', parseAsOf('2020-01-01', 0, 'UTC'));
  const rows: RowChange[] = [];
  for await (const row of found.rows) rows.push(row);
  expect(rows).toEqual([{ kind: 'added', key: [1n], row: { id: 1n, amount: '5', what: 'a' } }]);
});
