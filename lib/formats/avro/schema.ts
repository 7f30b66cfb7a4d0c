import { Type, types } from 'avsc';
import { AvroFault, notAvroSchema } from './errors';
import { crc64Avro } from './fingerprint';
import { cleaned } from './schema-json';

/** A schema that was understood: its types, and what tells it from others. */
export interface AvroSchema {
  readonly type: Type;
  /** CRC-64-AVRO of the Parsing Canonical Form, lowest byte first. */
  readonly fingerprint: string;
  /** What the fingerprint leaves out but values depend on: two schemas of one fingerprint may differ in logical types. */
  readonly meaning: string;
}

/** A value with a meaning beyond its type, such as a date that is an int. */
export class MeaningType extends types.LogicalType {
  readonly meaning: string;
  readonly precision: number;
  readonly scale: number;

  constructor(...schema: ConstructorParameters<typeof types.LogicalType>) {
    super(...schema);
    const said = schema[0] as unknown as { logicalType: string; precision?: number; scale?: number };
    this.meaning = said.logicalType;
    this.precision = said.precision ?? 0;
    this.scale = said.scale ?? 0;
  }

  protected override _export(schema: unknown): void {
    if (this.meaning === 'decimal')
      Object.assign(schema as object, { precision: this.precision, scale: this.scale });
  }

  protected override _fromValue(value: unknown): unknown {
    return value;
  }

  protected override _toValue(value: unknown): unknown {
    return value;
  }
}

/**
 * A schema as its JSON says. Of a writer's schema defaults and aliases go: only a reader's count.
 * @throws AvroFault with TM_2195
 */
export function avroSchema(json: unknown, role: 'writer' | 'reader'): AvroSchema {
  const { schema, meanings } = cleaned(json, role);
  const type = typeOf(schema, meanings);
  return {
    type,
    // avsc's schema without attributes is the Parsing Canonical Form.
    fingerprint: crc64Avro(Buffer.from(JSON.stringify(type.schema()))),
    meaning: JSON.stringify(type.schema({ exportAttrs: true })),
  };
}

function typeOf(schema: unknown, meanings: ReadonlySet<string>): Type {
  const logicalTypes = Object.fromEntries([...meanings].map(name => [name, MeaningType]));
  const registry = Object.create(null) as Record<string, Type>;
  try {
    // All unions are wrapped: nothing is decoded by avsc, and none of them is ambiguous then.
    return Type.forSchema(schema as string, {
      logicalTypes,
      registry,
      wrapUnions: true,
      noAnonymousTypes: false,
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AvroFault(() => notAvroSchema(why));
  }
}
