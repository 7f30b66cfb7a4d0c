import { NONE, type RecordMembers, textOf } from './record-members';
import type { ControlColumn, StreamMessage } from './stream-message';

/** Of a statement, the first so many characters are kept. */
const DETAIL_CHARS_MAX = 4000;

/** One of a schema change's `tableChanges`, as far as it is read here. */
interface TableChange {
  readonly type?: unknown;
  readonly id?: unknown;
  readonly table?: { readonly columns?: unknown };
}

/**
 * A record of Debezium that is no change of a row: a schema change is noted with its statement, a heartbeat and the
 * bounds of a transaction are nobody's data. Undefined for what is none of them.
 */
export function debeziumControl(record: RecordMembers): StreamMessage | undefined {
  const ddl = record.text('ddl');
  if (ddl !== undefined) return schemaChange(record, ddl);
  const heartbeat = record.count === 1 && record.find('ts_ms') !== NONE;
  const transaction = record.text('status') !== undefined && record.text('id') !== undefined;
  return heartbeat || transaction ? { kind: 'ignored' } : undefined;
}

function schemaChange(record: RecordMembers, ddl: string): StreamMessage {
  const changes = record.find('tableChanges');
  const all = changes === NONE ? [] : (JSON.parse(textOf(record.bytes, record.span(changes))) as unknown);
  const [first] = (Array.isArray(all) ? all : []) as readonly (TableChange | null)[];
  const schema = record.text('databaseName');
  // "shop"."items", or without quotes in older versions.
  const table = typeof first?.id === 'string' ? first.id.replaceAll('"', '').split('.').at(-1) : undefined;
  const columns = columnsOf(first?.table?.columns);
  return {
    kind: 'control',
    operation: typeof first?.type === 'string' ? `${first.type.toLowerCase()}-table` : 'ddl',
    ...(schema === undefined ? {} : { schema }),
    ...(table === undefined ? {} : { table }),
    ...(columns.length > 0 ? { columns } : {}),
    detail: ddl.slice(0, DETAIL_CHARS_MAX),
  };
}

function columnsOf(said: unknown): ControlColumn[] {
  if (!Array.isArray(said)) return [];
  return (said as readonly (Record<string, unknown> | null)[]).flatMap(column => {
    if (typeof column?.name !== 'string') return [];
    const { name, typeExpression: type, optional } = column;
    return [
      {
        name,
        ...(typeof type === 'string' ? { type } : {}),
        ...(typeof optional === 'boolean' ? { nullable: optional } : {}),
      },
    ];
  });
}
