import { TidemarkError } from '../../errors';

const counted = (n: number, noun: string) => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** TM_2751: a change that came while the load ran stands at exactly its position; which of the two is later nobody can say. */
export const positionTaken = (table: string, delta: string) =>
  new TidemarkError(
    'TM_2751',
    'a change that came meanwhile stands at exactly the position of the load',
    `table ${table}, delta ${delta}`,
    'give the load up and begin it again: then it stands beyond that change',
  );

/** TM_2752: the config's load names a column that the table does not have. */
export const unknownColumn = (column: string) =>
  new TidemarkError(
    'TM_2752',
    `there is no column ${column}`,
    'load of the config',
    'name a column of the copy, or declare and derive it',
  );

/** TM_2753: tasks of a step failed as often as they may. What the others made stays. */
export const tasksFailed = (table: string, step: string, failed: number, first: string) =>
  new TidemarkError(
    'TM_2753',
    `${counted(failed, 'task')} of the step ${step} failed; the first: ${first}`,
    `load of ${table}`,
    `see: tidemark load status ${table}; mend the cause, then: tidemark load retry ${table}`,
  );

/** TM_2754: rows of the copy share a key, and the config says that none may. */
export const keysRepeated = (table: string, keys: number, first: readonly string[]) =>
  new TidemarkError(
    'TM_2754',
    `${counted(keys, 'key')} ${keys === 1 ? 'stands' : 'stand'} in more than one row of the copy: ${first.join('; ')}`,
    `load of ${table}`,
    "mend the copy, choose another key, or say which row counts: load: { duplicateKeys: { newestBy: '<column>' } }",
  );

/** TM_2755: what came out of the load is not what went in; nothing was committed. */
export const sumsDiffer = (table: string, differences: readonly string[]) =>
  new TidemarkError(
    'TM_2755',
    `the load's sums differ: ${differences.join('; ')}`,
    `load of ${table}`,
    `nothing was committed; report it, with the output of: tidemark load validate ${table}`,
  );

/** TM_2756: rows of the copy have no key. */
export const keysMissing = (table: string, rows: number, first: readonly string[]) =>
  new TidemarkError(
    'TM_2756',
    `${counted(rows, 'row')} ${rows === 1 ? 'lacks' : 'lack'} a value in a column of the key: ${first.join('; ')}`,
    `load of ${table}`,
    'mend the copy, or choose another key',
  );

/** TM_2757: there is no load to go on with. */
export const noLoad = (table: string, state: string, next: string) =>
  new TidemarkError('TM_2757', `no load is under way: ${state}`, `table ${table}`, next);

/** TM_2758: the load was given up, or committed, by another process. */
export const loadGone = (table: string) =>
  new TidemarkError(
    'TM_2758',
    'the load was given up or committed by another process',
    `table ${table}`,
    `see: tidemark load status ${table}`,
  );

/** TM_2759: the load was stopped by hand. What is done stays done, and a task in progress comes free when its lease is over. */
export const loadStopped = (table: string) =>
  new TidemarkError(
    'TM_2759',
    'stopped; what is done stays done',
    `load of ${table}`,
    `go on: tidemark load run ${table}`,
  );

/** TM_2761: the copy is the one that was loaded last; a second load would only undo what changed since. */
export const loadedBefore = (table: string, n: number) =>
  new TidemarkError(
    'TM_2761',
    `this copy was the last to be loaded, as entry ${n}`,
    `table ${table}`,
    'nothing is to be done; --again loads it once more',
  );

/** TM_2762: a step waits for tasks of the one before it, which nobody does just now. */
export const tasksLeft = (table: string, step: string, left: number) =>
  new TidemarkError(
    'TM_2762',
    `${counted(left, 'task')} of the step ${step} ${left === 1 ? 'is' : 'are'} not done yet`,
    `load of ${table}`,
    `go on: tidemark load run ${table}`,
  );

/** TM_2763: the config's load of the table was changed since the load was planned, by a deploy in between. */
export const recipeOutdated = (table: string) =>
  new TidemarkError(
    'TM_2763',
    "the config's load is another than when the load was planned",
    `table ${table}`,
    `plan it anew, which is what this does first: tidemark load run ${table}`,
  );

/** TM_2764: the config that the load's steps run by has no such table. */
export const tableGone = (table: string) =>
  new TidemarkError(
    'TM_2764',
    'the config of the lake has no such table',
    `table ${table}`,
    'declare it, and deploy the lake',
  );

/** TM_2760: a load is under way, and it is not the one that is asked for. */
export const otherLoad = (table: string, how: string) =>
  new TidemarkError(
    'TM_2760',
    `another load is under way: ${how}`,
    `table ${table}`,
    'go on with it as it was begun, or give it up first',
  );

/** TM_2765: a row of a LOAD object cannot be read as the table's declarations say. */
export const rowUnreadable = (reason: string, where: string) =>
  new TidemarkError(
    'TM_2765',
    `a row of the copy cannot be read: ${reason}`,
    where,
    'mend the config or the file, then: tidemark load retry <table>',
  );

/** TM_2766: a copy from another source is to be loaded without replacing the table. */
export const newSourceKeeps = (table: string) =>
  new TidemarkError(
    'TM_2766',
    'a copy from another source replaces the table: rows that it lacks would stay for ever',
    table,
    'load it with --replace',
  );

/** TM_2771: splitting made more parts, one for each partition of each group, than one load may have. */
export const tooManyParts = (table: string, parts: number, most: number) =>
  new TidemarkError(
    'TM_2771',
    `the groups of the copy have ${parts} parts, and a load has ${most} at most`,
    `table ${table}`,
    'raise load.groupBytes in the config, or load a copy that is sorted as the table is partitioned; then run it again',
  );

/** TM_2767: the load was planned anew while this process did its steps: the copy or the config was another by then. */
export const plannedAnew = (table: string) =>
  new TidemarkError(
    'TM_2767',
    'the load was planned anew meanwhile, of another copy or by another config',
    `load of ${table}`,
    `go on with it as it is planned now: tidemark load run ${table}`,
  );

/** TM_2768: a replace stands beyond the load, and drops all of its rows: nobody would ever see them. */
export const beforeReplace = (table: string, at: string) =>
  new TidemarkError(
    'TM_2768',
    'a replace stands after the load, which would show nothing of it',
    `table ${table}`,
    `say where the copy stands: --position ${at}, where the replace does, or beyond it; or load all of the table with --replace`,
  );

/** TM_2772: the copy has no column of the table's key. */
export const keyNotInCopy = (table: string, column: string, found: readonly string[]) =>
  new TidemarkError(
    'TM_2772',
    `the copy has no column ${column}, which is the key`,
    `table ${table}; the copy has ${found.join(', ') || 'no columns'}`,
    'mend the key in the config, or derive the column: load.derive',
  );

/** TM_2773: a floating-point column is the table's key. */
export const keyInexact = (table: string, column: string, type: string) =>
  new TidemarkError(
    'TM_2773',
    `the key ${column} is ${type} in the copy: two engines may round it differently`,
    `table ${table}`,
    'declare the column with an exact type in the config: bigint, decimal or string',
  );

/** TM_2774: while a load of a reload was under way DMS has copied the table once more. */
export const reloadOutdated = (table: string) =>
  new TidemarkError(
    'TM_2774',
    'DMS has copied the table once more since the load was begun',
    `table ${table}`,
    `give the load up and begin it again: tidemark load abandon ${table}, then tidemark load run ${table} --replace`,
  );

/** TM_2785: the copy calls a column by another of its names, and a copy's columns are read as they are called. */
export const aliasInCopy = (table: string, column: string, alias: string) =>
  new TidemarkError(
    'TM_2785',
    `the copy calls column ${column} ${alias}`,
    `table ${table}`,
    `derive the column: load: { derive: { ${column}: '"${alias}"' } }`,
  );
