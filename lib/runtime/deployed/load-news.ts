import type { TaskCounts } from '../../ledger/task-counts';
import type { LakePorts } from '../../ports/lake-ports';
import type { Step } from '../../stages/load/recipe';
import type { LoadPlan, RunOptions } from '../load';
import { loadsOfTable } from '../load-status';

/**
 * How a load that others do comes on, read from the ledger at each call: that it began, how many tasks of the step that is
 * under way are done, and which failed since.
 */
export function loadNews(
  { items, clock }: LakePorts,
  table: string,
  {
    plan,
    onPlanned,
    onProgress,
    onFailed,
  }: Pick<RunOptions, 'onPlanned' | 'onProgress' | 'onFailed'> & {
    readonly plan: LoadPlan;
  },
): () => Promise<void> {
  let begun = false;
  const first = new Map<Step, { readonly since: number; readonly succeeded: number }>();
  const told = new Set<string>();
  return async () => {
    const { underWay, steps } = await loadsOfTable(items, table);
    if (!underWay) return;
    if (!begun) onPlanned?.({ ...plan, load: underWay });
    begun = true;
    for (const { step, failed } of steps) {
      for (const task of failed) {
        const name = `${step} ${task.id} ${task.token}`;
        if (!told.has(name)) onFailed?.(step, task);
        told.add(name);
      }
    }
    const now = steps.findLast(({ tasks }) => sum(tasks) > 0);
    if (!now) return;
    const { step, tasks } = now;
    const from = first.get(step) ?? { since: clock.now(), succeeded: tasks.succeeded };
    first.set(step, from);
    onProgress?.({ step, tasks, since: from.since, done: tasks.succeeded - from.succeeded });
  };
}

const sum = (counts: TaskCounts) => Object.values(counts).reduce((all, n) => all + n, 0);
