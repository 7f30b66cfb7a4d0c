import type { ResolvedTable } from '../../config/resolved';
import { countTasks, type TaskCounts } from '../../ledger/task-counts';
import { listTasks } from '../../ledger/tasks';
import { type Merged, mergeNext } from '../merge/merge';
import type { MergeLimits } from '../merge/slice';
import { type Committed, commitPacked } from './commit';
import { loadedLast } from './loaded-last';
import { type LoadRequest, planLoad } from './plan';
import { planLoadPacks } from './plan-packs';
import { type LoadPorts, type Recipe, type Step, scopeOf } from './recipe';
import { endReloadOfPast } from './rewritten';
import { loadStopped } from './run-errors';
import type { CopySource } from './source/copy';
import { type Shift, work } from './worker';

/** Which copy a load is of, and how it is run. */
export interface LoadParameters extends Pick<Shift, 'owner' | 'stop' | 'onFailed'> {
  readonly table: ResolvedTable;
  readonly source: CopySource;
  /** The table as the source says it. */
  readonly sourceTable: string;
  readonly request: LoadRequest;
  /** Takes a copy in once more that was the last to be taken in: rows that changed since go back to what it says. */
  readonly again?: boolean;
  readonly limits: MergeLimits;
  /** Tasks that are done at once here; other processes may do others of the same load. */
  readonly workers: number;
  readonly onPlanned?: (recipe: Recipe) => void;
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** How far a step is. */
export interface LoadProgress {
  readonly step: Step;
  readonly tasks: TaskCounts;
  /** When the step was taken up here, milliseconds since 1970. */
  readonly since: number;
  /** Tasks that were done here since then. */
  readonly done: number;
  /** Where nothing is done here just now. */
  readonly waits?: LoadWait;
}

/** What is waited for: another worker's task, or, without an owner, the next try of one that failed. */
export interface LoadWait {
  readonly owner?: string;
  /** Then the task may start here, unless its worker goes on; milliseconds since 1970. */
  readonly until: number;
}

/** Tasks of others that are looked through for one of this process's own. */
const HELD_MAX = 100;

/** What became of a load. */
export interface Loaded extends Omit<Committed, 'validation'> {
  /** Undefined: the same copy was committed before; only what was left of the merge was done. */
  readonly validation?: Committed['validation'];
  readonly merged: Merged | undefined;
}

/**
 * A load and its parameters: `run` begins it, or goes on where whoever ran it last has stopped. Each step can be taken
 * alone; a process that dies leaves its tasks to be taken up when their leases are over.
 */
export class LoadProject {
  constructor(
    private readonly ports: LoadPorts,
    private readonly parameters: LoadParameters,
  ) {}

  /** @throws TM_27xx for a copy or a config that cannot be loaded */
  async plan(): Promise<Recipe> {
    const { table, source, sourceTable, request, limits, onPlanned } = this.parameters;
    const copy = await source.copyOf(sourceTable);
    const recipe = await planLoad(this.ports, { table, copy, limits }, request);
    onPlanned?.(recipe);
    return recipe;
  }

  /**
   * All of it. A process that died after the commit has left the merge: whoever runs the same copy again only merges.
   * @throws TM_2753 when tasks failed, TM_2754 to TM_2756 for rows that are not as they have to be, and as `plan`
   */
  async run(): Promise<Loaded> {
    const done = await this.committed();
    if (done) {
      await endReloadOfPast(this.ports, this.parameters.table, done);
      return { id: done.id, n: done.n, merged: await this.merge(done.n) };
    }
    const recipe = await this.plan();
    await this.work(recipe, 'split');
    await planLoadPacks(this.ports, recipe);
    await this.work(recipe, 'pack');
    return this.commit(recipe);
  }

  /** The last load, if it was the one that is asked for and none is under way. */
  private async committed(): ReturnType<typeof loadedLast> {
    const { table, source, sourceTable, request, again = false } = this.parameters;
    if (again) return undefined;
    const { replaces } = request;
    return loadedLast(this.ports.items, table.name, { replaces, copy: await source.copyOf(sourceTable) });
  }

  /**
   * Tasks of a step, by workers at once, until none is left that may start. Where one of them fails, which is no task's
   * failing, the others end what they have in hand: none works on where its caller thinks it over.
   * @throws TM_2759 when it was stopped
   */
  async work(recipe: Recipe, step: Step): Promise<void> {
    const { table, workers, owner, stop, onFailed, onProgress } = this.parameters;
    const since = this.ports.clock.now();
    let done = -1;
    const tell = async (waits?: LoadWait) => {
      const tasks = await countTasks(this.ports.items, scopeOf(recipe, step));
      onProgress?.({ step, tasks, since, done, ...(waits ? { waits } : {}) });
    };
    const onDone = async () => {
      done++;
      await tell();
    };
    const onHeld = async (until: number) => {
      const waits = await this.waitOf(recipe, step, until);
      if (waits) await tell(waits);
    };
    await onDone();
    const ends = new AbortController();
    const stops = stop ? AbortSignal.any([stop, ends.signal]) : ends.signal;
    let first: { readonly error: unknown } | undefined;
    const shift = (n: number) =>
      work(this.ports, recipe, step, {
        owner: `${owner}/${n}`,
        stop: stops,
        onDone,
        onFailed,
        // One is enough to say that all wait.
        onHeld: n === 0 ? onHeld : undefined,
      }).catch(error => {
        first ??= { error };
        ends.abort();
      });
    await Promise.all(Array.from({ length: workers }, (_, n) => shift(n)));
    if (first) throw first.error;
    if (stop?.aborted) throw loadStopped(table.name);
  }

  /** Undefined: a worker of this process has a task in hand. */
  private async waitOf(recipe: Recipe, step: Step, until: number): Promise<LoadWait | undefined> {
    const { tasks } = await listTasks(this.ports.items, scopeOf(recipe, step), 'in_progress', {
      limit: HELD_MAX,
    });
    if (tasks.some(task => task.owner?.startsWith(`${this.parameters.owner}/`))) return undefined;
    const [first] = tasks;
    return first ? { owner: first.owner!, until: first.until! } : { until };
  }

  /**
   * Makes the load part of the log and merges it: until then no reader sees any of it, after that all. A crash between
   * the two leaves it to the next merge.
   * @throws TM_2755 when its sums differ, TM_2758 when it was given up
   */
  async commit(recipe: Recipe): Promise<Loaded> {
    const committed = await commitPacked(this.ports, recipe);
    return { ...committed, merged: await this.merge(committed.n) };
  }

  private async merge(n: number): Promise<Merged | undefined> {
    const { table, limits } = this.parameters;
    let last: Merged | undefined;
    while ((last?.through ?? 0) < n) {
      const merged = await mergeNext(this.ports, table, limits);
      if (!merged) return last;
      last = merged;
    }
    return last;
  }
}
