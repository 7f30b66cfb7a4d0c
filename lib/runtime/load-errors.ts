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

/** TM_7018: no task of this name failed. */
export const taskNotFailed = (table: string, task: string) =>
  new TidemarkError(
    'TM_7018',
    `no task ${task} has failed`,
    `load of ${table}`,
    `see: tidemark load status ${table}`,
  );

/** TM_7019: a copy is named in a way that this lake cannot read. */
export const copyUnreadable = (what: string, path: string) =>
  new TidemarkError(
    'TM_7019',
    what,
    path,
    'for a lake in a folder name files of this machine or their folder; for a deployed one s3://bucket/folder/',
  );

/** TM_7020: the lake was deployed without loads: nothing there may read copies. */
export const loadsNotDeployed = (lake: string) =>
  new TidemarkError(
    'TM_7020',
    'the lake is deployed without loads',
    `lake ${lake}`,
    "say where copies stand, then run tidemark deploy: deploy: { loads: { from: ['s3://bucket/folder/'] } }",
  );

/** TM_7021: a copy, or a file that its manifest names, stands where the lake's functions may not read. */
export const copyElsewhere = (address: string, from: readonly string[]) =>
  new TidemarkError(
    'TM_7021',
    `copies are loaded from ${from.join(', ')} alone`,
    address,
    'add its folder to deploy.loads.from in the config, then run tidemark deploy',
  );

/** TM_7022: a load's execution in AWS ended without saying more than this. */
export const executionEnded = (table: string, how: string, execution: string) =>
  new TidemarkError(
    'TM_7022',
    `its execution ended: ${how}`,
    `load of ${table}`,
    `see: tidemark load status ${table} --target aws, and ${execution}; go on: tidemark load run ${table} --target aws`,
  );

/** TM_7023: Ctrl-C: the load goes on in AWS, and this command no longer looks at it. */
export const loadUnwatched = (table: string) =>
  new TidemarkError(
    'TM_7023',
    'the load goes on in AWS without this command',
    `load of ${table}`,
    `look at it again: tidemark load run ${table} --target aws; or end it: tidemark load abandon ${table} --target aws`,
  );
