import { readFileSync } from 'node:fs';
import { duckDbCopyEngine } from '../../../lib/adapters/local/duckdb-copy';
import type { Scalar } from '../../../lib/columnar/types';
import { footerOfFile } from '../../../lib/parquet/footer';
import { userFields } from '../../../lib/table/columns';
import { fieldsNamed, LIMITS, LoadFolder, logFields, rowsIn } from './load-files';

const at = new LoadFolder();
afterAll(() => at.close());

const FIELDS = logFields({ id: 'long', text: 'string', more: 'string' });
const USER = userFields(FIELDS);
const KEY = fieldsNamed(FIELDS, 'id');
const KiB = 1024;

/** Of no two rows the same, and as they are compressed. */
const textOf = (id: number) => `${id} `.padEnd(64 * KiB, String(id * id));

test('wide: 64 KB a row, more than memory holds; the rows stand sorted in row groups of the limit', async () => {
  const engine = duckDbCopyEngine({ tempFolder: at.path('temp'), memoryLimit: '80MB', sortBytes: 32 << 20 });
  const ids = Array.from({ length: 2000 }, (_, i) => (i * 7919) % 2000);
  const files = [];
  for (let f = 0; f < 4; f++) {
    // The last file lacks a column that the others have.
    const some = f < 3 ? USER : USER.slice(0, 2);
    const rows = ids.slice(500 * f, 500 * f + 500).map((id): Scalar[] => [BigInt(id), textOf(id), `m${id}`]);
    files.push(at.parquet(`wide-${String(f).padStart(2, '0')}.parquet`, some, rows));
  }
  const copy = { files };
  const parts = await engine.split(at.order({ copy, fields: FIELDS, key: KEY, keysRepeat: true }));
  expect(parts.reduce((sum, part) => sum + part.rows, 0)).toBe(2000);
  for (const { file } of parts)
    for (const g of footerOfFile(readFileSync(file)).rowGroups) expect(g.rows).toBeLessThanOrEqual(128);
  const file = `${at.fresh()}/pack.parquet`;
  const order = { fields: USER, key: KEY, sortBy: [], limits: LIMITS, file };
  expect((await engine.pack({ ...order, parts: parts.map(p => p.file) })).rows).toBe(2000);
  const [id, text, more] = USER;
  expect(rowsIn(file, [id!, more!])).toEqual(
    Array.from({ length: 2000 }, (_, i) => [BigInt(i), ids.indexOf(i) < 1500 ? `m${i}` : null]),
  );
  expect(rowsIn(file, [text!]).every(([value], i) => value === textOf(i))).toBe(true);
}, 120_000);

test('wide: what memory does not hold is said to be so, and no file is blamed', async () => {
  const engine = duckDbCopyEngine({ tempFolder: at.path('temp'), memoryLimit: '40MB' });
  const rows = Array.from({ length: 2000 }, (_, i): Scalar[] => [BigInt(i), textOf(i), null]);
  const files = [at.parquet('wide.parquet', USER, rows)];
  const split = engine.split(at.order({ copy: { files }, fields: FIELDS, key: KEY }));
  await expect(split).rejects.toThrow(/TM_2735.*wide\.parquet/);
}, 60_000);
