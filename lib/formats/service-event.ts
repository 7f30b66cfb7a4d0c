import { OP_DELETE, OP_INSERT, OP_UPDATE } from '../change/op';
import { notServiceEvent } from './errors';
import type { NamedValue } from './json-changes';
import type { RecordMembers } from './record-members';
import { faulty, type MessageFormat, type StreamMessage } from './stream-message';

const OPS: ReadonlyMap<string, number> = new Map([
  ['create', OP_INSERT],
  ['update', OP_UPDATE],
  ['delete', OP_DELETE],
]);

const MEMBERS = ['source', 'type', 'data', 'event_date'];

/**
 * A ServiceEvent: `source` names the table, `type` says create, update or delete, `data` is the row, `event_date` (ISO)
 * when it changed; `aws_request_id`, `version`, `uuid` and `user_id` are about the event. What it lacks it says nothing of.
 */
export function serviceEvents(): MessageFormat {
  return {
    fits: record =>
      ['source', 'type', 'event_date', 'uuid'].every(name => record.text(name) !== undefined) &&
      record.object('data') !== undefined,
    read,
  };
}

function read(record: RecordMembers): StreamMessage {
  const twice = record.repeated(MEMBERS);
  if (twice !== undefined) return faulty(notServiceEvent(`member ${twice} stands twice`));
  const table = record.text('source');
  if (!table) return faulty(notServiceEvent('it has no source'));
  const type = record.text('type');
  const op = type === undefined ? undefined : OPS.get(type);
  if (op === undefined) return faulty(notServiceEvent(`its type is ${(type ?? 'missing').slice(0, 40)}`));
  const row = record.object('data');
  if (!row) return faulty(notServiceEvent('it has no object data'));
  const changedAt = record.text('event_date');
  if (changedAt === undefined) return faulty(notServiceEvent('it has no event_date'));
  const change = { bytes: record.bytes, row, op, changedAt, beside: besideRow(record) };
  return { kind: 'change', format: 'service-event', table, load: false, change };
}

/** What a table may declare as columns of what the envelope says. */
function besideRow(record: RecordMembers): NamedValue[] {
  const values: NamedValue[] = [];
  for (let i = 0; i < record.count; i++) {
    const name = record.name(i);
    if (name === undefined || name === 'data' || name === 'source') continue;
    const { from, to } = record.span(i);
    values.push({ name: name === 'type' ? 'insights_event_type' : name, kind: record.kind(i), from, to });
  }
  return values;
}
