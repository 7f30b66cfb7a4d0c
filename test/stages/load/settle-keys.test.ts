import fc from 'fast-check';
import type { LoadConfig } from '../../../lib/config/define';
import { settleKeys } from '../../../lib/stages/load/keys';
import type { GroupPart } from '../../../lib/stages/load/plan-packs';
import type { LoadPorts, Recipe } from '../../../lib/stages/load/recipe';
import { folderOf } from '../../../lib/stages/load/recipe';
import { filesSource } from '../../../lib/stages/load/source/files';
import { type SplitSummary, splitGroup } from '../../../lib/stages/load/split';
import { allPieces, openFile } from '../../../lib/table/data-file';
import { batchRows } from '../../parquet/files';
import { type TestLake, testLake } from '../../support/lake';
import { loadPorts, projectOf } from '../../support/load-project';

const T = 't';
type Row = readonly [a: string, b: number, at: number | null];

function lakeOf(duplicateKeys: LoadConfig['duplicateKeys']): TestLake {
  return testLake({
    name: 'keys',
    tables: {
      [T]: {
        key: ['a', 'b'],
        columns: { a: 'string', b: 'int', at: 'int', p: 'int' },
        partitionBy: ['p'],
        load: { groupBytes: 1, derive: { p: 'b % 2' }, duplicateKeys },
      },
    },
  });
}

/** What a copy of some files is split into, a group each; and what the engine is asked to compare. */
async function partsOf(
  files: readonly (readonly Row[])[],
  duplicateKeys: LoadConfig['duplicateKeys'],
): Promise<{ ports: LoadPorts; recipe: Recipe; parts: GroupPart[]; asked: string[][] }> {
  const lake = lakeOf(duplicateKeys);
  for (const [i, rows] of files.entries()) {
    const lines = rows.map(([a, b, at]) => `"${a}",${b},${at ?? ''}`);
    await lake.landing.put(`copy/${i}.csv`, Buffer.from(`a,b,at\n${lines.join('\n')}\n`));
  }
  const asked: string[][] = [];
  const bare = loadPorts(lake);
  const ports: LoadPorts = {
    ...bare,
    engine: {
      ...bare.engine,
      repeated: async (order, limit) => {
        if (limit > 0) asked.push(order.pieces.map(p => String(p.part)));
        return bare.engine.repeated(order, limit);
      },
    },
  };
  const source = filesSource(lake.landing, { table: T, from: ['copy/'] });
  const recipe = await projectOf(lake, source, T, { ports }).plan();
  const parts: GroupPart[] = [];
  for await (const { key } of ports.store.list(`${folderOf(recipe)}/groups/`)) {
    const summary = await splitGroup(ports, recipe, { payload: { group: key } });
    const split = JSON.parse(Buffer.from((await ports.store.get(summary))!).toString()) as SplitSummary;
    parts.push(...split.parts.map(part => ({ ...part, group: split.group })));
  }
  return { ports, recipe, parts, asked };
}

async function rowsOf({ store }: LoadPorts, recipe: Recipe, part: GroupPart): Promise<string[]> {
  const file = await openFile(store, { path: store.uri(part.key), size: part.bytes });
  const rows: string[] = [];
  for await (const piece of allPieces(file, recipe.shape.tableFields.slice(0, 3)))
    rows.push(...batchRows(piece).map(row => row.join('|')));
  expect(rows).toHaveLength(part.rows);
  return rows;
}

const anyRow: fc.Arbitrary<Row> = fc.tuple(
  fc.constantFrom('a', 'b', 'ä', '\u{ffff}', '😀', "'", 'zz', '%'),
  fc.nat(3),
  fc.option(fc.nat(3), { nil: null }),
);
const anyFiles = fc.array(fc.array(anyRow, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 });

test('settleKeys.ranges: key range by key range comes out what comes out at once, and what a naive look says', async () => {
  await fc.assert(
    fc.asyncProperty(anyFiles, async files => {
      const { ports, recipe, parts, asked } = await partsOf(files, { newestBy: 'at' });
      const once = await settleKeys(ports, recipe, parts);
      expect(asked.length).toBeLessThanOrEqual(1);
      const rows = async (some: readonly GroupPart[]) => {
        const all: string[][] = [];
        for (const part of some) all.push(await rowsOf(ports, recipe, part));
        return all;
      };
      const expected = await rows(once.parts);
      const ranged = await settleKeys(ports, recipe, parts, 1);
      expect(ranged.outdone).toBe(once.outdone);
      expect(await rows(ranged.parts)).toEqual(expected);
      const newest = new Map<string, number>();
      for (const [a, b, at] of files.flat())
        newest.set(`${a}|${b}`, Math.max(newest.get(`${a}|${b}`) ?? -1, at ?? -1));
      const kept = expected.flat().map(row => row.replace(/\|$/, '|-1'));
      expect(kept.sort()).toEqual([...newest].map(([key, at]) => `${key}|${at}`).sort());
      expect(once.outdone).toBe(files.flat().length - newest.size);
    }),
    { numRuns: 12 },
  );
}, 300_000);

test('settleKeys.again: who goes on after a crash reads no range again in which no rows share a key', async () => {
  const files: Row[][] = ['a', 'm', 'z'].flatMap(key => [[[key, 1, 1]], [[key, 2, 1]]] as Row[][]);
  const { ports, recipe, parts, asked } = await partsOf(files, 'refuse');
  let left = 2;
  const repeated: typeof ports.engine.repeated = async (order, limit) => {
    if (left-- === 0) throw new Error('killed');
    return ports.engine.repeated(order, limit);
  };
  const dying = { ...ports, engine: { ...ports.engine, repeated } };
  await expect(settleKeys(dying, recipe, parts, 1)).rejects.toThrow('killed');
  const before = asked.splice(0);
  expect(await settleKeys(ports, recipe, parts, 1)).toEqual({ parts, outdone: 0 });
  expect(before.length).toBe(2);
  expect(asked.length).toBeGreaterThan(0);
  for (const one of asked) expect(before).not.toContainEqual(one);
});

test('settleKeys.refused: the rows that share a key are the same ones in the same order', async () => {
  const files: Row[][] = [
    [
      ['a', 1, 1],
      ['m', 1, 1],
      ['x', 2, 1],
    ],
    [
      ['a', 1, 2],
      ['n', 1, 1],
      ['x', 2, 1],
    ],
    [
      ['a', 1, 3],
      ['m', 1, 3],
    ],
  ];
  const { ports, recipe, parts, asked } = await partsOf(files, 'refuse');
  const said = (bytesMax?: number) => settleKeys(ports, recipe, parts, bytesMax).catch(String);
  const once = await said();
  expect(once).toMatch(
    /TM_2754.*3 keys.*a, 1 in mem:\/\/landing\/copy\/0\.csv; a, 1 in .*1\.csv; .*m, 1 in .*2\.csv; x, 2 in/,
  );
  expect(asked).toHaveLength(1);
  expect(await said(1)).toBe(once);
  expect(asked.length).toBeGreaterThan(2);
});

test('settleKeys.apart: of parts whose keys stand apart nothing is read; of others those alone that meet', async () => {
  const rows = (from: string, ...more: Row[]): Row[] => [[`${from}0`, 0, 1], [`${from}9`, 1, 1], ...more];
  const apart = await partsOf([rows('a'), rows('b'), rows('c')], 'refuse');
  expect(apart.parts).toHaveLength(6);
  const blind = { ...apart.ports, store: refusing(apart.ports.store) };
  expect(await settleKeys(blind, apart.recipe, apart.parts)).toEqual({ parts: apart.parts, outdone: 0 });
  // Rows of one group meet those of the next one; a group that repeats a key is compared with itself.
  const meeting = await partsOf([rows('a', ['b5', 0, 1]), rows('b'), rows('c')], 'refuse');
  await settleKeys(meeting.ports, meeting.recipe, meeting.parts);
  expect(meeting.asked).toEqual([['0', '2']]);
  const within = await partsOf([rows('a'), rows('b', ['b0', 0, 2])], 'refuse');
  await expect(settleKeys(within.ports, within.recipe, within.parts)).rejects.toThrow(/TM_2754.*b0, 0/);
  expect(within.asked).toEqual([['2', '3']]);
});

function refusing(store: LoadPorts['store']): LoadPorts['store'] {
  const refuse = () => {
    throw new Error('read');
  };
  return { ...store, get: refuse, range: refuse, stream: refuse, head: refuse };
}
