import { realpath } from 'node:fs/promises';
import { availableParallelism, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { duckDbCopyEngine } from '../adapters/local/duckdb-copy';
import { localStore } from '../adapters/local/object-store';
import { localScratch } from '../adapters/local/scratch';
import type { ResolvedTable } from '../config/resolved';
import { LoadProject } from '../stages/load/project';
import type { Recipe } from '../stages/load/recipe';
import type { Tally } from './lake';
import {
  type Chosen,
  choose,
  type Loads,
  type LoadsBase,
  loadsOf,
  planOf,
  type RunOptions,
  requestOf,
} from './load';
import type { CopyRoom } from './load-copy';
import { copyUnreadable } from './load-errors';
import { scratchIn, withScratch } from './load-scratch';
import { standingOf, tallyThere } from './standing';
import { tallyOf } from './tally';

const WORKERS_MAX = 4;

/** Where a lake in a folder is, and where paths begin. */
export interface LoadsPlace {
  readonly lake: string;
  readonly cwd: string;
}

/** Loads that are done by workers of this process. */
export async function localLoads(base: Omit<LoadsBase, 'room'>, where: LoadsPlace): Promise<Loads> {
  const own = { ...base, room: await filesHere(where) };
  return {
    ...loadsOf(own),
    async run(table, options) {
      const chosen = await choose(own, table, options);
      const plan = await planOf(own, chosen);
      const onPlanned = ({ load }: Recipe) => options.onPlanned?.({ ...plan, load });
      return withProject(own, chosen, { ...options, onPlanned }, async project => {
        const { id, n, validation, merged: last } = await project.run();
        const merged =
          (last && tallyOf(table.name, [last])) ?? (validation && (await mergedThere(base, table, n)));
        const rows = validation?.all.after.rows;
        return { id, n, merged, ...(validation ? { validation, rows } : {}) };
      });
    },
  };
}

/** What another process that was at the same load has merged; undefined: nobody has, as the table is paused. */
async function mergedThere(
  { ports }: Pick<LoadsBase, 'ports'>,
  { name }: ResolvedTable,
  n: number,
): Promise<Tally | undefined> {
  const standing = await standingOf(ports, name);
  return standing.through < n ? undefined : tallyThere(name, 0, standing);
}

/** Files of this machine. Links on the way to them are followed, in them none. */
async function filesHere({ lake, cwd }: LoadsPlace): Promise<CopyRoom> {
  return {
    copies: localStore('/'),
    lake: await realpath(lake),
    async absolute(path) {
      if (/^[a-z0-9]+:\/\//i.test(path)) throw copyUnreadable('the copy is not on this machine', path);
      const absolute = resolve(cwd, path);
      return realpath(absolute).catch(() => absolute);
    },
  };
}

type ProjectOptions = Omit<RunOptions, 'onPlanned'> & { readonly onPlanned: (recipe: Recipe) => void };

/** The load's project, with an engine and a folder for its work that is gone afterwards. */
function withProject<T>(
  base: LoadsBase,
  chosen: Chosen,
  options: ProjectOptions,
  work: (project: LoadProject) => Promise<T>,
): Promise<T> {
  const { ports, config, room } = base;
  const { table, place, copies, source } = chosen;
  const { workers = Math.min(WORKERS_MAX, availableParallelism()) } = options;
  const { again = false, stop, onPlanned, onProgress, onFailed } = options;
  const name = ports.ids.fresh();
  return withScratch(scratchIn(room.lake), name, folder => {
    const engine = duckDbCopyEngine({ tempFolder: join(folder, 'spills') });
    const loadPorts = { ...ports, copies, engine, scratch: localScratch(folder) };
    const what = {
      table,
      source,
      sourceTable: place.table,
      request: requestOf(base, chosen, options),
      again,
    };
    const how = { limits: config.limits, workers, owner: `${hostname()}/${process.pid}/${name}` };
    const told = { stop, onPlanned, onFailed, ...(onProgress ? { onProgress } : {}) };
    return work(new LoadProject(loadPorts, { ...what, ...how, ...told }));
  });
}
