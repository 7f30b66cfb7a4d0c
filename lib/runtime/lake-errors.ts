import { TidemarkError } from '../errors';

/** TM_7010: an address that is not of the lake's landing: nothing is taken in from anywhere else. */
export const addressElsewhere = (address: string, lake: string) =>
  new TidemarkError(
    'TM_7010',
    `the address is not below the landing of ${lake}`,
    address,
    'name s3://<landing bucket>/<prefix> with --target aws, or files of this machine',
  );

/** TM_7011: the functions of the lake have not taken a file in for so long that something is wrong. */
export const notTakenIn = (object: string, minutes: number) =>
  new TidemarkError(
    'TM_7011',
    `the file is in the landing, and after ${minutes} minutes nothing has taken it in`,
    object,
    'look at tidemark quarantine list --target aws and at the alarms; a sweep finds the file within the hour',
  );

/** TM_7012: the functions of the lake have not merged a table for so long that something is wrong. */
export const notMerged = (table: string, minutes: number) =>
  new TidemarkError(
    'TM_7012',
    `after ${minutes} minutes nothing has merged what waits`,
    `table ${table}`,
    'look at tidemark quarantine list --target aws and at the alarms; a sweep wakes the merge again',
  );

/** TM_8011: no stack of this account and region has the lake. */
export const notDeployed = (lake: string) =>
  new TidemarkError(
    'TM_8011',
    `no lake ${lake} is deployed in this account and region`,
    `lake ${lake}`,
    'deploy it with tidemark deploy, or name another account or region by AWS_PROFILE and AWS_REGION',
  );

/** TM_8012: a stack of the lake lacks an output: its deploy is of another version, or half done. */
export const outputMissing = (lake: string, output: string) =>
  new TidemarkError(
    'TM_8012',
    `the lake's stacks have no output ${output}`,
    `lake ${lake}`,
    'deploy the lake again with this version: tidemark deploy',
  );
