import { TidemarkError } from '../../errors';

/**
 * TM_6101: a statement was noted, and for too long nobody noted that it had started. It may run all the same, so it is
 * given up and never sent again: the engine may have forgotten its token, and would run it twice.
 */
export const startUnknown = (report: string, date: string) =>
  new TidemarkError(
    'TM_6101',
    'nobody knows whether the statement was started',
    `report ${report}, ${date}`,
    'nothing is to be done: the date is built again beside the table, and replaced; if it goes on, raise the quota of active DML queries',
  );

/** TM_6102: the engine knows nothing of a statement that it had started. */
export const jobForgotten = (report: string, date: string, job: string) =>
  new TidemarkError(
    'TM_6102',
    `the engine does not know the query ${job}`,
    `report ${report}, ${date}`,
    'nothing is to be done: the date is built again; if it goes on, check that the workgroup of the lake is the same',
  );

/** TM_6103: a statement failed, or somebody cancelled it; in the engine's own words. */
export const jobFailed = (report: string, date: string, reason: string) =>
  new TidemarkError(
    'TM_6103',
    reason,
    `report ${report}, ${date}`,
    'mend the SQL if it is at fault, and run the report again; the last good rows of the date stay until then',
  );

/** TM_6104: a date has files of two queries: one that was given up landed beside another. */
export const filesOfTwo = (report: string, date: string) =>
  new TidemarkError(
    'TM_6104',
    'the date has files of two queries',
    `report ${report}, ${date}`,
    'nothing is to be done: the date is built again beside the table, and replaced',
  );

/** TM_6105: the query succeeded, and the table it wrote is not there. */
export const writtenMissing = (report: string, date: string, table: string) =>
  new TidemarkError(
    'TM_6105',
    `the query succeeded, and there is no table ${table}`,
    `report ${report}, ${date}`,
    'check who drops tables of the lake; the date is built again',
  );

/** TM_6106: a staging table holds what one INSERT does not leave: two appends, or deletes. */
export const stagingForeign = (report: string, date: string, table: string) =>
  new TidemarkError(
    'TM_6106',
    `${table} was written by more than one statement`,
    `report ${report}, ${date}`,
    'check who writes to the staging database; the date is built again in a table of its own',
  );
