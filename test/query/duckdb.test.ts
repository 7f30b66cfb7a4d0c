import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckDb } from '../../lib/adapters/local/duckdb';
import type { Field } from '../../lib/columnar/types';
import type { DataFile } from '../../lib/iceberg/data-file';
import { noMetrics } from '../../lib/iceberg/data-file';
import { footerOfFile } from '../../lib/parquet/footer';
import type { WritingEngine } from '../../lib/ports/query-engine';
import { quoteName, quoteText } from '../../lib/query/quote';
import { scanSql } from '../../lib/query/scan';
import type { LiveFile } from '../../lib/table/live-files';

let engine: WritingEngine;
// Letters that are patterns to DuckDB, and a quote.
const top = mkdtempSync(join(tmpdir(), "tide*[a]?'-"));
beforeAll(async () => {
  engine = await openDuckDb({ threads: 1, folders: [top] });
});
afterAll(async () => {
  await engine.close();
  rmSync(top, { recursive: true, force: true });
});

const one = async (sql: string) => (await engine.rows({ sql })).rows[0];

test('quote.names and texts: survive every letter', async () => {
  const hard = `a "b" 'c' \\ ; -- é`;
  const { columns, rows } = await engine.rows({ sql: `SELECT ${quoteText(hard)} AS ${quoteName(hard)}` });
  expect([columns[0]!.name, rows[0]![0]]).toEqual([hard, hard]);
});

test('duckdb.views: a name is what the statement says it is, whatever others read under it', async () => {
  const views = (count: number) => [{ name: 'my "view"', sql: `SELECT range AS n FROM range(${count})` }];
  const sql = 'SELECT n FROM "my ""view"""';
  const first = (await engine.stream({ sql, views: views(5000) })).batches;
  expect((await engine.rows({ sql: `SELECT count(*) FROM (${sql})`, views: views(3) })).rows).toEqual([[3n]]);
  let rows = 0;
  for await (const batch of first) rows += batch.length;
  expect(rows).toBe(5000);
  expect(await engine.readsOnly({ sql, views: views(1) })).toBe(true);
  await expect(engine.rows({ sql })).rejects.toMatchObject({ code: 'TM_6001' });
  const broken = [{ name: 'v', sql: 'SELECT nothing' }];
  await expect(engine.rows({ sql, views: broken })).rejects.toMatchObject({ code: 'TM_6001' });
});

test('duckdb.close: a stream under way ends with an error, never as if that were all', async () => {
  const own = await openDuckDb({ threads: 1 });
  const { batches } = await own.stream({ sql: 'SELECT range FROM range(100000)' });
  await own.stream({ sql: 'SELECT 1' });
  const read = async () => {
    let rows = 0;
    for await (const batch of batches) {
      rows += batch.length;
      await own.close();
    }
    return rows;
  };
  await expect(read()).rejects.toMatchObject({ code: 'TM_6001' });
});

const FIELDS: readonly Field[] = [
  { id: 7, name: 'id', type: 'long', required: false },
  { id: 3, name: 'file_row_number', type: 'string', required: false },
];

const file = (path: string, content: 0 | 1 | 2, equalityIds: number[] | null = null): DataFile => ({
  content,
  path,
  format: 'PARQUET',
  specId: 0,
  partition: [],
  recordCount: 0,
  size: 0,
  metrics: noMetrics(),
  keyMetadata: null,
  equalityIds,
  sortOrderId: null,
  referencedDataFile: null,
});

async function written(name: string, sql: string, fields: readonly Field[] = FIELDS): Promise<string> {
  const [path] = await engine.writeParquet({ sql, fields, folder: join(top, name) });
  return path!;
}

const live = (sequenceNumber: number, data: DataFile): LiveFile => ({ file: data, sequenceNumber });

test('duckdb.writeParquet: ids, order and nothing for no rows', async () => {
  const path = await written('w', "SELECT i AS id, 'x' AS file_row_number FROM range(300000, 0, -1) t(i)");
  const footer = footerOfFile(readFileSync(path));
  expect(footer.columns.map(c => [c.fieldId, c.name])).toEqual([
    [7, 'id'],
    [3, 'file_row_number'],
  ]);
  const scan = scanSql({ data: [live(1, file(path, 0))], deletes: [] }, FIELDS, { rowNumber: true });
  expect(await one(`SELECT count(*) FROM (${scan}) WHERE id + _tm_row_number <> 300000`)).toEqual([0n]);
  const sql = "SELECT 1 AS id, 'x' AS file_row_number WHERE false";
  expect(await engine.writeParquet({ sql, fields: FIELDS, folder: join(top, 'none') })).toEqual([]);
});

test('scan.fields: by id, whatever a file calls them; absent ones NULL, narrower ones widened', async () => {
  const narrow: Field = { id: 7, name: 'was', type: 'int', required: false };
  const old = await written('old', 'SELECT 1::INTEGER AS was', [narrow]);
  const now = await written('now', "SELECT 5000000000 AS id, 'b' AS file_row_number");
  const data = [live(1, file(old, 0)), live(2, file(now, 0))];
  const { rows } = await engine.rows({ sql: `${scanSql({ data, deletes: [] }, FIELDS)} ORDER BY id` });
  expect(rows).toEqual([
    [1n, null],
    [5000000000n, 'b'],
  ]);
});

const POSITIONS: readonly Field[] = [
  { id: 2147483546, name: 'file_path', type: 'string', required: true },
  { id: 2147483545, name: 'pos', type: 'long', required: true },
];

test('scan.deletes: by position and by value, each only against the files it reaches', async () => {
  const numbers =
    "SELECT i AS id, CASE WHEN i = 2 THEN NULL ELSE 'n' || i END AS file_row_number FROM range(4) t(i)";
  const a = await written('a', numbers);
  const b = await written('b', numbers);
  const gone = await written('p', `SELECT ${quoteText(a)} AS file_path, 0::BIGINT AS pos`, POSITIONS);
  const same = await written('e', 'SELECT NULL::VARCHAR AS file_row_number', [FIELDS[1]!]);
  const files = {
    data: [live(1, file(a, 0)), live(3, file(b, 0))],
    deletes: [live(2, file(gone, 1)), live(3, file(same, 2, [3]))],
  };
  const ids = async (fields: readonly Field[]) => {
    const sql = `SELECT id FROM (${scanSql(files, fields, { known: FIELDS })}) ORDER BY ALL`;
    return (await engine.rows({ sql })).rows.map(([id]) => Number(id));
  };
  // The equality delete is as new as b, so it only counts against a.
  expect(await ids(FIELDS)).toEqual([0, 1, 1, 2, 3, 3]);
  expect(await ids([FIELDS[0]!])).toEqual([0, 1, 1, 2, 3, 3]);
});

test('scan.empty: typed', async () => {
  const { columns } = await engine.rows({ sql: scanSql({ data: [], deletes: [] }, FIELDS) });
  expect(columns.map(c => c.type)).toEqual(['BIGINT', 'VARCHAR']);
});
