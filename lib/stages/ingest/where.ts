import type { ResolvedTable } from '../../config/resolved';
import type { Where } from '../../formats/where';

/**
 * Which rows of its source a table takes in, as a decoder is told it. An append table has none of the others. One that
 * merges has to hear of them: a row that no longer fits leaves it, which its key says.
 */
export function whereOf({ where, mode, key }: ResolvedTable): { where?: Where } {
  return where ? { where: { equals: where, leavesOut: mode === 'append', key } } : {};
}
