import type { AwsQueryLake } from '../../lib/runtime/aws-queries';
import { mergeUntil } from '../../lib/stages/merge/merge-until';
import { refreshHistoryView } from '../../lib/stages/views';
import { queueHandler } from '../queue';
import { count, failed, logger } from '../telemetry';

/** Beside the slice that was just begun: what its commit may need beyond the slowest so far. */
const MARGIN_MS = 20_000;

/** A wake-up of a table: merges what waits, slice after slice, and hands on before its own time is over. */
export function merge(lake: Pick<AwsQueryLake, 'config' | 'ports' | 'queryPorts' | 'wakeUps'>) {
  const { config, ports, queryPorts, wakeUps } = lake;
  return queueHandler<{ readonly table: string }>(lake, async ({ table: name }, until) => {
    const table = config.tables.find(t => t.name === name);
    if (!table) return logger.warn('no such table is declared any more', { table: name });
    const { slices, last, again } = await mergeUntil(ports, table, config.limits, until.at(MARGIN_MS));
    if (again) await wakeUps.mergeAgain(name, again);
    if (!last) return;
    const unfinished = again !== undefined;
    logger.info('merged', { table: name, through: last.through, slices: slices.length, unfinished });
    const entries = slices.reduce((sum, slice) => sum + slice.entries.length, 0);
    count('merges', slices.length, table);
    count('entriesMerged', entries, table);
    // The merge stands whatever becomes of the view; a sweep comes back to it.
    const viewFailed = (error: unknown) => failed(`the history view of ${name} failed`, error);
    await refreshHistoryView(queryPorts, table).catch(viewFailed);
  });
}
