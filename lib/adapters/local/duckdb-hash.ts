import type { DuckDBBlobVector, DuckDBScalarFunction, DuckDBVector } from '@duckdb/node-api';
import { minimalBytes } from '../../iceberg/decimal-bytes';
import { murmur3 } from '../../iceberg/murmur3';
import { HASH_BYTES, HASH_INTEGER } from '../../query/load/murmur-sql';
import type { DuckDbModule } from './duckdb';

/** Our own hash under the bucket transform, for what SQL cannot hash; NULL of NULL. One call serves 2,048 rows. */
export function hashFunctions({
  BLOB,
  HUGEINT,
  INTEGER,
  DuckDBScalarFunction,
}: DuckDbModule): DuckDBScalarFunction[] {
  const mapped = (hash: (vector: DuckDBVector, row: number) => number | null) =>
    ({
      mainFunction: (_, input, output) => {
        const vector = input.getColumnVector(0);
        for (let row = 0; row < input.rowCount; row++) output.setItem(row, hash(vector, row));
        output.flush();
      },
    }) satisfies Partial<Parameters<typeof DuckDBScalarFunction.create>[0]>;
  return [
    DuckDBScalarFunction.create({
      name: HASH_BYTES,
      returnType: INTEGER,
      parameterTypes: [BLOB],
      ...mapped((vector, row) => {
        const bytes = (vector as DuckDBBlobVector).getItemBytes(row);
        return bytes && murmur3(bytes);
      }),
    }),
    DuckDBScalarFunction.create({
      name: HASH_INTEGER,
      returnType: INTEGER,
      parameterTypes: [HUGEINT],
      ...mapped((vector, row) => {
        const value = vector.getItem(row) as bigint | null;
        return value === null ? null : murmur3(minimalBytes(value));
      }),
    }),
  ];
}
