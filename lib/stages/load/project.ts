import type { ResolvedTable } from '../../config/resolved';
import { openLoad, pastLoads } from '../../ledger/loads';
import { claimTask, failTask, LEASE_MS, renewTask, succeedTask } from '../../ledger/task-claims';
import { countTasks, type TaskCounts } from '../../ledger/task-counts';
import { retryTasks } from '../../ledger/task-pending';
import type { Task } from '../../ledger/tasks';
import { type Merged, mergeNext } from '../merge/merge';
import type { MergeLimits } from '../merge/slice';
import { commitLoad } from './commit';
import { packParts } from './pack';
import { type LoadRequest, planLoad, recipeUnderWay } from './plan';
import { planLoadPacks, readGathered, resultsOf } from './plan-packs';
import { type LoadPorts, type Recipe, type Step, scopeOf } from './recipe';
import { loadGone, loadStopped, noLoad, sumsDiffer } from './run-errors';
import type { CopySource } from './source/copy';
import { splitGroup } from './split';
import { putTruncatePart } from './truncate-part';
import { type Validation, validateLoad } from './validate';

/** Which copy a load is of, and how it is run. */
export interface LoadParameters {
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
  /** A name that no other process has. */
  readonly owner: string;
  /** Once it is aborted, tasks in hand are ended and no other is begun. */
  readonly stop?: AbortSignal;
  readonly onPlanned?: (recipe: Recipe) => void;
  readonly onProgress?: (progress: LoadProgress) => void;
  /** A task whose try failed: ignored when it was the last. */
  readonly onFailed?: (step: Step, task: Task) => void;
}

/** How far a step is. */
export interface LoadProgress {
  readonly step: Step;
  readonly tasks: TaskCounts;
  /** When the step was taken up here, milliseconds since 1970. */
  readonly since: number;
  /** Tasks that were done here since then. */
  readonly done: number;
}

/** What became of a load. */
export interface Loaded {
  readonly id: string;
  /** The number of its entry. */
  readonly n: number;
  /** Undefined: the same copy was committed before; only what was left of the merge was done. */
  readonly validation?: Validation;
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
    const recipe = await planLoad(this.ports, table, await source.copyOf(sourceTable), request, limits);
    onPlanned?.(recipe);
    return recipe;
  }

  /** The load that is under way. @throws TM_2757 */
  async recipe(): Promise<Recipe> {
    const { table, source, sourceTable, limits } = this.parameters;
    const recipe = await recipeUnderWay(this.ports, table, await source.copyOf(sourceTable), limits);
    if (!recipe) throw noLoad(table.name);
    return recipe;
  }

  /**
   * All of it. A process that died after the commit has left the merge: whoever runs the same copy again only merges.
   * @throws TM_2753 when tasks failed, TM_2754 to TM_2756 for rows that are not as they have to be, and as `plan`
   */
  async run(): Promise<Loaded> {
    const done = await this.committed();
    if (done) return { ...done, merged: await this.merge(done.n) };
    const recipe = await this.plan();
    await this.work(recipe, 'split');
    await resultsOf(this.ports.items, recipe, 'split');
    await planLoadPacks(this.ports, recipe);
    await this.work(recipe, 'pack');
    return this.commit(recipe);
  }

  /** The last load, if it was the one that is asked for and none is under way. */
  private async committed(): Promise<{ readonly id: string; readonly n: number } | undefined> {
    const { table, source, sourceTable, request, again = false } = this.parameters;
    if (again || (await openLoad(this.ports.items, table.name))) return undefined;
    const [last] = await pastLoads(this.ports.items, table.name, 1);
    if (last?.n === undefined || last.replaces !== request.replaces) return undefined;
    const { fingerprint } = await source.copyOf(sourceTable);
    return last.fingerprint === fingerprint ? { id: last.id, n: last.n } : undefined;
  }

  /**
   * Tasks of a step, one after the other by each worker, until none is left that may start.
   * @throws TM_2759 when it was stopped
   */
  async work(recipe: Recipe, step: Step): Promise<void> {
    const { table, workers, stop } = this.parameters;
    const since = this.ports.clock.now();
    let done = 0;
    const tell = async () => {
      const tasks = await countTasks(this.ports.items, scopeOf(recipe, step));
      this.parameters.onProgress?.({ step, tasks, since, done });
    };
    const worker = async (n: number) => {
      const owner = `${this.parameters.owner}/${n}`;
      while (!stop?.aborted && (await this.next(recipe, step, owner))) {
        done++;
        await tell();
      }
    };
    await tell();
    await Promise.all(Array.from({ length: workers }, (_, n) => worker(n)));
    if (stop?.aborted) throw loadStopped(table.name);
  }

  /** Does a task, or waits for those of others. False: all are done. */
  private async next(recipe: Recipe, step: Step, owner: string): Promise<boolean> {
    const { items, clock } = this.ports;
    const scope = scopeOf(recipe, step);
    const claimed = await claimTask(items, scope, { owner, now: clock.now() });
    if (claimed.outcome === 'done') return false;
    if (claimed.outcome === 'held') {
      // A try that fails comes free at once: nobody says when.
      await clock.pause(Math.min(Math.max(claimed.until - clock.now(), 1), LOOK_MS));
      return true;
    }
    await this.attempt(recipe, step, claimed.task);
    return true;
  }

  private async attempt(recipe: Recipe, step: Step, task: Task): Promise<void> {
    const { items, clock } = this.ports;
    const scope = scopeOf(recipe, step);
    const lease = this.keep(recipe, step, task);
    try {
      const work = step === 'split' ? splitGroup : packParts;
      const result = await work(this.ports, recipe, task);
      await succeedTask(items, scope, task, { now: clock.now(), result });
    } catch (error) {
      const { message, stack } = error instanceof Error ? error : new Error(String(error));
      const why = { now: clock.now(), message, ...(stack ? { stack } : {}) };
      const failed = await failTask(items, scope, task, why);
      if (failed) this.parameters.onFailed?.(step, failed);
    } finally {
      lease.end();
    }
  }

  /** Renews a task's lease until it is ended, or another has the task. */
  private keep(recipe: Recipe, step: Step, task: Task): { end(): void } {
    const { items, clock } = this.ports;
    const timer = setInterval(() => {
      renewTask(items, scopeOf(recipe, step), task, { now: clock.now() })
        .then(held => held ?? clearInterval(timer))
        // The next beat tries again; without any the lease ends, and another takes the task up.
        .catch(() => {});
    }, LEASE_MS / 3);
    return { end: () => clearInterval(timer) };
  }

  /** Holds what came out against what went in; the same that `commit` does first. */
  async validate(recipe: Recipe): Promise<Validation> {
    return validateLoad(this.ports, recipe);
  }

  /**
   * Makes the load part of the log and merges it: until then no reader sees any of it, after that all. A crash between
   * the two leaves it to the next merge.
   * @throws TM_2755 when its sums differ, TM_2758 when it is another's by now
   */
  async commit(recipe: Recipe): Promise<Loaded> {
    const { table } = this.parameters;
    const validation = await this.validate(recipe);
    if (validation.differences.length > 0) throw sumsDiffer(table.name, validation.differences);
    const { parts } = await readGathered(this.ports, recipe);
    const truncate = recipe.load.replaces ? [await putTruncatePart(this.ports, recipe)] : [];
    const files = {
      parts: [...truncate, ...parts.map(({ key, bytes, rows, sha256 }) => ({ key, bytes, rows, sha256 }))],
      packs: validation.packs.map(({ counted: _, ...pack }) => pack),
    };
    const standing = await openLoad(this.ports.items, table.name);
    // A copy that was mended on the way has another fingerprint than the one it was begun with.
    const { fingerprint } = recipe.copy;
    const ours =
      standing?.load.id === recipe.load.id
        ? { ...standing, load: { ...standing.load, fingerprint } }
        : undefined;
    const n = ours && (await commitLoad(this.ports, table, ours, files));
    if (n === undefined) throw loadGone(table.name);
    return { id: recipe.load.id, n, validation, merged: await this.merge(n) };
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

  /** Tasks that failed, or are ignored, may start again. @returns how many */
  async retry(recipe: Pick<Recipe, 'load' | 'id'>, id?: string): Promise<number> {
    let count = 0;
    for (const step of ['split', 'pack'] as const) {
      const now = this.ports.clock.now();
      count += await retryTasks(this.ports.items, scopeOf(recipe, step), {
        now,
        ...(id === undefined ? {} : { id }),
      });
    }
    return count;
  }
}

/** How long a worker waits at most before it looks again. */
const LOOK_MS = 250;
