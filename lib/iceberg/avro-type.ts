/**
 * Avro schemas as JSON, and their codecs. Iceberg identifies fields by id, names are each writer's own: a codec
 * reads and writes records under the names that `layout` gives to ids, whatever the schema calls them.
 */
import { Type, types } from 'avsc';
import { fromBytes, minimalBytes, paddedBytes } from './decimal-bytes';
import { avroUnreadable } from './errors';

export type AvroSchema = string | readonly AvroSchema[] | AvroNode;

export interface AvroNode {
  readonly type: AvroSchema;
  readonly name?: string;
  readonly fields?: readonly AvroField[];
  readonly items?: AvroSchema;
  readonly values?: AvroSchema;
  readonly [attribute: string]: unknown;
}

export interface AvroField extends AvroNode {
  readonly name: string;
  readonly 'field-id'?: number;
}

/**
 * names: of fields by id; fields it does not have are called `_<id>`. exact: ids of fields in which longs are
 * bigint; all other longs (counts, sizes, sequence numbers) are numbers, and one past 2^53 fails to decode.
 */
export interface AvroLayout {
  readonly names: ReadonlyMap<number, string>;
  readonly exact: ReadonlySet<number>;
}

const CODECS_MAX = 64;
const codecs = new Map<string, Type>();

/** The codec of a schema. Compiling takes about a millisecond, so the last few are kept. Throws TM_4010. */
export function avroCodec(schema: AvroSchema, layout: AvroLayout, where: string): Type {
  const local = JSON.stringify(localise(schema, layout, false, where));
  let codec = codecs.get(local);
  if (!codec) {
    if (codecs.size >= CODECS_MAX) codecs.clear();
    codec = compile(local, where);
    codecs.set(local, codec);
  }
  return codec;
}

function compile(schema: string, where: string): Type {
  try {
    return Type.forSchema(JSON.parse(schema), {
      typeHook: node => (isExactLong(node) ? exactLong : undefined),
      logicalTypes: { decimal: DecimalType },
    });
  } catch (cause) {
    throw avroUnreadable('its Avro schema cannot be read', where, cause);
  }
}

/** avsc's registry overlooks `{type: 'long'}`, so exact longs are marked in the schema and found by a type hook. */
const EXACT_LONG = { type: 'long', exact: true } as const;

function isExactLong(node: unknown): boolean {
  return typeof node === 'object' && node !== null && 'exact' in node;
}

/** Longs as bigints. */
export const exactLong = types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

/** Decimals as their unscaled integer. */
class DecimalType extends types.LogicalType {
  protected override _fromValue(bytes: Buffer): bigint {
    return fromBytes(bytes);
  }

  protected override _toValue(value: unknown): Buffer | undefined {
    if (typeof value !== 'bigint') return undefined;
    const { underlyingType: type } = this;
    return Buffer.from(type instanceof types.FixedType ? paddedBytes(value, type.size) : minimalBytes(value));
  }
}

/** The schema under the layout's names. Defaults and logical types other than decimal go: nothing here needs them. */
function localise(node: AvroSchema, layout: AvroLayout, exact: boolean, where: string): AvroSchema {
  if (typeof node === 'string') return node === 'long' && exact ? EXACT_LONG : node;
  if (Array.isArray(node)) return node.map((n: AvroSchema) => localise(n, layout, exact, where));
  const { type, name, fields, items, values, size, symbols, logicalType, precision, scale } =
    node as AvroNode;
  if (type === 'record') {
    return { type, name, fields: (fields ?? []).map(f => localField(f, layout, exact, where)) };
  }
  if (type === 'array') return { type, items: localise(items ?? 'null', layout, exact, where) };
  if (type === 'map') return { type, values: localise(values ?? 'null', layout, exact, where) };
  if (logicalType === 'decimal') return { type, name, size, logicalType, precision, scale };
  if (type === 'fixed' || type === 'enum') return { type, name, size, symbols };
  return localise(type, layout, exact, where);
}

function localField(field: AvroField, layout: AvroLayout, exact: boolean, where: string): AvroField {
  const id = field['field-id'];
  if (id === undefined) throw avroUnreadable(`Avro field ${field.name} has no field-id`, where);
  const type = localise(field.type, layout, exact || layout.exact.has(id), where);
  return { name: layout.names.get(id) ?? `_${id}`, type };
}
