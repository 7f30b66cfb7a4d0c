import type { Item, ItemAction, ItemKey, Items, ItemValue } from '../../ports/items';
import { checkItemKey, checkPartition, checkSortBound, checkTransaction, keyOfAction } from '../item-rules';
import { compareKeys } from '../keys';

interface Stored {
  readonly version: number;
  readonly json: string;
}

/** Items in memory. Values pass through JSON, as in the stores that keep them. */
export function memoryItems(): Items {
  const partitions = new Map<string, Map<string, Stored>>();
  const find = (key: ItemKey) => partitions.get(key.partition)?.get(key.sort);

  const apply = (action: ItemAction, json: string | undefined) => {
    const key = keyOfAction(action);
    if (json === undefined) {
      partitions.get(key.partition)?.delete(key.sort);
      return;
    }
    const partition = partitions.get(key.partition) ?? new Map<string, Stored>();
    partitions.set(key.partition, partition);
    partition.set(key.sort, { version: (partition.get(key.sort)?.version ?? 0) + 1, json });
  };

  return {
    async get(key) {
      checkItemKey(key);
      const stored = find(key);
      return stored && item(key.partition, key.sort, stored);
    },
    async query(partition, prefix, { after, limit = Number.POSITIVE_INFINITY, reverse = false } = {}) {
      checkPartition(partition);
      checkSortBound(partition, prefix);
      if (after !== undefined) checkSortBound(partition, after);
      const direction = reverse ? -1 : 1;
      return [...(partitions.get(partition) ?? [])]
        .filter(([sort]) => sort.startsWith(prefix))
        .filter(([sort]) => after === undefined || compareKeys(sort, after) * direction > 0)
        .sort(([a], [b]) => compareKeys(a, b) * direction)
        .slice(0, limit)
        .map(([sort, stored]) => item(partition, sort, stored));
    },
    async transact(actions) {
      const values = checkTransaction(actions);
      const blocked = actions.flatMap((action, i) => (holds(action, find(keyOfAction(action))) ? [] : [i]));
      if (blocked.length > 0) return { done: false, blocked };
      actions.forEach((action, i) => {
        apply(action, values[i]);
      });
      return { done: true };
    },
  };
}

function item(partition: string, sort: string, stored: Stored): Item {
  return { partition, sort, version: stored.version, value: JSON.parse(stored.json) as ItemValue };
}

function holds(action: ItemAction, stored: Stored | undefined): boolean {
  if (action.if === undefined) return true;
  return action.if === 'absent' ? stored === undefined : stored?.version === action.if;
}
