import type { Items } from '../ports/items';
import { loneKey } from './keys';
import { type ShardRef, streamId } from './streams';

const keyOf = ({ stream, shard }: ShardRef) => loneKey(streamId(stream), shard);

/**
 * Notes that a run begins with a record of the shard that came alone, before it looks at it. Answers how many runs
 * began with it before and never came to their end, as far as is known: two at once may count as one.
 */
export async function beginLone(items: Items, at: ShardRef, sequence: string): Promise<number> {
  const item = await items.get(keyOf(at));
  const known = item?.value as { readonly sequence: string; readonly died: number } | undefined;
  const died = known?.sequence === sequence ? known.died : 0;
  await items.transact([
    { put: keyOf(at), value: { sequence, died: died + 1 }, if: item?.version ?? 'absent' },
  ]);
  return died;
}

/** The run has come to its end, whether it failed or not: nothing of it counts. */
export async function endLone(items: Items, at: ShardRef): Promise<void> {
  await items.transact([{ delete: keyOf(at) }]);
}
