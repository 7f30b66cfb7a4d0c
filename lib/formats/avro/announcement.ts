import type { RowFault } from '../errors';
import { RecordMembers, textOf } from '../record-members';
import { faulty, type MessageFormat } from '../stream-message';
import type { WriterSchemas } from './avro-messages';
import { AvroFault, notAvroSchema, otherMeaning } from './errors';
import { type AvroSchema, avroSchema } from './schema';

/** As long as an announced schema may be: it has a place in the ledger. */
const SCHEMA_BYTES_MAX = 256 << 10;

/** A writer's schema as it came on a stream. */
export interface Announced extends AvroSchema {
  /** The schema's JSON. */
  readonly json: string;
}

/** Whether a record is `{"tidemark":"avro-schema","schema":...}`. */
function isAnnouncement(record: RecordMembers): boolean {
  return record.text('tidemark') === 'avro-schema';
}

/**
 * Announcements as records of their stream: nobody's data, once what they say is known. Two schemas of one fingerprint that
 * mean different values cannot be told apart by their records, so the one that came first stands, and the other waits.
 */
export function announcements(schemas: WriterSchemas): MessageFormat {
  return {
    fits: isAnnouncement,
    read: record => {
      const said = announcedIn(record);
      if ('code' in said) return faulty(said);
      const known = schemas.find(said.fingerprint);
      return known && known.meaning !== said.meaning
        ? faulty(otherMeaning(said.fingerprint))
        : { kind: 'ignored' };
    },
  };
}

/** The writer's schema that an announcement says, or why it says none. */
function announcedIn(record: RecordMembers): Announced | RowFault {
  const twice = record.repeated(['tidemark', 'schema']);
  if (twice !== undefined) return notAvroSchema(`member ${twice} stands twice`);
  const member = record.find('schema');
  if (member < 0) return notAvroSchema('the announcement has no schema');
  const { from, to } = record.span(member);
  if (to - from > SCHEMA_BYTES_MAX) return notAvroSchema(`it has more than ${SCHEMA_BYTES_MAX} bytes`);
  const whole = JSON.parse(textOf(record.bytes, { from: 0, to: record.bytes.length })) as { schema: unknown };
  const json = JSON.stringify(whole.schema);
  const schema = writerSchema(json);
  return 'code' in schema ? schema : { ...schema, json };
}

/** A writer's schema as the ledger keeps it. */
export function writerSchema(json: string): AvroSchema | RowFault {
  try {
    return avroSchema(JSON.parse(json), 'writer');
  } catch (error) {
    if (error instanceof AvroFault) return error.said;
    throw error;
  }
}

const MARK = Buffer.from('"avro-schema"');

/** The schemas that are announced among records of a stream, in their order. */
export function announcementsAmong<R extends { readonly data: Uint8Array }>(
  records: readonly R[],
): (Announced & { readonly record: R })[] {
  const members = new RecordMembers();
  return records.flatMap(record => {
    const { data } = record;
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
    // Most records are none, and their members are found once more when they are routed.
    if (!bytes.includes(MARK) || members.ofRecord(data) || !isAnnouncement(members)) return [];
    const said = announcedIn(members);
    return 'code' in said ? [] : [{ ...said, record }];
  });
}
