import type { ResolvedLake, ResolvedTable } from '../../config/resolved';
import type { CopyPlace } from '../../ledger/loads';
import { LEASE_MS } from '../../ledger/task-claims';
import { countTasks } from '../../ledger/task-counts';
import type { ObjectStore } from '../../ports/object-store';
import { localDate } from '../ingest/dates';
import { commitPacked } from './commit';
import { noteFailure } from './failure';
import { loadedLast } from './loaded-last';
import { planLoad } from './plan';
import { planLoadPacks } from './plan-packs';
import { type LoadPorts, type Recipe, type Step, scopeOf } from './recipe';
import { readRecipe, recipeObjectKey } from './recipe-object';
import { endReloadOfPast } from './rewritten';
import { loadedBefore, tableGone } from './run-errors';
import type { CopySource } from './source/copy';
import { work } from './worker';

/** What a load is asked for with; numbers are text, as JSON has none of 64 bits. */
export interface PlanAsked {
  readonly table: string;
  readonly copy: CopyPlace;
  readonly replace: boolean;
  /** `YYYY-MM-DD`. Default: today in the lake's timezone. */
  readonly date?: string;
  /** Where the copy stands among the source's changes, in the source's own coordinates. */
  readonly position?: { readonly major: string; readonly minor: string };
  /** Whether the changes that follow come from another source than those before. Default: false. */
  readonly newSource?: boolean;
  /** Loads the copy once more that was the last to be loaded. */
  readonly again?: boolean;
  /**
   * The load that is meant: the one to go on with, or the name of the one to begin. Once it has ended, a call that comes late
   * or twice begins nothing.
   */
  readonly load?: string;
}

/** What one step hands the next: small, whatever the load's size. */
export interface Round {
  readonly table: string;
  /** Key of the recipe, an object of the lake. */
  readonly recipe: string;
  /** [0, 1, ...]: as many as the step's tasks can use. */
  readonly workers: readonly number[];
}

/** A worker of a step, and which of them it is. */
export type WorkAsked = Pick<Round, 'table' | 'recipe'> & { readonly step: Step; readonly worker: number };

export interface CommittedLoad {
  readonly table: string;
  readonly id: string;
  /** The number of its entry. */
  readonly n: number;
  readonly rows: number;
}

/**
 * The steps of a load for whoever has nothing but their inputs, as functions that are called one by one have. Each may be
 * called again, and at once with itself: what it finds done it leaves.
 */
export interface LoadSteps {
  /**
   * Plans a load, or plans again the one that is under way.
   * @throws TM_27xx for a copy or a config that cannot be loaded, TM_2758 when the load that is meant has ended, TM_2761 for
   * the copy that was loaded last
   */
  plan(asked: PlanAsked): Promise<Round>;
  /** Does tasks until none is left, or the next may not end before `until`, milliseconds since 1970. */
  work(asked: WorkAsked, until: number): Promise<{ readonly left: boolean }>;
  /** @throws TM_2753 when tasks of splitting failed, TM_2754 for rows that share a key, TM_2762 while tasks are left */
  planPacks(asked: Pick<Round, 'table' | 'recipe'>): Promise<Round>;
  /**
   * Validates, numbers the load, and wakes the merge.
   * @throws TM_2753 and TM_2762 of packing, TM_2751, TM_2755, TM_2758, TM_2767
   */
  commit(asked: Pick<Round, 'table' | 'recipe'>): Promise<CommittedLoad>;
}

/** A copy that can be read. */
export interface OpenCopy {
  readonly copies: ObjectStore;
  readonly source: CopySource;
}

/** What the steps stand on, where they run. */
export interface StepsBase {
  readonly config: ResolvedLake;
  readonly ports: Omit<LoadPorts, 'copies'>;
  readonly open: (table: ResolvedTable, place: CopyPlace) => OpenCopy;
  /** Workers of a step at most. */
  readonly workersMax: number;
  /** A name that no other process has. */
  readonly owner: string;
  /** Wakes the table's merge. */
  readonly wake: (table: string) => Promise<void>;
}

export function loadSteps({ config, ports, open, workersMax, owner, wake }: StepsBase): LoadSteps {
  const tableOf = (name: string): ResolvedTable => {
    const table = config.tables.find(t => t.name === name);
    if (!table) throw tableGone(name);
    return table;
  };
  const opened = async ({ table, recipe: key }: Pick<Round, 'table' | 'recipe'>) => {
    const recipe = await readRecipe(ports.store, tableOf(table), key);
    return { recipe, ports: { ...ports, copies: open(recipe.table, recipe.load.copy).copies } };
  };
  /** A step whose words, if it fails, stay in the lake. */
  const noting = async <T>(recipe: Recipe, step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (error) {
      // Its code is told in any case.
      await noteFailure(ports.store, recipe, error).catch(() => {});
      throw error;
    }
  };
  const round = async (recipe: Recipe, step: Step): Promise<Round> => {
    const { pending, failed, in_progress } = await countTasks(ports.items, scopeOf(recipe, step));
    const length = Math.min(pending + failed + in_progress, workersMax);
    const workers = Array.from({ length }, (_, n) => n);
    return { table: recipe.table.name, recipe: recipeObjectKey(recipe), workers };
  };
  return {
    async plan({
      table: name,
      copy: place,
      replace,
      newSource = false,
      date,
      position,
      again = false,
      load,
    }) {
      const table = tableOf(name);
      const copy = await open(table, place).source.copyOf(place.table);
      const last = again ? undefined : await loadedLast(ports.items, name, { replaces: replace, copy });
      if (last) {
        await endReloadOfPast(ports, table, last);
        throw loadedBefore(name, last.n);
      }
      const dateReceived = date ?? localDate(ports.clock.now(), config.timezone);
      const at = position && { major: BigInt(position.major), minor: BigInt(position.minor) };
      const request = {
        replaces: replace,
        newSource,
        dateReceived,
        copy: place,
        load,
        ...(at ? { at } : {}),
      };
      return round(await planLoad(ports, { table, copy, limits: config.limits }, request), 'split');
    },
    async work({ step, worker, ...asked }, until) {
      const { recipe, ports } = await opened(asked);
      // Where all that is left is held, and none of it came free for a lease, its holders live. The first worker stays.
      const patienceMs = worker === 0 ? Infinity : LEASE_MS;
      return work(ports, recipe, step, { owner: `${owner}/${worker}`, until, patienceMs });
    },
    async planPacks(asked) {
      const { recipe, ports } = await opened(asked);
      await noting(recipe, () => planLoadPacks(ports, recipe));
      return round(recipe, 'pack');
    },
    async commit(asked) {
      const { recipe, ports } = await opened(asked);
      const { n, validation } = await noting(recipe, () => commitPacked(ports, recipe));
      await wake(recipe.table.name);
      return { table: recipe.table.name, id: recipe.load.id, n, rows: validation.all.after.rows };
    },
  };
}
