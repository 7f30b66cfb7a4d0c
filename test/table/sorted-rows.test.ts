import fc from 'fast-check';
import type { Batch } from '../../lib/columnar/column';
import { columnFromScalars, valueAt } from '../../lib/columnar/kernels';
import type { Field } from '../../lib/columnar/types';
import { mergeSorted } from '../../lib/table/sorted-rows';

const ID: Field = { id: 1, name: 'id', type: 'long', required: true };
const FROM: Field = { id: 2, name: 'from', type: 'string', required: false };

/** The rows of a source as batches of the given lengths. */
async function* batches(ids: readonly number[], name: string, length: number): AsyncGenerator<Batch> {
  for (let i = 0; i < ids.length; i += length) {
    const part = ids.slice(i, i + length);
    const id = columnFromScalars('long', part.map(BigInt));
    const from = columnFromScalars(
      'string',
      part.map((_, k) => `${name}${i + k}`),
    );
    yield { length: part.length, fields: [ID, FROM], columns: [id, from] };
  }
}

test('sorted.merge: all rows of the sources, in one order', async () => {
  const ids = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 }).map(a => a.sort((x, y) => x - y));
  await fc.assert(
    fc.asyncProperty(
      fc.array(ids, { maxLength: 5 }),
      fc.integer({ min: 1, max: 7 }),
      async (given, length) => {
        const sources = given.map((source, s) => batches(source, `${s}-`, length));
        const merged: string[] = [];
        for await (const batch of mergeSorted(sources, [ID])) {
          for (let i = 0; i < batch.length; i++)
            merged.push(`${valueAt(batch.columns[0]!, i)} ${valueAt(batch.columns[1]!, i)}`);
        }
        const expected = given
          .flatMap((source, s) => source.map((id, i) => ({ id, name: `${id} ${s}-${i}` })))
          .sort((a, b) => a.id - b.id);
        const keys = (rows: readonly string[]) => rows.map(row => row.split(' ')[0]);
        expect(keys(merged)).toEqual(keys(expected.map(row => row.name)));
        expect([...merged].sort()).toEqual(expected.map(row => row.name).sort());
      },
    ),
  );
});
