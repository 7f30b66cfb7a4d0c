import type { TidemarkError } from '../../errors';

/**
 * A difference between what the config declares and what the log has. add, widen and rename: ingest does it by itself when
 * it takes in the next file; retype, and key (a table that had none): `schema apply` does; cast: a retype that was begun
 * and has to be ended; refused: `why` says what declaration would allow it.
 */
export interface SchemaChange {
  readonly table: string;
  readonly column: string;
  readonly kind: 'add' | 'widen' | 'rename' | 'retype' | 'key' | 'cast' | 'refused';
  /** The log's type, or for a rename its name. */
  readonly from?: string;
  /** The declared type, or for a rename the lake's name. */
  readonly to: string;
  readonly why?: TidemarkError;
}

/** Whether it is done by `schema apply` alone: the current table is folded anew, and its merges wait for that. */
export const isFolded = ({ kind }: SchemaChange) => kind === 'retype' || kind === 'key' || kind === 'cast';
