import { TidemarkError } from '../errors';

/** TM_7013: a copy that is the lake's own folder, lies in it or around it: the lake would take itself in. */
export const copyInLake = (path: string, lake: string) =>
  new TidemarkError(
    'TM_7013',
    `the copy and the lake's folder ${lake} lie in each other`,
    path,
    'name the files of the copy, or a folder apart from the lake',
  );

/** TM_7014: a load of the table is under way, and it was begun in another way than is asked for now. */
export const otherLoad = (table: string, what: string) =>
  new TidemarkError(
    'TM_7014',
    `a load is under way: ${what}`,
    `table ${table}`,
    `go on with it: tidemark load run ${table}; or give it up: tidemark load abandon ${table}`,
  );

/** TM_7015: the packs of a load are not made yet, so there is nothing to hold against its parts. */
export const notPacked = (table: string) =>
  new TidemarkError(
    'TM_7015',
    'not all of the load is packed yet',
    `load of ${table}`,
    `see: tidemark load status ${table}; go on: tidemark load run ${table}`,
  );

/** TM_7016: which table of the export is meant cannot be told from the config. */
export const sourceTableUnclear = (table: string, fitting: readonly string[], known: readonly string[]) =>
  new TidemarkError(
    'TM_7016',
    fitting.length === 0 ? 'the export has no table of its name' : 'several tables of the export fit',
    `table ${table}`,
    `name it with --source-table: ${(fitting.length === 0 ? known : fitting).slice(0, NAMED_MAX).join(', ')}`,
  );

const NAMED_MAX = 20;

/** TM_7017: the copy is the one that was loaded last; a second load would only undo what changed since. */
export const loadedBefore = (table: string, n: number) =>
  new TidemarkError(
    'TM_7017',
    `this copy was the last to be loaded, as entry ${n}`,
    `table ${table}`,
    'nothing is to be done; --again loads it once more',
  );

/** TM_7018: no task of this name failed. */
export const taskNotFailed = (table: string, task: string) =>
  new TidemarkError(
    'TM_7018',
    `no task ${task} has failed`,
    `load of ${table}`,
    `see: tidemark load status ${table}`,
  );

/** TM_7019: a copy is named in a way that a lake in a folder cannot read. */
export const copyUnreadable = (what: string, path: string) =>
  new TidemarkError('TM_7019', what, path, 'copy it to this machine and name the files, or their folder');

/** TM_7020: loads into a deployed lake are not there yet. */
export const loadsNotDeployed = (table: string) =>
  new TidemarkError(
    'TM_7020',
    'loads into a deployed lake are not there yet',
    `table ${table}`,
    'load into a lake in a folder (without --target aws), or wait for the next release',
  );
