/** Where an item stands: items of one partition are ordered by `sort`. */
export interface ItemKey {
  readonly partition: string;
  readonly sort: string;
}

/** JSON values without functions; bigints travel as decimal strings, by their writers. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type ItemValue = { readonly [name: string]: Json };

/** `version` counts this item's writes from 1; a delete and a new put start again at 1. */
export interface Item extends ItemKey {
  readonly version: number;
  readonly value: ItemValue;
}

/** Without `if` the action is unconditional. `absent`: no such item; a number: the item has that version. */
export type ItemAction =
  | { readonly put: ItemKey; readonly value: ItemValue; readonly if?: 'absent' | number }
  | { readonly delete: ItemKey; readonly if?: number };

/** all: everything was written, durably. blocked: nothing was; indexes of the actions whose condition failed. */
export type TransactResult =
  | { readonly done: true }
  | { readonly done: false; readonly blocked: readonly number[] };

export const TRANSACT_ACTIONS_MAX = 100;

/** A small transactional store; it answers only when what it says is durable. Reads are consistent. */
export interface Items {
  get(key: ItemKey): Promise<Item | undefined>;
  /** Items of a partition whose sort key starts with `prefix`, in order, after the sort key `after`, `limit` at most. */
  query(
    partition: string,
    prefix: string,
    options?: { after?: string; limit?: number; reverse?: boolean },
  ): Promise<Item[]>;
  /** At most TRANSACT_ACTIONS_MAX actions on different keys, all or none; more throw. */
  transact(actions: readonly ItemAction[]): Promise<TransactResult>;
}
