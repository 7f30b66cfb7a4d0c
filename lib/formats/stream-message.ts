import type { RowFault } from './errors';
import type { JsonChange } from './json-changes';

/** What one record of a stream says. */
export type StreamMessage =
  /** A change of a table, which bears the source's names; without a table it is the stream's own. */
  | {
      readonly kind: 'change';
      readonly schema?: string;
      readonly table?: string;
      /** A row of a copy of the table: it stands before every change. */
      readonly load: boolean;
      readonly change: JsonChange;
    }
  /** Something about a table that changes no row: it is noted. */
  | {
      readonly kind: 'control';
      readonly schema?: string;
      readonly table?: string;
      readonly operation: string;
    }
  /** Nobody's data: the source's own bookkeeping. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'fault'; readonly fault: RowFault };

/** Reads one record after the other. */
export type MessageReader = (bytes: Uint8Array) => StreamMessage;
