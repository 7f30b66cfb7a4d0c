import fc from 'fast-check';
import type { Batch } from '../../lib/columnar/column';
import { columnFromScalars } from '../../lib/columnar/kernels';
import type { Field, PrimitiveType, Scalar } from '../../lib/columnar/types';

export const ALL_TYPES: readonly PrimitiveType[] = [
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'timestamp',
  'timestamptz',
  'string',
  'binary',
  'decimal(9,2)',
  'decimal(18,4)',
  'decimal(38,10)',
];

const limit64 = 2n ** 63n;

/** Values of a type, its extremes included. */
export function scalarsOf(type: PrimitiveType): fc.Arbitrary<Exclude<Scalar, null>> {
  switch (type) {
    case 'boolean':
      return fc.boolean();
    case 'int':
      return fc.integer();
    case 'date':
      // Years 1 to 9999: DuckDB's own rows beyond are infinities.
      return fc.integer({ min: -719162, max: 2932896 });
    case 'long':
      return fc.bigInt({ min: -limit64, max: limit64 - 1n });
    case 'timestamp':
    case 'timestamptz':
      return fc.bigInt({ min: -62135596800000000n, max: 253402300799999999n });
    case 'float':
      return fc.float();
    case 'double':
      return fc.double();
    case 'string':
      return fc.string({ unit: 'grapheme', maxLength: 40 });
    case 'binary':
      return fc.uint8Array({ maxLength: 40 });
    default: {
      const max = 10n ** BigInt(/\d+/.exec(type)![0]) - 1n;
      return fc.bigInt({ min: -max, max });
    }
  }
}

export function nullableOf(type: PrimitiveType): fc.Arbitrary<Scalar> {
  return fc.option(scalarsOf(type), { nil: null, freq: 4 });
}

/** A type and some values of it. */
export const typedValues = fc
  .constantFrom(...ALL_TYPES)
  .chain(type => fc.tuple(fc.constant(type), fc.array(nullableOf(type), { maxLength: 60 })));

/** A field of every type, optional. */
export const ALL_FIELDS: readonly Field[] = ALL_TYPES.map((type, i) => ({
  id: i + 1,
  name: `c_${type.replace(/\W/g, '_')}`,
  type,
  required: false,
}));

/** A batch with a column of every type, from rows of scalars. */
export function batchOf(fields: readonly Field[], rows: readonly (readonly Scalar[])[]): Batch {
  const columns = fields.map((f, i) =>
    columnFromScalars(
      f.type,
      rows.map(r => r[i]!),
    ),
  );
  return { length: rows.length, fields, columns };
}

export const rowsOfAllTypes = fc.array(fc.tuple(...ALL_TYPES.map(nullableOf)), {
  minLength: 1,
  maxLength: 40,
});
