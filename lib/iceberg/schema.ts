/** Iceberg schemas and their JSON. @see https://iceberg.apache.org/spec/#schemas */
import { decimalOf, type Field, type PrimitiveType } from '../columnar/types';
import { metadataUnreadable, schemaInvalid, typeUnknown } from './errors';

/** A version of a table's columns. identifierFieldIds: the key columns. */
export interface Schema {
  readonly 'schema-id': number;
  readonly fields: readonly Field[];
  readonly identifierFieldIds: readonly number[];
}

/** A schema as it stands in metadata; keys we do not know survive. */
export interface SchemaJson {
  readonly type: 'struct';
  readonly 'schema-id'?: number;
  readonly 'identifier-field-ids'?: readonly number[];
  readonly fields: readonly FieldJson[];
  readonly [key: string]: unknown;
}

export interface FieldJson {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: unknown;
  readonly doc?: string;
  readonly [key: string]: unknown;
}

/** Column names that Iceberg keeps for itself; Spark reads no table that has one (apache/iceberg#3456). */
export const RESERVED_NAMES: ReadonlySet<string> = new Set([
  '_file',
  '_pos',
  '_deleted',
  '_spec_id',
  '_partition',
  '_row_id',
  '_last_updated_sequence_number',
  '_change_type',
  '_change_ordinal',
  '_commit_snapshot_id',
]);

const PLAIN_TYPES: ReadonlySet<unknown> = new Set<PrimitiveType>([
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
]);

/** The schema as Iceberg JSON. `required` stands on every field: Spark refuses metadata without it. */
export function schemaToJson(schema: Schema): SchemaJson {
  return {
    type: 'struct',
    'schema-id': schema['schema-id'],
    'identifier-field-ids': [...schema.identifierFieldIds],
    fields: schema.fields.map(f => ({
      id: f.id,
      name: f.name,
      required: f.required,
      type: typeToJson(f.type),
      ...(f.doc === undefined ? {} : { doc: f.doc }),
    })),
  };
}

/** Throws TM_4001, naming the column, for a type that the lake does not have; TM_4020 if it is no schema. */
export function schemaFromJson(json: SchemaJson): Schema {
  if (!Array.isArray(json?.fields)) throw metadataUnreadable('a schema without fields', 'schemas');
  for (const f of json.fields as readonly FieldJson[]) {
    if (!typeFromJson(f.type))
      throw typeUnknown(typeof f.type === 'string' ? f.type : JSON.stringify(f.type), f.name);
  }
  return {
    'schema-id': json['schema-id'] ?? 0,
    fields: knownFields(json),
    identifierFieldIds: json['identifier-field-ids'] ?? [],
  };
}

/** The columns of a schema whose types the lake has. */
export function knownFields(json: SchemaJson): Field[] {
  return json.fields.flatMap(f => {
    const type = typeFromJson(f.type);
    if (!type) return [];
    return {
      id: f.id,
      name: f.name,
      required: f.required,
      type,
      ...(f.doc === undefined ? {} : { doc: f.doc }),
    };
  });
}

/** The reference implementation's spelling, with a space in decimals: the one all engines are tested on. */
function typeToJson(type: PrimitiveType): string {
  const decimal = decimalOf(type);
  return decimal ? `decimal(${decimal.precision}, ${decimal.scale})` : type;
}

function typeFromJson(type: unknown): PrimitiveType | undefined {
  if (PLAIN_TYPES.has(type)) return type as PrimitiveType;
  const m = typeof type === 'string' ? /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(type) : null;
  return m ? `decimal(${Number(m[1])},${Number(m[2])})` : undefined;
}

/**
 * Throws TM_4008 for what some engine refuses to read: doubled ids, names that are equal or differ in case only
 * (Spark, Trino and Glue see one column), reserved names, key columns that are optional or floating point.
 */
export function checkSchema(schema: Schema): void {
  const ids = new Set<number>();
  const names = new Set<string>();
  for (const f of schema.fields) {
    if (ids.has(f.id)) throw schemaInvalid(`field id ${f.id} is used twice`, f.name);
    if (names.has(f.name.toLowerCase())) throw schemaInvalid('two columns have this name', f.name);
    if (RESERVED_NAMES.has(f.name)) throw schemaInvalid('the name is reserved by Iceberg', f.name);
    ids.add(f.id);
    names.add(f.name.toLowerCase());
  }
  for (const id of schema.identifierFieldIds) {
    const f = schema.fields.find(x => x.id === id);
    if (!f) throw schemaInvalid(`key column ${id} is missing`, 'identifier-field-ids');
    if (!f.required) throw schemaInvalid('a key column must be required', f.name);
    if (f.type === 'float' || f.type === 'double')
      throw schemaInvalid('a key column may not be floating point', f.name);
  }
}
