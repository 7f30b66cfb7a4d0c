import { truncatesOf } from '../change/changes';
import { foldWhole } from '../change/fold';
import { groupByKey } from '../change/group';
import { takeKeys } from '../change/key-order';
import type { Batch } from '../columnar/column';
import { slice } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import { foldedRows, NO_ROWS, putGroups } from './folded-rows';
import { type History, type LogView, readHistory } from './log';

/** Keys folded at once at most: their histories stand in memory together. */
const REFOLD_KEYS_MAX = 100_000;

/**
 * What the log says of the keys: the rows they have, in key order; a key without a row has none. Late changes,
 * undo, erase, retype and repairs all replace rows by this.
 * @param fields the current table's fields
 */
export async function* refold(
  log: LogView,
  wanted: History,
  fields: readonly Field[],
  deletedWhen: number | undefined,
): AsyncGenerator<Batch> {
  let from = 0;
  let atOnce = REFOLD_KEYS_MAX;
  while (from < wanted.keys.length) {
    const to = Math.min(from + atOnce, wanted.keys.length);
    const keys = takeKeys(
      wanted.keys,
      Uint32Array.from({ length: to - from }, (_, i) => from + i),
    );
    const columns = wanted.columns.map(c => slice(c, from, to));
    const changes = await readHistory(log, { keys, columns, since: wanted.since });
    if (!changes) {
      atOnce = Math.ceil((to - from) / 2);
      continue;
    }
    from = to;
    const groups = groupByKey(
      changes,
      log.key.map(f => f.id),
    );
    const folded = foldWhole(changes, groups, truncatesOf(changes), deletedWhen);
    const puts = putGroups(folded);
    if (puts.length > 0) yield foldedRows(changes, folded, puts, fields, NO_ROWS);
  }
}
