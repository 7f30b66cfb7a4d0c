import { type ResolvedLake, type ResolvedTable, requireLoads } from '../config/resolved';
import { abandonLoad, type CopyPlace, type Load, openLoad } from '../ledger/loads';
import { countTasks } from '../ledger/task-counts';
import type { LakePorts } from '../ports/lake-ports';
import { localDate } from '../stages/ingest/dates';
import { differenceOf, traitsOf } from '../stages/load/difference';
import { planGroups } from '../stages/load/groups';
import { loadedLast } from '../stages/load/loaded-last';
import { type LoadRequest, planLoad } from '../stages/load/plan';
import type { LoadParameters } from '../stages/load/project';
import { loadColumns, type Recipe, scopeOf } from '../stages/load/recipe';
import { recipeUnderWay } from '../stages/load/recipe-object';
import { loadedBefore, loadGone } from '../stages/load/run-errors';
import type { TableCopy } from '../stages/load/source/copy';
import type { OpenCopy } from '../stages/load/steps';
import { type Validation, validateLoad } from '../stages/load/validate';
import { lakeStatus, type TableStatus } from '../stages/status';
import type { Tally } from './lake';
import { type CopyNamed, type CopyRoom, heldPlace, openCopy, placeOf } from './load-copy';
import { notPacked, otherLoad, taskNotFailed } from './load-errors';
import { noneToGoOn, noneUnderWay } from './load-none';
import { type LoadsOfTable, loadsOfTable, retryNoted } from './load-status';

/** How a load is begun; while it is under way, none of it may be asked for otherwise. */
export interface LoadOptions extends Partial<CopyNamed> {
  /** Whether rows that the copy lacks go. Default: false. */
  readonly replace?: boolean | undefined;
  /** Where the copy stands among the source's changes, in the source's own coordinates. */
  readonly position?: { readonly major: bigint; readonly minor: bigint } | undefined;
  /** `YYYY-MM-DD`. Default: today. */
  readonly date?: string | undefined;
  /** Whether the changes that follow come from another source than those before. Default: false. */
  readonly newSource?: boolean | undefined;
  /** Loads the copy once more that was the last to be loaded. */
  readonly again?: boolean | undefined;
}

export interface RunOptions extends LoadOptions, Pick<LoadParameters, 'stop' | 'onProgress' | 'onFailed'> {
  /** Told before the first task is done; not where the copy was loaded before. */
  readonly onPlanned?: ((plan: LoadPlan) => void) | undefined;
  /** Tasks at once of a lake in a folder, 512 MB each. Default: one a core, at most 4. */
  readonly workers?: number | undefined;
  /** false: where functions of the lake do the load, they are not waited for. Default: true. */
  readonly wait?: boolean | undefined;
}

/** What a load takes in, and what it is about to replace. */
export interface LoadPlan {
  readonly table: string;
  /** Undefined: none is under way, and none was begun. */
  readonly load?: Load;
  readonly place: CopyPlace;
  readonly copy: TableCopy;
  /** Tasks of splitting. */
  readonly groups: number;
  /** What stands in the table before it. */
  readonly before: Pick<TableStatus, 'rows' | 'files' | 'bytes'>;
  /** Whether the copy is another than when the load began: then its steps begin anew. */
  readonly changed: boolean;
}

/** What became of a load. */
export interface Loaded {
  readonly id: string;
  /** The number of its entry. */
  readonly n: number;
  /** Undefined: the same copy was loaded before; only what was left of the merge was done. */
  readonly rows?: number;
  /** Where it was done here. */
  readonly validation?: Validation;
  /** Undefined where the table is paused, or nothing was left to merge of a copy that was loaded before. */
  readonly merged: Tally | undefined;
}

/**
 * Loads of a lake. Without `from` each means the load that is under way; where none is, a replace takes the reload of a DMS
 * task that waits in a deployed lake's landing.
 */
export interface Loads {
  /** Plans a load, and begins it where none is under way; with `dryRun` it only looks. @throws TM_27xx, TM_7014 */
  plan(table: ResolvedTable, options: LoadOptions & { readonly dryRun?: boolean }): Promise<LoadPlan>;
  /** Begins a load or goes on with it, to its end; undefined: nobody waited. @throws TM_27xx, TM_7014 */
  run(table: ResolvedTable, options: RunOptions): Promise<Loaded | undefined>;
  status(table: ResolvedTable): Promise<LoadsOfTable>;
  /** Tasks that failed, or are ignored, may start again. @returns how many */
  retry(table: ResolvedTable, task?: string): Promise<number>;
  /** Sums before and after, of a load that is packed and under way. @throws TM_7015 */
  validate(table: ResolvedTable): Promise<Validation>;
  /** Gives the load up that is under way; what it wrote is left to vacuum. */
  abandon(table: ResolvedTable): Promise<Load>;
}

/** A lake, and where copies of its tables may lie. */
export interface LoadsBase {
  readonly ports: LakePorts;
  readonly config: ResolvedLake;
  readonly room: CopyRoom;
}

/** All of loads but their running, which is a lake's own. */
export function loadsOf(base: LoadsBase): Omit<Loads, 'run'> {
  const { ports, config } = base;
  return {
    async plan(table, { dryRun = false, ...options }) {
      const chosen = await choose(base, table, options);
      if (dryRun) {
        // What planning would refuse.
        loadColumns(table, chosen.copy);
        return planOf(base, chosen);
      }
      const last = options.again ? undefined : await loadedAlready(base, chosen, options);
      if (last) throw loadedBefore(table.name, last.n);
      const before = await planOf(base, chosen);
      const request = requestOf(base, chosen, options);
      const { limits } = config;
      const { load } = await planLoad(ports, { table, copy: chosen.copy, limits }, request);
      return { ...before, load };
    },
    status: ({ name }) => loadsOfTable(ports.items, name),
    async retry({ name }, task) {
      const load = (await openLoad(ports.items, name))?.load;
      if (!load) throw await noneUnderWay(ports.items, name);
      const count = await retryNoted(ports, load, task);
      if (task !== undefined && count === 0) throw taskNotFailed(name, task);
      return count;
    },
    async validate(table) {
      if (!(await openLoad(ports.items, table.name))) throw await noneUnderWay(ports.items, table.name);
      const recipe = await recipeUnderWay(ports, table);
      if (!(await isPacked(ports, recipe))) throw notPacked(table.name);
      return validateLoad(ports, recipe);
    },
    async abandon({ name }) {
      const standing = await openLoad(ports.items, name);
      if (!standing) throw await noneUnderWay(ports.items, name);
      if (!(await abandonLoad(ports.items, name, standing))) throw loadGone(name);
      return standing.load;
    },
  };
}

/** A load that is under way or to be begun, and its copy as one command looks at it once: a listing may have many files. */
export interface Chosen extends OpenCopy {
  readonly table: ResolvedTable;
  readonly place: CopyPlace;
  readonly copy: TableCopy;
  readonly load?: Load;
}

/** @throws TM_2757 without a copy where no load is under way, TM_7014 where another one is */
export async function choose(
  { ports, room }: LoadsBase,
  table: ResolvedTable,
  options: LoadOptions,
): Promise<Chosen> {
  requireLoads(table);
  const load = (await openLoad(ports.items, table.name))?.load;
  const { from = [], kind, sourceTable } = options;
  const place =
    from.length > 0
      ? await placeOf(table, { from, kind, sourceTable }, room)
      : (load?.copy ?? (options.replace && (await heldPlace(ports.items, room, table.name))));
  if (!place) throw await noneToGoOn(ports.items, table.name, options.replace ?? false);
  const { replace: replaces, newSource, date: dateReceived, position: at } = options;
  const asked = { copy: place, replaces, newSource, dateReceived, at };
  const other = load && differenceOf(traitsOf(load), asked);
  if (other !== undefined) throw otherLoad(table.name, other);
  const { copies, source } = openCopy(room, table, place);
  const copy = await source.copyOf(place.table);
  const once = { ...source, copyOf: async () => copy };
  return { table, place, copies, source: once, copy, ...(load ? { load } : {}) };
}

/** The load that the same copy was loaded by last, where nothing was loaded since and none is under way. */
export function loadedAlready(
  { ports }: LoadsBase,
  { table, copy, load }: Chosen,
  { replace = load?.replaces ?? false }: LoadOptions,
): ReturnType<typeof loadedLast> {
  return loadedLast(ports.items, table.name, { replaces: replace, copy });
}

export function requestOf(
  { ports, config }: LoadsBase,
  { place, load }: Chosen,
  options: LoadOptions,
): LoadRequest {
  const { replace = load?.replaces ?? false, newSource = false, position } = options;
  const { date = localDate(ports.clock.now(), config.timezone) } = options;
  const at = position ? { at: position } : {};
  return { replaces: replace, newSource, dateReceived: date, copy: place, load: load?.id, ...at };
}

export async function planOf(
  { ports, config }: LoadsBase,
  { table, place, load, copy }: Chosen,
): Promise<LoadPlan> {
  const { tables } = await lakeStatus(ports, { ...config, tables: [table] });
  const { rows, files, bytes } = tables[0]!;
  return {
    table: table.name,
    ...(load ? { load } : {}),
    place,
    copy,
    groups: planGroups(copy.files, table.load.groupBytes).length,
    before: { rows, files, bytes },
    changed: load !== undefined && load.fingerprint !== copy.fingerprint,
  };
}

/** Whether each pack that there is to be is made. A copy without files has none. */
async function isPacked({ items }: LakePorts, recipe: Recipe): Promise<boolean> {
  const split = await countTasks(items, scopeOf(recipe, 'split'));
  const pack = await countTasks(items, scopeOf(recipe, 'pack'));
  const open = [split, pack].some(c => c.pending + c.in_progress + c.failed + c.ignored > 0);
  return !open && pack.succeeded > 0;
}
