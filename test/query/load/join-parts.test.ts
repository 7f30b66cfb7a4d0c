import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Scalar } from '../../../lib/columnar/types';
import { sameSchema } from '../../../lib/parquet/assemble';
import { footerOfFile } from '../../../lib/parquet/footer';
import { fileMetrics } from '../../../lib/parquet/metrics';
import { encodeRowGroup } from '../../../lib/parquet/wasm';
import type { PackOrder } from '../../../lib/ports/copy-engine';
import { currentFields, userFields } from '../../../lib/table/columns';
import { ALL_TYPES, batchOf, nullableOf } from '../../columnar/arbitraries';
import { Duck } from '../../parquet/files';
import { fieldsNamed, LoadFolder, logFields, rowsIn } from './load-files';

const at = new LoadFolder();
let duck: Duck;
beforeAll(async () => {
  duck = await Duck.open();
});
afterAll(async () => {
  duck.close();
  await at.close();
});

const FIELDS = logFields({ id: 'string', ...Object.fromEntries(ALL_TYPES.map((t, i) => [`c${i}`, t])) });
const USER = userFields(FIELDS);
const KEY = fieldsNamed(FIELDS, 'id');
const TABLE = currentFields(FIELDS, ['id']);
/** Below any row group that there is, and above: then the parts are joined, or written anew. */
const JOINED = { rowGroupRowsMax: 4, rowGroupBytesMax: 1 << 20 };
const ANEW = { rowGroupRowsMax: 122_880, rowGroupBytesMax: 8 << 20 };

const values = fc.tuple(...ALL_TYPES.map(nullableOf));
const lists = fc.array(fc.array(values, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 });

/** Parts of a key each begins beyond the one before, in any order. */
async function partsOf(given: readonly (readonly (readonly Scalar[])[])[]): Promise<string[]> {
  const files: string[] = [];
  for (const [i, rows] of given.entries()) {
    const keyed = rows.map((row, j) => [`k${String(i).padStart(3, '0')}-${j}`, ...row]);
    const copy = { files: [at.parquet(`rows-${i}.parquet`, USER, keyed)] };
    const [part] = await at.engine.split(at.order({ copy, fields: FIELDS, key: KEY, keysRepeat: true }));
    files.unshift(part!.file);
  }
  return files;
}

async function packed(order: Omit<PackOrder, 'file'>): Promise<{ file: string; bytes: Buffer }> {
  const file = `${at.fresh()}/pack.parquet`;
  const { rows, bytes } = await at.engine.pack({ ...order, file });
  const stored = readFileSync(file);
  expect([rows, bytes]).toEqual([footerOfFile(stored).rows, stored.length]);
  return { file, bytes: stored };
}

test('pack.joined: row groups copied as they are are the rows, bounds and schema that writing them anew gives', async () => {
  await fc.assert(
    fc.asyncProperty(lists, async given => {
      const order = { parts: await partsOf(given), fields: TABLE, key: KEY, sortBy: [] };
      const joined = await packed({ ...order, limits: JOINED });
      const anew = await packed({ ...order, limits: ANEW });
      const footers = [joined, anew].map(({ bytes }) => footerOfFile(bytes)) as [never, never];
      const [own, other] = footers as ReturnType<typeof footerOfFile>[];
      expect(own!.rowGroups).toHaveLength(given.length);
      expect(other!.rowGroups).toHaveLength(1);
      expect(own!.columns.map(c => [c.fieldId, c.name])).toEqual(TABLE.map(f => [f.id, f.name]));
      expect(rowsIn(joined.file, TABLE)).toEqual(rowsIn(anew.file, TABLE));
      expect(sameSchema(own!, other!)).toBe(true);
      const [a, b] = [own!, other!].map(footer => fileMetrics(footer, TABLE));
      expect([a!.valueCounts, a!.nullCounts, a!.lower, a!.upper]).toEqual([
        b!.valueCounts,
        b!.nullCounts,
        b!.lower,
        b!.upper,
      ]);
      const names = TABLE.map(f => `"${f.name}"`).join(', ');
      const list = (file: string) =>
        duck.rows(
          `SELECT ${names}, file_row_number FROM read_parquet(${quoted(file)}, file_row_number = true)`,
        );
      expect(await list(joined.file)).toEqual(await list(anew.file));
      const objects = ({ bytes }: { bytes: Buffer }) =>
        parquetReadObjects({
          file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer,
          compressors,
        });
      expect(await objects(joined)).toEqual(await objects(anew));
    }),
    { numRuns: 10 },
  );
}, 120_000);

const quoted = (file: string) => `'${file.replaceAll("'", "''").replace(/[*?[]/g, '[$&]')}'`;

const plain = (n: number): Scalar[][] => Array.from({ length: n }, () => ALL_TYPES.map(() => null));

test('pack.joined: only where the order is that of the key and every column stands in the parts', async () => {
  const parts = await partsOf([plain(3), plain(3)]);
  const groups = async (order: Partial<PackOrder>) => {
    const whole = { parts, fields: TABLE, key: KEY, sortBy: [], limits: JOINED, ...order };
    return footerOfFile((await packed(whole)).bytes).rowGroups.length;
  };
  expect(await groups({})).toBe(2);
  expect(await groups({ sortBy: [{ field: KEY[0]! }] })).toBe(2);
  expect(await groups({ sortBy: [{ field: KEY[0]!, descending: true }] })).toBe(1);
  expect(await groups({ sortBy: [{ field: TABLE[1]! }] })).toBe(1);
  const [first, ...others] = TABLE;
  expect(await groups({ fields: [...TABLE, { id: 99, name: 'new', type: 'int', required: false }] })).toBe(1);
  expect(await groups({ fields: [first!, { ...others[0]!, name: 'renamed' }] })).toBe(1);
  expect(await groups({ fields: [first!, { ...others[2]!, type: 'decimal(20,0)' }] })).toBe(1);
});

test('pack.schema: what our encoder writes stands beside the row groups of a pack', async () => {
  const { bytes } = await packed({
    parts: await partsOf([plain(2)]),
    fields: TABLE,
    key: KEY,
    sortBy: [],
    limits: ANEW,
  });
  const ours = encodeRowGroup(
    batchOf(
      FIELDS.filter(f => TABLE.some(t => t.id === f.id)),
      [],
    ),
  );
  expect(sameSchema(footerOfFile(bytes), footerOfFile(ours))).toBe(true);
});
