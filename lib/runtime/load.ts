import { availableParallelism, hostname } from 'node:os';
import { join } from 'node:path';
import { formatPosition } from '../change/position';
import { type ResolvedLake, type ResolvedTable, requireKey } from '../config/resolved';
import { abandonLoad, type CopyPlace, type Load, openLoad, pastLoads } from '../ledger/loads';
import { countTasks } from '../ledger/task-counts';
import type { LakePorts } from '../ports/lake-ports';
import { localDate } from '../stages/ingest/dates';
import { planGroups } from '../stages/load/groups';
import { type Loaded, type LoadParameters, LoadProject } from '../stages/load/project';
import { type Recipe, scopeOf } from '../stages/load/recipe';
import { loadGone, noLoad } from '../stages/load/run-errors';
import type { CopySource, TableCopy } from '../stages/load/source/copy';
import type { Validation } from '../stages/load/validate';
import { lakeStatus, type TableStatus } from '../stages/status';
import { type CopyNamed, type OpenCopy, openCopy, placeOf } from './load-copy';
import { loadedBefore, notPacked, otherLoad, taskNotFailed } from './load-errors';
import { withScratch } from './load-scratch';
import { type LoadsOfTable, loadsOfTable, retryNoted } from './load-status';

/** How a load is begun; while it is under way, none of it may be asked for otherwise. */
export interface LoadOptions extends Partial<CopyNamed> {
  /** Whether rows that the copy lacks go. Default: false. */
  readonly replace?: boolean | undefined;
  /** Where the copy stands among the source's changes, in the source's own coordinates. */
  readonly position?: { readonly major: bigint; readonly minor: bigint } | undefined;
  /** `YYYY-MM-DD`. Default: today. */
  readonly date?: string | undefined;
  /** Loads the copy once more that was the last to be loaded. */
  readonly again?: boolean | undefined;
}

export interface RunOptions extends LoadOptions, Pick<LoadParameters, 'stop' | 'onProgress' | 'onFailed'> {
  /** Told before the first task is done; not where the copy was loaded before. */
  readonly onPlanned?: (plan: LoadPlan) => void;
  /** Tasks at once, 512 MB each. Default: one a core, at most 4. */
  readonly workers?: number | undefined;
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

/** Loads of a lake in a folder. Without `from` each means the load that is under way. */
export interface Loads {
  /** Plans a load, and begins it where none is under way; with `dryRun` it only looks. */
  plan(table: ResolvedTable, options: LoadOptions & { readonly dryRun?: boolean }): Promise<LoadPlan>;
  /** Begins a load or goes on with it, to its end. @throws TM_27xx, TM_7014, TM_7017 */
  run(table: ResolvedTable, options: RunOptions): Promise<Loaded>;
  status(table: ResolvedTable): Promise<LoadsOfTable>;
  /** Tasks that failed, or are ignored, may start again. @returns how many */
  retry(table: ResolvedTable, task?: string): Promise<number>;
  /** Sums before and after, of a load that is packed and under way. @throws TM_7015 */
  validate(table: ResolvedTable): Promise<Validation>;
  /** Gives the load up that is under way; what it wrote is left to vacuum. */
  abandon(table: ResolvedTable): Promise<Load>;
}

const WORKERS_MAX = 4;

/** Where this lake is, and where paths begin. */
export interface LoadsPlace {
  readonly lake: string;
  readonly cwd: string;
}

export function localLoads(ports: LakePorts, config: ResolvedLake, where: LoadsPlace): Loads {
  return {
    async plan(table, { dryRun = false, ...options }) {
      const chosen = await choose(ports, table, options, where);
      const before = await standing(ports, config, table);
      if (dryRun) return planOf(chosen, await chosen.source.copyOf(chosen.place.table), before);
      await refuseRepeated(ports, chosen, options);
      return withProject(ports, config, chosen, { options, where }, async project => {
        const { load, copy } = await project.plan();
        return planOf({ ...chosen, load }, copy, before);
      });
    },
    async run(table, options) {
      const chosen = await choose(ports, table, options, where);
      const before = await standing(ports, config, table);
      const onPlanned = ({ load, copy }: Recipe) =>
        options.onPlanned?.(planOf({ ...chosen, load }, copy, before));
      const parameters = { ...options, onPlanned };
      return withProject(ports, config, chosen, { options: parameters, where }, project => project.run());
    },
    status: ({ name }) => loadsOfTable(ports.items, name),
    async retry({ name }, task) {
      const load = await underWay(ports, name);
      const count = await retryNoted(ports, load, task);
      if (task !== undefined && count === 0) throw taskNotFailed(name, task);
      return count;
    },
    async validate(table) {
      await underWay(ports, table.name);
      const chosen = await choose(ports, table, {}, where);
      return withProject(ports, config, chosen, { options: {}, where }, async project => {
        const recipe = await project.recipe();
        if (!(await isPacked(ports, recipe))) throw notPacked(table.name);
        return project.validate(recipe);
      });
    },
    async abandon({ name }) {
      const standing = await openLoad(ports.items, name);
      if (!standing) throw noLoad(name);
      if (!(await abandonLoad(ports.items, name, standing))) throw loadGone(name);
      return standing.load;
    },
  };
}

/** A load that is under way or to be begun, and its copy. */
interface Chosen extends OpenCopy {
  readonly table: ResolvedTable;
  readonly place: CopyPlace;
  readonly load?: Load;
}

/** @throws TM_2757 without a copy where no load is under way, TM_7014 where another one is */
async function choose(
  ports: LakePorts,
  table: ResolvedTable,
  options: LoadOptions,
  where: LoadsPlace,
): Promise<Chosen> {
  requireKey(table);
  const load = (await openLoad(ports.items, table.name))?.load;
  const { from = [], kind, sourceTable } = options;
  if (!load && from.length === 0) throw noLoad(table.name);
  const place = from.length === 0 ? load!.copy : await placeOf(table, { from, kind, sourceTable }, where);
  const other = load && differenceOf(load, place, options);
  if (other !== undefined) throw otherLoad(table.name, other);
  const { copies, source } = openCopy(place);
  return { table, place, copies, source: onceRead(source), ...(load ? { load } : {}) };
}

/** What is asked for and the load is not; what nobody asked for is as it is. */
function differenceOf(load: Load, place: CopyPlace, asked: LoadOptions): string | undefined {
  const { copy, replaces, dateReceived, position } = load;
  if (
    JSON.stringify([copy.kind, copy.at, copy.table]) !== JSON.stringify([place.kind, place.at, place.table])
  )
    return `it is of ${copy.at.join(', ')}`;
  if (asked.replace && !replaces) return 'it replaces nothing';
  if (asked.date !== undefined && asked.date !== dateReceived) return `its date is ${dateReceived}`;
  const { position: at } = asked;
  // The top bits are the source's generation.
  const same = at && at.major === BigInt.asUintN(53, position.major) && at.minor === position.minor;
  return at && !same ? `its position is ${formatPosition(position)}` : undefined;
}

async function refuseRepeated(ports: LakePorts, chosen: Chosen, { again }: LoadOptions): Promise<void> {
  const { table, place, load, source } = chosen;
  if (again || load) return;
  const [last] = await pastLoads(ports.items, table.name, 1);
  if (last?.n === undefined) return;
  const { fingerprint } = await source.copyOf(place.table);
  if (last.fingerprint === fingerprint) throw loadedBefore(table.name, last.n);
}

/** One command looks at its copy once: a listing may have many files. Each is read by the etag that it had then. */
function onceRead(source: CopySource): CopySource {
  let copy: Promise<TableCopy> | undefined;
  return {
    ...source,
    copyOf: table => {
      copy ??= source.copyOf(table);
      return copy;
    },
  };
}

async function standing(
  ports: LakePorts,
  config: ResolvedLake,
  table: ResolvedTable,
): Promise<LoadPlan['before']> {
  const { tables } = await lakeStatus(ports, { ...config, tables: [table] });
  const { rows, files, bytes } = tables[0]!;
  return { rows, files, bytes };
}

function planOf({ table, place, load }: Chosen, copy: TableCopy, before: LoadPlan['before']): LoadPlan {
  return {
    table: table.name,
    ...(load ? { load } : {}),
    place,
    copy,
    groups: planGroups(copy.files, table.load.groupBytes).length,
    before,
    changed: load !== undefined && load.fingerprint !== copy.fingerprint,
  };
}

type ProjectOptions = Omit<RunOptions, 'onPlanned'> & Pick<LoadParameters, 'onPlanned'>;

/** The load's project, with an engine and a folder for its work that is gone afterwards. */
async function withProject<T>(
  ports: LakePorts,
  config: ResolvedLake,
  { table, place, copies, source }: Chosen,
  { options, where }: { readonly options: ProjectOptions; readonly where: LoadsPlace },
  work: (project: LoadProject) => Promise<T>,
): Promise<T> {
  const { duckDbCopyEngine } = await import('../adapters/local/duckdb-copy');
  const { localScratch } = await import('../adapters/local/scratch');
  const { replace = false, position, date = localDate(ports.clock.now(), config.timezone) } = options;
  const { again, stop, onPlanned, onProgress, onFailed } = options;
  const { workers = Math.min(WORKERS_MAX, availableParallelism()) } = options;
  const name = ports.ids.fresh();
  return withScratch(where.lake, name, folder => {
    const engine = duckDbCopyEngine({ tempFolder: join(folder, 'spills') });
    const loadPorts = { ...ports, copies, engine, scratch: localScratch(folder) };
    const request = {
      replaces: replace,
      dateReceived: date,
      copy: place,
      ...(position ? { at: position } : {}),
    };
    const owner = `${hostname()}/${process.pid}/${name}`;
    const parameters = { table, source, sourceTable: place.table, request, limits: config.limits, workers };
    const told = { again, stop, onPlanned, onProgress, onFailed };
    return work(new LoadProject(loadPorts, { ...parameters, ...told, owner }));
  });
}

async function underWay({ items }: LakePorts, table: string): Promise<Load> {
  const standing = await openLoad(items, table);
  if (!standing) throw noLoad(table);
  return standing.load;
}

/** Whether each pack that there is to be is made. A copy without files has none. */
async function isPacked({ items }: LakePorts, recipe: Recipe): Promise<boolean> {
  const split = await countTasks(items, scopeOf(recipe, 'split'));
  const pack = await countTasks(items, scopeOf(recipe, 'pack'));
  const open = [split, pack].some(c => c.pending + c.in_progress + c.failed + c.ignored > 0);
  return !open && pack.succeeded > 0;
}
