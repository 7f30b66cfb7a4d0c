import { OP_DELETE, OP_INSERT, OP_UPDATE } from '../change/op';
import { dmsControl } from './dms-control';
import { notDmsRecord } from './errors';
import { type RecordMembers, textOf } from './record-members';
import { faulty, type MessageFormat, type StreamMessage } from './stream-message';

const OPS: ReadonlyMap<string, number> = new Map([
  ['load', OP_INSERT],
  ['insert', OP_INSERT],
  ['update', OP_UPDATE],
  ['delete', OP_DELETE],
]);

/** Tables that DMS makes for itself: `awsdms_apply_exceptions`, `awsdms_txn_state` ... */
const OWN_TABLES = /^awsdms_/i;

const MEMBERS = ['data', 'before-image', 'metadata', 'control'];

/**
 * A record of AWS DMS with a Kinesis target: `data` is the row after the change (of a delete the row, or its key
 * alone), `before-image` what was there before, `metadata` says the rest.
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kinesis.html
 */
export function dmsKinesis(): MessageFormat {
  return { fits: isDms, read: readDms };
}

/** An event of somebody's own may well have `data` and `metadata`: DMS's metadata says what kind of record it is. */
function isDms(record: RecordMembers): boolean {
  const metadata = metadataOf(record);
  return typeof metadata?.operation === 'string' && typeof metadata['record-type'] === 'string';
}

function metadataOf(record: RecordMembers): Record<string, unknown> | undefined {
  const span = record.object('metadata');
  return span && (JSON.parse(textOf(record.bytes, span)) as Record<string, unknown>);
}

function readDms(record: RecordMembers): StreamMessage {
  const twice = record.repeated(MEMBERS);
  if (twice !== undefined) return faulty(notDmsRecord(`member ${twice} stands twice`));
  const metadata = metadataOf(record);
  if (!metadata) return faulty(notDmsRecord('it has no object metadata'));
  const text = (name: string) => (typeof metadata[name] === 'string' ? metadata[name] : undefined);
  const schema = text('schema-name');
  const table = text('table-name');
  const operation = text('operation');
  if (operation === undefined) return faulty(notDmsRecord('its metadata has no operation'));
  if (table !== undefined && OWN_TABLES.test(table)) return { kind: 'ignored' };
  const control = record.object('control');
  if (text('record-type') === 'control' || control)
    return { kind: 'control', format: 'dms', schema, table, operation, ...dmsControl(record.bytes, control) };
  const op = OPS.get(operation.toLowerCase());
  if (op === undefined) return faulty(notDmsRecord(`its operation is ${operation.slice(0, 40)}`));
  if (table === undefined) return faulty(notDmsRecord('its metadata has no table-name'));
  const before = record.object('before-image');
  const row = record.object('data') ?? (op === OP_DELETE ? before : undefined);
  if (!row) return faulty(notDmsRecord('it has no object data'));
  const changedAt = text('commit-timestamp');
  const load = operation.toLowerCase() === 'load';
  const change = { bytes: record.bytes, row, before, op, changedAt };
  return { kind: 'change', format: 'dms', schema, table, load, change };
}
