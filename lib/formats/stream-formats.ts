import { announcements } from './avro/announcement';
import { avroMessages, NO_SCHEMAS, type WriterSchemas } from './avro/avro-messages';
import { badAvro } from './avro/errors';
import { isSingleObject } from './avro/fingerprint';
import { debezium } from './debezium';
import { dmsKinesis } from './dms-kinesis';
import { intakeEvents } from './intake-event';
import type { ValueForms } from './json-changes';
import { jsonEvents } from './json-events';
import { RecordMembers } from './record-members';
import { serviceEvents } from './service-event';
import { faulty, type MessageFormat, type MessageReader, type RecordFormat } from './stream-message';

/** Of `auto`, each record tells its own format. `avro` is an encoding: the value within has one of the shapes. */
export type StreamFormat = RecordFormat | 'auto' | 'avro';

const FORMATS: Readonly<Record<RecordFormat, () => MessageFormat>> = {
  dms: dmsKinesis,
  debezium,
  'service-event': serviceEvents,
  event: intakeEvents,
  json: jsonEvents,
};

export function isStreamFormat(name: string): name is StreamFormat {
  return name === 'auto' || name === 'avro' || Object.hasOwn(FORMATS, name);
}

/** Names of all formats. */
export const streamFormats = (): string[] => [...Object.keys(FORMATS), 'avro', 'auto'];

/** The most telling shape first; any object is a plain event. */
const ORDER = ['event', 'debezium', 'dms', 'service-event', 'json'] as const;

/**
 * Reads the records of a stream: strictly of its format, or of `auto` each by its shape. A record that has the shape of a
 * format and is broken within is a fault, never taken for something plainer.
 * @param schemas those of records in Avro, which only `auto` and `avro` have
 */
export function messageReader(format: StreamFormat, schemas: WriterSchemas = NO_SCHEMAS): MessageReader {
  if (format !== 'auto' && format !== 'avro') return shaped([FORMATS[format]()]);
  const announced = announcements(schemas);
  const others =
    format === 'auto'
      ? shaped([announced, ...ORDER.map(name => FORMATS[name]())])
      : shaped([
          announced,
          { fits: () => true, read: () => faulty(badAvro('it does not begin with C3 01')) },
        ]);
  // What was decoded is text as the lake reads it, whatever the source's own JSON would mean.
  const decoded = ORDER.map(name => (name === 'debezium' ? debezium(AS_IT_STANDS) : FORMATS[name]()));
  const avro = avroMessages(schemas, shaped(decoded));
  return bytes => (isSingleObject(bytes) ? avro(bytes) : others(bytes));
}

const AS_IT_STANDS: ValueForms = { formOf: () => undefined };

/** Reads records whose shape is one of these, the first that fits. */
function shaped(formats: readonly MessageFormat[]): MessageReader {
  const record = new RecordMembers();
  return bytes => {
    for (const { before } of formats) {
      const message = before?.(bytes);
      if (message) return message;
    }
    const fault = record.ofRecord(bytes);
    if (fault) return faulty(fault);
    const own = formats.length === 1 ? formats[0]! : formats.find(({ fits }) => fits(record))!;
    return own.read(record);
  };
}
