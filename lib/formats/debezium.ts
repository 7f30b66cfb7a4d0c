import { isUtf8 } from 'node:buffer';
import { binlogPosition } from '../change/binlog-position';
import { OP_DELETE, OP_INSERT, OP_TRUNCATE, OP_UPDATE } from '../change/op';
import { dayTime } from './day-time';
import { debeziumControl } from './debezium-control';
import { KnownSchemas, withoutSchema } from './debezium-schema';
import { notDebezium } from './errors';
import type { Span, ValueForms } from './json-changes';
import { JsonKind } from './json-scanner';
import { NONE, RecordMembers, textOf } from './record-members';
import { faulty, type MessageFormat, type StreamMessage } from './stream-message';

const OPS: ReadonlyMap<string, number> = new Map([
  ['r', OP_INSERT],
  ['c', OP_INSERT],
  ['u', OP_UPDATE],
  ['d', OP_DELETE],
  ['t', OP_TRUNCATE],
]);

const MEMBERS = ['op', 'before', 'after', 'source'];
const IGNORED: StreamMessage = { kind: 'ignored' };

/**
 * A record of Debezium's connector for MySQL as JSON, with its schemas or without: `before` and `after` are the row,
 * `source` says table and binlog position. A tombstone (no value, after a delete) says nothing that the delete has not.
 * @param plain how values are written where no schema stands in the record
 * @see https://debezium.io/documentation/reference/stable/connectors/mysql.html#mysql-events
 */
export function debezium(plain: ValueForms = withoutSchema): MessageFormat {
  const schemas = new KnownSchemas();
  const payload = new RecordMembers();
  const source = new RecordMembers();
  const readSpan = (bytes: Uint8Array, span: Span, forms: ValueForms): StreamMessage => {
    if (isNull(bytes, span)) return IGNORED;
    const fault = payload.ofSpan(bytes, span);
    return fault ? faulty(fault) : readPayload({ record: payload, source, forms });
  };
  return {
    before: bytes => {
      if (isNull(bytes, { from: 0, to: bytes.length })) return IGNORED;
      const known = schemas.find(bytes);
      return known && isUtf8(bytes) ? readSpan(bytes, known.payload, known.forms) : undefined;
    },
    fits: record => isConnect(record) || isChange(record),
    read: record => {
      if (!isConnect(record)) return readPayload({ record, source, forms: plain });
      const forms = schemas.learn(record);
      if (!forms) return faulty(notDebezium('its schema is none of a change'));
      return readSpan(record.bytes, record.span(record.find('payload')), forms);
    },
  };
}

/** No value at all, or JSON's null. */
function isNull(bytes: Uint8Array, span: Span): boolean {
  return span.to - span.from <= 4 && /^(null)?$/.test(textOf(bytes, span));
}

/** What Kafka Connect's JSON converter writes around a value where schemas are on. */
function isConnect(record: RecordMembers): boolean {
  const schema = record.find('schema');
  if (record.count !== 2 || schema === NONE || record.find('payload') === NONE) return false;
  return record.object('schema') !== undefined || record.kind(schema) === JsonKind.Null;
}

function isChange(record: RecordMembers): boolean {
  if (record.object('source') === undefined) return false;
  if (record.text('ddl') !== undefined) return true;
  return record.text('op') !== undefined && (record.find('before') !== NONE || record.find('after') !== NONE);
}

interface Payload {
  readonly record: RecordMembers;
  /** Reads the record's `source`. */
  readonly source: RecordMembers;
  readonly forms: ValueForms;
}

function readPayload({ record, source, forms }: Payload): StreamMessage {
  const twice = record.repeated(MEMBERS);
  if (twice !== undefined) return faulty(notDebezium(`member ${twice} stands twice`));
  const letter = record.text('op');
  if (letter === undefined) return debeziumControl(record) ?? faulty(notDebezium('it has no op'));
  const op = OPS.get(letter);
  if (op === undefined) return faulty(notDebezium(`its op is ${letter.slice(0, 40)}`));
  const span = record.object('source');
  if (!span) return faulty(notDebezium('it has no object source'));
  const fault = source.ofSpan(record.bytes, span);
  if (fault) return faulty(fault);
  const table = source.text('table');
  if (!table) return faulty(notDebezium('its source has no table'));
  const before = record.object('before');
  const row = op === OP_DELETE ? before : record.object('after');
  if (!row && op !== OP_TRUNCATE)
    return faulty(notDebezium(`it has no object ${op === OP_DELETE ? 'before' : 'after'}`));
  const { bytes } = record;
  const message = { kind: 'change', format: 'debezium', schema: source.text('db'), table } as const;
  if (letter === 'r') return { ...message, load: true, change: { bytes, row, op, forms } };
  const { position, why } = positionIn(source);
  if (!position) return faulty(notDebezium(why));
  const at = source.integer('ts_ms');
  const changedAt = at === undefined ? undefined : dayTime(at);
  return { ...message, load: false, position, change: { bytes, row, before, op, changedAt, forms } };
}

function positionIn(source: RecordMembers) {
  const file = source.text('file');
  const pos = source.integer('pos');
  const row = source.integer('row');
  if (file === undefined || pos === undefined || row === undefined)
    return { why: 'its source has no file, pos and row' };
  const position = binlogPosition(file, pos, row);
  return { position, why: `its source stands at ${file.slice(0, 60)}, ${pos}, ${row}, no place of a binlog` };
}
