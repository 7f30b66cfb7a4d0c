import { itemRefused, transactionRefused } from '../ports/errors';
import { type ItemAction, type ItemKey, type ItemValue, TRANSACT_ACTIONS_MAX } from '../ports/items';

// Limits that both lmdb (a key of 1978 bytes) and DynamoDB (1024 bytes of sort key, items of 400 KB,
// transactions of 4 MB) hold with room to spare: what one machine takes in, AWS takes in too.
export const ITEM_PARTITION_BYTES_MAX = 900;
export const ITEM_SORT_BYTES_MAX = 1024;
export const ITEM_VALUE_BYTES_MAX = 350_000;
export const TRANSACT_BYTES_MAX = 3_900_000;

/** The item an action is about. */
export function keyOfAction(action: ItemAction): ItemKey {
  return 'put' in action ? action.put : action.delete;
}

/** Throws ITEM_REFUSED unless every store can hold an item under this key. */
export function checkItemKey(key: ItemKey): void {
  checkPartition(key.partition);
  checkText('sort key', key.sort, ITEM_SORT_BYTES_MAX, where(key));
  if (key.sort === '') throw itemRefused(where(key), 'has an empty sort key');
}

/** The same for a partition alone. The NUL is refused as it ends the partition in a stored key. */
export function checkPartition(partition: string): void {
  checkText('partition', partition, ITEM_PARTITION_BYTES_MAX, partition);
  if (partition === '' || partition.includes('\0')) {
    throw itemRefused(JSON.stringify(partition), 'has an empty partition or one with a NUL');
  }
}

/** The same for what a query compares sort keys with; it may be empty. */
export function checkSortBound(partition: string, text: string): void {
  checkText('sort key', text, ITEM_SORT_BYTES_MAX, where({ partition, sort: text }));
}

/**
 * Checks a transaction before any of it is tried, and encodes its values.
 * @returns the JSON of each action's value, undefined for deletes, in the actions' order
 */
export function checkTransaction(actions: readonly ItemAction[]): (string | undefined)[] {
  const first = actions[0];
  if (first === undefined) return [];
  const at = where(keyOfAction(first));
  if (actions.length > TRANSACT_ACTIONS_MAX) {
    throw transactionRefused(at, `has ${actions.length} actions, more than ${TRANSACT_ACTIONS_MAX}`);
  }
  const seen = new Set<string>();
  for (const action of actions) {
    const key = keyOfAction(action);
    checkItemKey(key);
    const id = `${key.partition}\0${key.sort}`;
    if (seen.has(id)) throw transactionRefused(where(key), 'has two actions on this item');
    seen.add(id);
  }
  const values = actions.map(action => ('put' in action ? encodeValue(action.put, action.value) : undefined));
  const bytes = values.reduce((sum, value) => sum + (value === undefined ? 0 : Buffer.byteLength(value)), 0);
  if (bytes > TRANSACT_BYTES_MAX) {
    throw transactionRefused(at, `has ${bytes} bytes of values, more than ${TRANSACT_BYTES_MAX}`);
  }
  return values;
}

function encodeValue(key: ItemKey, value: ItemValue): string {
  const json = JSON.stringify(value);
  const bytes = Buffer.byteLength(json);
  if (bytes > ITEM_VALUE_BYTES_MAX) {
    throw itemRefused(where(key), `has a value of ${bytes} bytes, more than ${ITEM_VALUE_BYTES_MAX}`);
  }
  return json;
}

function checkText(name: string, text: string, bytesMax: number, at: string): void {
  const bytes = Buffer.from(text);
  if (bytes.length > bytesMax) throw itemRefused(at, `has a ${name} of more than ${bytesMax} bytes`);
  if (bytes.toString() !== text) throw itemRefused(at, `has a ${name} that is not well-formed Unicode`);
}

function where(key: ItemKey): string {
  return `${key.partition} / ${key.sort}`;
}
