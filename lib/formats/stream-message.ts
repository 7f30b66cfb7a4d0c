import type { RowFault } from './errors';
import type { JsonChange } from './json-changes';
import type { RecordMembers } from './record-members';

/** How the records of a stream are written. */
export type RecordFormat = 'dms' | 'debezium' | 'service-event' | 'event' | 'json';

/** A column as a control record speaks of it. */
export interface ControlColumn {
  readonly name: string;
  /** The name it had before. */
  readonly was?: string;
  /** The type as the source names it. */
  readonly type?: string;
  readonly nullable?: boolean;
}

/** What a record says that changes no row, such as `create-table`. */
export interface ControlNote {
  /** Whose names its columns' types are. */
  readonly format: 'dms' | 'debezium';
  readonly operation: string;
  readonly schema?: string;
  readonly table?: string;
  readonly columns?: readonly ControlColumn[];
  /** What else the record says, as JSON or SQL. */
  readonly detail?: string;
}

/** What one record of a stream says. */
export type StreamMessage =
  /** A change of a table, which bears the source's names; without a table it is the stream's own. */
  | {
      readonly kind: 'change';
      readonly format: RecordFormat;
      readonly schema?: string;
      readonly table?: string;
      /** A row of a copy of the table: it stands before every change. */
      readonly load: boolean;
      /** Where its source says it stands, in the source's own coordinates. */
      readonly position?: { readonly major: bigint; readonly minor: bigint };
      /** Who it is, and when it was received, milliseconds since 1970: one that comes again counts once. */
      readonly event?: { readonly id: string; readonly receivedAt: number };
      readonly change: JsonChange;
      /** Of a record in Avro: the same with its row as a reader's schema has it, which is the JSON of an Avro schema. */
      readonly readAs?: (reader: object) => StreamMessage;
    }
  /** A record in Avro whose writer's schema is not known yet. */
  | { readonly kind: 'unread'; readonly fingerprint: string }
  /** Something about a table that changes no row: it is noted. */
  | ({ readonly kind: 'control' } & ControlNote)
  /** Nobody's data: the source's own bookkeeping. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'fault'; readonly fault: RowFault };

/** Reads one record after the other. */
export type MessageReader = (bytes: Uint8Array) => StreamMessage;

/** One way to write records, told from the others by the members that a record has. */
export interface MessageFormat {
  /** What can be said before a record's members are found; undefined: they have to be. */
  readonly before?: (bytes: Uint8Array) => StreamMessage | undefined;
  readonly fits: (record: RecordMembers) => boolean;
  readonly read: (record: RecordMembers) => StreamMessage;
}

export function faulty(fault: RowFault): StreamMessage {
  return { kind: 'fault', fault };
}
