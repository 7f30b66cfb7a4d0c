import { icebergTypeOf } from '../columnar/type-map';
import type { PrimitiveType } from '../columnar/types';
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
  const columns = columnsOf(first?.table?.columns, renamesIn(ddl));
  return {
    kind: 'control',
    format: 'debezium',
    operation: typeof first?.type === 'string' ? `${first.type.toLowerCase()}-table` : 'ddl',
    ...(schema === undefined ? {} : { schema }),
    ...(table === undefined ? {} : { table }),
    ...(columns.length > 0 ? { columns } : {}),
    detail: ddl.slice(0, DETAIL_CHARS_MAX),
  };
}

/** The columns that a statement gives another name, by the new one. */
function renamesIn(ddl: string): ReadonlyMap<string, string> {
  const name = '[`"]?([^\\s`",();]+)[`"]?';
  const forms = [
    `rename\\s+column\\s+${name}\\s+to\\s+${name}`,
    `change\\s+(?:column\\s+)?${name}\\s+${name}`,
  ];
  const found = forms.flatMap(form => [...ddl.matchAll(new RegExp(form, 'gi'))]);
  return new Map(found.flatMap(([, was, now]) => (was && now && was !== now ? [[now, was] as const] : [])));
}

/**
 * The lake type of a MySQL type whose values say in JSON what they are, schemas or none; undefined for the others: a
 * number may be a day, or an instant of some unit.
 */
export function debeziumTypeOf(type: string): PrimitiveType | undefined {
  const known = icebergTypeOf(type);
  return known && SELF_SPOKEN.has(known) ? known : undefined;
}

const SELF_SPOKEN: ReadonlySet<PrimitiveType> = new Set(['boolean', 'int', 'long', 'double', 'string']);

function columnsOf(said: unknown, renames: ReadonlyMap<string, string>): ControlColumn[] {
  if (!Array.isArray(said)) return [];
  return (said as readonly (Record<string, unknown> | null)[]).flatMap(column => {
    if (typeof column?.name !== 'string') return [];
    const { name, typeExpression: type, optional } = column;
    return [
      {
        name,
        ...(renames.has(name) ? { was: renames.get(name)! } : {}),
        ...(typeof type === 'string' ? { type } : {}),
        ...(typeof optional === 'boolean' ? { nullable: optional } : {}),
      },
    ];
  });
}
