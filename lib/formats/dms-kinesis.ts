import { isUtf8 } from 'node:buffer';
import { OP_DELETE, OP_INSERT, OP_UPDATE } from '../change/op';
import { invalidUtf8, notDmsRecord, notJsonObject, type RowFault } from './errors';
import type { Span } from './json-changes';
import { JsonKind, JsonScanner, memberName } from './json-scanner';
import type { MessageReader, StreamMessage } from './stream-message';

const OPS: Readonly<Record<string, number>> = {
  load: OP_INSERT,
  insert: OP_INSERT,
  update: OP_UPDATE,
  delete: OP_DELETE,
};

/** Tables that DMS makes for itself: `awsdms_apply_exceptions`, `awsdms_txn_state` ... */
const OWN_TABLES = /^awsdms_/i;

/**
 * A record of AWS DMS with a Kinesis target: `data` is the row after the change (of a delete the row, or its key
 * alone), `before-image` what was there before, `metadata` says the rest.
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kinesis.html
 */
export function dmsKinesis(): MessageReader {
  const scanner = new JsonScanner();
  return bytes => {
    if (!isUtf8(bytes)) return faulty(invalidUtf8());
    const broken = scanner.scan(bytes, 0, bytes.length);
    if (broken) return faulty(notJsonObject(broken));
    const spans = objectsOf(scanner, bytes);
    if (!(spans instanceof Map)) return faulty(spans);
    const metadata = spans.get('metadata');
    if (!metadata) return faulty(notDmsRecord('it has no object metadata'));
    const said = JSON.parse(Buffer.from(bytes.subarray(metadata.from, metadata.to)).toString()) as unknown;
    return messageOf(bytes, spans, said as Record<string, unknown>);
  };
}

const MEMBERS = new Set(['data', 'before-image', 'metadata', 'control']);

/** The objects that the record consists of, by name. */
function objectsOf(scanner: JsonScanner, bytes: Uint8Array): Map<string, Span> | RowFault {
  const spans = new Map<string, Span>();
  for (let i = 0; i < scanner.members; i++) {
    const name = memberName(scanner, bytes, i);
    if (name === undefined || !MEMBERS.has(name)) continue;
    if (spans.has(name)) return notDmsRecord(`member ${name} stands twice`);
    const from = scanner.starts[i]!;
    if (scanner.kinds[i] !== JsonKind.Nested || bytes[from] !== 0x7b) continue;
    spans.set(name, { from, to: scanner.ends[i]! });
  }
  return spans;
}

function messageOf(
  bytes: Uint8Array,
  spans: ReadonlyMap<string, Span>,
  metadata: Record<string, unknown>,
): StreamMessage {
  const text = (name: string) => (typeof metadata[name] === 'string' ? metadata[name] : undefined);
  const schema = text('schema-name');
  const table = text('table-name');
  const operation = text('operation');
  if (operation === undefined) return faulty(notDmsRecord('its metadata has no operation'));
  if (table !== undefined && OWN_TABLES.test(table)) return { kind: 'ignored' };
  if (text('record-type') === 'control' || spans.has('control'))
    return { kind: 'control', schema, table, operation };
  const op = OPS[operation.toLowerCase()];
  if (op === undefined) return faulty(notDmsRecord(`its operation is ${operation.slice(0, 40)}`));
  if (table === undefined) return faulty(notDmsRecord('its metadata has no table-name'));
  const before = spans.get('before-image');
  const row = spans.get('data') ?? (op === OP_DELETE ? before : undefined);
  if (!row) return faulty(notDmsRecord('it has no object data'));
  const changedAt = text('commit-timestamp');
  const load = operation.toLowerCase() === 'load';
  return { kind: 'change', schema, table, load, change: { bytes, row, before, op, changedAt } };
}

function faulty(fault: RowFault): StreamMessage {
  return { kind: 'fault', fault };
}
