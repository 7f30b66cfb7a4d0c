import { notIntakeEvent } from './errors';
import type { RecordMembers } from './record-members';
import { faulty, type MessageFormat, type StreamMessage } from './stream-message';

/** An event as the intake puts it on a stream. */
export interface IntakeEvent {
  /** Given once, before the first put: a put that is repeated repeats it. */
  readonly id: string;
  /** The source table, as `from` names it. */
  readonly table: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** The JSON text of an object. */
  readonly data: string;
}

/** The record of an event. Its `data` stays the text that came: a number keeps all its digits. */
export function eventRecord({ id, table, receivedAt, data }: IntakeEvent): Uint8Array {
  const [named, at] = [JSON.stringify(table), new Date(receivedAt).toISOString()];
  return Buffer.from(
    `{"tidemark":"event","id":${JSON.stringify(id)},"table":${named},"received_at":"${at}","data":${data}}`,
  );
}

/** An id is compared, never shown whole: a longer one is nobody's. */
const ID_CHARS_MAX = 200;
const MEMBERS = ['tidemark', 'id', 'table', 'received_at', 'data'];

/** Events in the envelope that the intake gives them: `data` is the row, `received_at` when it came. */
export function intakeEvents(): MessageFormat {
  return { fits: record => record.text('tidemark') === 'event', read };
}

function read(record: RecordMembers): StreamMessage {
  if (record.text('tidemark') !== 'event')
    return faulty(notIntakeEvent('it has no member tidemark: "event"'));
  const twice = record.repeated(MEMBERS);
  if (twice !== undefined) return faulty(notIntakeEvent(`member ${twice} stands twice`));
  const id = record.text('id');
  if (!id || id.length > ID_CHARS_MAX) return faulty(notIntakeEvent('it has no id'));
  const from = record.text('table');
  if (!from) return faulty(notIntakeEvent('it has no table'));
  const changedAt = record.text('received_at');
  const receivedAt = changedAt === undefined ? undefined : instantOf(changedAt);
  if (receivedAt === undefined) return faulty(notIntakeEvent('its received_at is no time in UTC'));
  const row = record.object('data');
  if (!row) return faulty(notIntakeEvent('it has no object data'));
  return {
    kind: 'change',
    format: 'event',
    ...sourceTable(from),
    load: false,
    event: { id, receivedAt },
    change: { bytes: record.bytes, row, changedAt },
  };
}

/** `2026-11-22T00:00:00.123Z`, in milliseconds since 1970. */
function instantOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/.test(text)) return undefined;
  const at = Date.parse(text);
  return at >= 0 ? at : undefined;
}

/** The schema ends at the first dot, as in the config's `from`. */
export function sourceTable(from: string): { schema?: string; table: string } {
  const dot = from.indexOf('.');
  return dot < 0 ? { table: from } : { schema: from.slice(0, dot), table: from.slice(dot + 1) };
}
