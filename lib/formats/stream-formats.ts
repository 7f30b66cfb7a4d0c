import { debezium } from './debezium';
import { dmsKinesis } from './dms-kinesis';
import { jsonEvents } from './json-events';
import { RecordMembers } from './record-members';
import { serviceEvents } from './service-event';
import { faulty, type MessageFormat, type MessageReader, type RecordFormat } from './stream-message';

/** Of `auto`, each record tells its own format. */
export type StreamFormat = RecordFormat | 'auto';

const FORMATS: Readonly<Record<RecordFormat, () => MessageFormat>> = {
  dms: dmsKinesis,
  debezium,
  'service-event': serviceEvents,
  json: jsonEvents,
};

/** The most telling shape first; any object is a plain event. */
const ORDER = ['debezium', 'dms', 'service-event', 'json'] as const;

/**
 * Reads the records of a stream: strictly of its format, or of `auto` each by its shape. A record that has the shape of a
 * format and is broken within is a fault, never taken for something plainer.
 */
export function messageReader(format: StreamFormat): MessageReader {
  const formats = (format === 'auto' ? ORDER : [format]).map(name => FORMATS[name]());
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
