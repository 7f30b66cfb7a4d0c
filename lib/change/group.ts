import { type Changes, changeOrder } from './changes';
import { compareKeys, encodeKeys, type Keys, takeKeys } from './key-order';
import { OP_TRUNCATE } from './op';

/**
 * Changes by key: group g's changes are order[starts[g]] .. order[starts[g + 1] - 1], oldest first;
 * `keys` holds each group's key, ascending. TRUNCATEs belong to no group.
 */
export interface KeyGroups {
  readonly length: number;
  readonly keys: Keys;
  readonly order: Uint32Array;
  readonly starts: Uint32Array;
}

export function groupByKey(changes: Changes, keyFields: readonly number[]): KeyGroups {
  const columns = keyFields.map(id => changes.columns[changes.fields.findIndex(f => f.id === id)]!);
  const keys = encodeKeys(columns, changes.length);
  const order = sortedRows(changes, keys);
  const starts: number[] = [];
  for (let i = 0; i < order.length; i++) {
    if (i === 0 || compareKeys(keys, order[i - 1]!, keys, order[i]!) !== 0) starts.push(i);
  }
  const heads = starts.map(s => order[s]!);
  return {
    length: starts.length,
    keys: takeKeys(keys, heads),
    order,
    starts: Uint32Array.from([...starts, order.length]),
  };
}

function sortedRows(changes: Changes, keys: Keys): Uint32Array {
  const rows = new Uint32Array(changes.length);
  let n = 0;
  for (let row = 0; row < changes.length; row++) if (changes.ops[row] !== OP_TRUNCATE) rows[n++] = row;
  const inOrder = changeOrder(changes);
  return rows.subarray(0, n).sort((a, b) => compareKeys(keys, a, keys, b) || inOrder(a, b));
}
