import { type FieldSchema, formByDeclaration, formBySchema } from './debezium-values';
import type { Span, ValueForms } from './json-changes';
import { type RecordMembers, textOf } from './record-members';

/** Without a schema the declared type alone says how a value is written. */
export const withoutSchema: ValueForms = { formOf: formByDeclaration };

/** A record bears its schema, which is longer than its row, so a stream repeats few of them. More are read each anew. */
const SCHEMAS_MAX = 256;

interface Known {
  /** A record's bytes from its first to its schema's last. */
  readonly prefix: Uint8Array;
  readonly forms: ValueForms;
}

/** The schemas of a stream's records so far, each understood once. */
export class KnownSchemas {
  private readonly all: Known[] = [];
  private last: Known | undefined;

  /** The payload of a record that begins with a schema known by its bytes, and how its values are read. */
  find(bytes: Uint8Array): { payload: Span; forms: ValueForms } | undefined {
    if (this.last === undefined) return undefined;
    const known = beginsWith(bytes, this.last) ? this.last : this.all.find(one => beginsWith(bytes, one));
    if (!known) return undefined;
    this.last = known;
    const payload = payloadAfter(bytes, known.prefix.length);
    return payload && { payload, forms: known.forms };
  }

  /** How the values of a record are read that has a schema; undefined where the schema is none of a change. */
  learn(record: RecordMembers): ValueForms | undefined {
    const span = record.object('schema');
    if (!span) return withoutSchema;
    const fields = rowFields(JSON.parse(textOf(record.bytes, span)) as ConnectSchema);
    if (!fields) return undefined;
    const forms: ValueForms = {
      formOf: ({ name, type }) => {
        const field = fields.get(name.toLowerCase());
        return field && formBySchema(field, type);
      },
    };
    if (record.find('schema') === 0 && this.all.length < SCHEMAS_MAX) {
      this.last = { prefix: record.bytes.slice(0, span.to), forms };
      this.all.push(this.last);
    }
    return forms;
  }
}

function beginsWith(bytes: Uint8Array, { prefix }: Known): boolean {
  if (bytes.length <= prefix.length) return false;
  return Buffer.compare(bytes.subarray(0, prefix.length), prefix) === 0;
}

const PAYLOAD = Buffer.from('"payload"');

/** `,"payload":<span>}` from there to the record's end; undefined where something else stands. */
function payloadAfter(bytes: Uint8Array, at: number): Span | undefined {
  const comma = skipSpace(bytes, at);
  const name = skipSpace(bytes, comma + 1);
  if (bytes[comma] !== 0x2c || !PAYLOAD.equals(bytes.subarray(name, name + PAYLOAD.length))) return undefined;
  const colon = skipSpace(bytes, name + PAYLOAD.length);
  if (bytes[colon] !== 0x3a) return undefined;
  const end = skipSpaceBack(bytes, bytes.length);
  if (bytes[end - 1] !== 0x7d) return undefined;
  const from = skipSpace(bytes, colon + 1);
  const to = skipSpaceBack(bytes, end - 1);
  return to > from ? { from, to } : undefined;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 32 || byte === 9 || byte === 10 || byte === 13;
}

function skipSpace(bytes: Uint8Array, at: number): number {
  let i = at;
  while (isSpace(bytes[i])) i++;
  return i;
}

function skipSpaceBack(bytes: Uint8Array, at: number): number {
  let i = at;
  while (i > 0 && isSpace(bytes[i - 1])) i--;
  return i;
}

/** A schema as Kafka Connect's JSON converter writes it. */
interface ConnectSchema {
  readonly type?: unknown;
  readonly name?: unknown;
  readonly field?: unknown;
  readonly fields?: readonly (ConnectSchema | null)[];
  readonly parameters?: { readonly scale?: unknown };
}

/**
 * The fields of the row by their names in lower case. None, for an event without a row; undefined where the schema is
 * not as Connect writes it.
 */
function rowFields(schema: ConnectSchema): Map<string, FieldSchema> | undefined {
  if (schema.type !== 'struct' || !Array.isArray(schema.fields)) return undefined;
  const parts = ['before', 'after'].flatMap(name => schema.fields!.filter(part => part?.field === name));
  const fields = new Map<string, FieldSchema>();
  for (const said of parts.flatMap(part => (Array.isArray(part?.fields) ? part.fields : []))) {
    const { field, type, name, parameters } = (said ?? {}) as ConnectSchema;
    if (typeof field !== 'string' || typeof type !== 'string') return undefined;
    const scale = Number(parameters?.scale);
    fields.set(field.toLowerCase(), {
      type,
      ...(typeof name === 'string' ? { name } : {}),
      ...(parameters?.scale !== undefined && Number.isInteger(scale) && scale >= 0 ? { scale } : {}),
    });
  }
  return fields;
}
