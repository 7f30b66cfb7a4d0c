import { type Type, types } from 'avsc';
import type { RowFault } from '../errors';
import { AvroFault } from './errors';
import { SINGLE_OBJECT_HEAD } from './fingerprint';
import { AvroInput } from './input';
import { JsonText } from './json-text';
import { branchesOf, keyOf, Reading, recordStep, unionStep } from './reading';
import { Resolution } from './resolution';
import type { AvroSchema } from './schema';
import type { Step } from './values';

/** A reader's schema, and the members of a record that are rows; none: the record itself is one. */
export interface RowReader {
  readonly schema: AvroSchema;
  readonly rows: readonly string[];
}

/** Reads records in Avro as the JSON text of the same value. What was understood of a schema is kept while it lives. */
export class AvroRecords {
  private readonly input = new AvroInput();
  private readonly text = new JsonText();
  private readonly steps = new Map<AvroSchema, Map<RowReader | undefined, Step>>();

  /** @param record a single-object encoding whose writer's schema this is */
  read(record: Uint8Array, writer: AvroSchema, reader?: RowReader): Buffer | RowFault {
    const { input, text } = this;
    try {
      const step = this.stepOf(writer, reader);
      input.begin(record, SINGLE_OBJECT_HEAD);
      text.begin();
      step(input, text);
      input.end();
      return text.text();
    } catch (error) {
      if (error instanceof AvroFault) return error.said;
      throw error;
    }
  }

  private stepOf(writer: AvroSchema, reader: RowReader | undefined): Step {
    const ofWriter = this.steps.get(writer) ?? new Map<RowReader | undefined, Step>();
    const known = ofWriter.get(reader);
    if (known) return known;
    const step = reader ? rowsStep(writer.type, reader) : new Reading().step(writer.type);
    this.steps.set(writer, ofWriter.set(reader, step));
    return step;
  }
}

/** The rows as their reader has them, what stands around them as it was written. */
function rowsStep(writer: Type, { schema, rows }: RowReader): Step {
  const resolution = new Resolution();
  const reading = new Reading();
  /** A row may be missing: what was before an insert, say. */
  const row = (type: Type): Step => {
    const branches = branchesOf(type);
    if (branches) return unionStep(branches.map(row));
    return type.typeName === 'null' ? reading.step(type) : resolution.step(type, schema.type);
  };
  const around = (type: Type): Step => {
    const branches = branchesOf(type);
    if (branches) return unionStep(branches.map(around));
    if (!(type instanceof types.RecordType)) return reading.step(type);
    return recordStep(
      type.fields.map(({ name, type: of }) => ({
        name,
        key: keyOf(name),
        step: rows.includes(name) ? row(of) : reading.step(of),
      })),
    );
  };
  return rows.length === 0 ? row(writer) : around(writer);
}
