import { TidemarkError } from '../errors';

/** TM_8201: a function runs without a variable that the stack gives it. */
export const variableMissing = (name: string) =>
  new TidemarkError(
    'TM_8201',
    'an environment variable of the function is missing',
    name,
    'deploy the lake again: its stack sets every variable of its functions',
  );

/** TM_8202: the config that was deployed beside the functions cannot be read. */
export const deployedConfigUnreadable = (file: string, cause: unknown) =>
  new TidemarkError(
    'TM_8202',
    'the deployed config cannot be read',
    file,
    'deploy the lake again: config and code travel together, the config as a layer',
    { cause },
  );

/** TM_8203: records come from a stream that is no source of the config. */
export const streamUnassigned = (arn: string) =>
  new TidemarkError(
    'TM_8203',
    'no source of the config is this stream',
    arn,
    'deploy the lake again: its stack tells the function which stream is which source',
  );
