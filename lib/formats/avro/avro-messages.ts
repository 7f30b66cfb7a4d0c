import type { MessageReader, RecordFormat, StreamMessage } from '../stream-message';
import { badAvro } from './errors';
import { fingerprintIn, isSingleObject } from './fingerprint';
import { AvroRecords, type RowReader } from './records';
import { type AvroSchema, avroSchema } from './schema';

/** What is known of the writers' schemas of a stream, by fingerprint. */
export interface WriterSchemas {
  readonly find: (fingerprint: string) => AvroSchema | undefined;
}

export const NO_SCHEMAS: WriterSchemas = { find: () => undefined };

/** Which members of a record are rows, by the shape it has. */
const ROWS: Readonly<Record<RecordFormat, readonly string[]>> = {
  'service-event': ['data'],
  event: ['data'],
  debezium: ['before', 'after'],
  dms: ['data', 'before-image'],
  json: [],
};

/**
 * Reads records in Avro: each as the JSON text of the same value, which goes the way of its shape.
 * @param shaped reads that JSON text
 */
export function avroMessages(schemas: WriterSchemas, shaped: MessageReader): MessageReader {
  const records = new AvroRecords();
  const read = (record: Uint8Array, writer: AvroSchema, reader?: RowReader): StreamMessage => {
    const json = records.read(record, writer, reader);
    return 'code' in json ? { kind: 'fault', fault: json } : shaped(json);
  };
  return record => {
    const fingerprint = fingerprintIn(record);
    if (!isSingleObject(record) || fingerprint === undefined)
      return { kind: 'fault', fault: badAvro('it does not begin with C3 01 and a fingerprint') };
    const writer = schemas.find(fingerprint);
    if (!writer) return { kind: 'unread', fingerprint };
    const message = read(record, writer);
    if (message.kind !== 'change') return message;
    const { format } = message;
    return { ...message, readAs: json => read(record, writer, rowReader(json, format)) };
  };
}

const readers = new WeakMap<object, Map<RecordFormat, RowReader>>();

/** A table's schema, understood once. It was checked with the config. */
function rowReader(json: object, format: RecordFormat): RowReader {
  const known = readers.get(json) ?? new Map<RecordFormat, RowReader>();
  readers.set(json, known);
  const reader = known.get(format) ?? { schema: avroSchema(json, 'reader'), rows: ROWS[format] };
  known.set(format, reader);
  return reader;
}
