import type { Loaded, LoadOptions, LoadPlan, RunOptions } from '../runtime/load';
import type { LoadsOfTable } from '../runtime/load-status';
import type { LocalLake as BoundLake } from '../runtime/local';
import type { Validation } from '../stages/load/validate';
import { optionUnfit } from './errors';
import { dateOf, tableOf } from './names';

export type LoadRunOptions = Omit<RunOptions, 'wait'>;

/** Loads of copies of whole tables; without `from` each means the load that is under way. */
export interface LakeLoads {
  /**
   * Brings the copy of a whole table in: begins its load, or goes on with the one that is under way, to its end and its
   * merge. Until then no reader sees any of it.
   * @throws TM_27xx for a copy or rows that cannot be loaded, TM_2753 when tasks failed, TM_7014 for another load under way, TM_7102
   */
  load(table: string, options?: LoadRunOptions): Promise<Loaded>;
  /** What a load would take in, and begins it; with `dryRun` it only looks. @throws as `load`, and TM_2761 */
  planLoad(table: string, options?: LoadOptions & { readonly dryRun?: boolean }): Promise<LoadPlan>;
  /** The load that is under way, its tasks and their errors, and the last ones. */
  loadStatus(table: string): Promise<LoadsOfTable>;
  /** Lets tasks start again that failed, all or one; how many. `load` goes on with them. @throws TM_2757, TM_7018 */
  retryLoad(table: string, task?: string): Promise<number>;
  /** Files, bytes and rows before and after, of a load that is packed and not committed. @throws TM_2757, TM_7015 */
  validateLoad(table: string): Promise<Validation>;
  /** Gives up the load that is under way, and merges what waited for it; the load's name. @throws TM_2757 */
  abandonLoad(table: string): Promise<string>;
}

/** As the options are, where they are of their form: a caller without types learns of it here. @throws TM_7101, TM_7102 */
function checked<T extends LoadOptions>(options: T): T {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw optionUnfit('the options are no object', "{ from: ['exports/orders/'] }");
  const { from, date } = options;
  if (from !== undefined && !(Array.isArray(from) && from.every(path => typeof path === 'string')))
    throw optionUnfit('from is no list of paths', "from: ['exports/orders/']");
  if (date !== undefined) dateOf(date);
  return options;
}

export function loadsIn(lake: BoundLake): LakeLoads {
  const { config } = lake;
  return {
    async load(name, options = {}) {
      const table = tableOf(config, name);
      // A lake in a folder is waited for always.
      return (await (await lake.loads()).run(table, checked(options)))!;
    },
    async planLoad(name, options = {}) {
      const table = tableOf(config, name);
      return (await lake.loads()).plan(table, checked(options));
    },
    loadStatus: async name => (await lake.loads()).status(tableOf(config, name)),
    retryLoad: async (name, task) => (await lake.loads()).retry(tableOf(config, name), task),
    validateLoad: async name => (await lake.loads()).validate(tableOf(config, name)),
    async abandonLoad(name) {
      const table = tableOf(config, name);
      const { id } = await (await lake.loads()).abandon(table);
      await lake.merge(table);
      return id;
    },
  };
}
