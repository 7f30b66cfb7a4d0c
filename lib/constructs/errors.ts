import { TidemarkError } from '../errors';

/** TM_8001: the functions' code was not built, so there is nothing to deploy. */
export const bundleMissing = (folder: string) =>
  new TidemarkError(
    'TM_8001',
    'the code of a function is not there',
    folder,
    'run npm run build in the clone; the installed package brings it along',
  );

/** TM_8002: the construct stands outside of its package (in a bundle, say), so the package's own code is not found. */
export const packageMissing = (from: string) =>
  new TidemarkError(
    'TM_8002',
    'the folder of the package tidemark is not above this file, so the code of its functions is not found',
    from,
    'name the folder of the bundles with the property bundles',
  );

/** TM_8004: the package's functions load parquet-wasm, a dependency of it, which is not found from here. */
export const engineMissing = (from: string) =>
  new TidemarkError(
    'TM_8004',
    'parquet-wasm is not installed, which goes beside the code of the functions',
    from,
    'run npm install, and leave tidemark out of a bundle of yours',
  );

/** TM_8005: the function that loads copies carries DuckDB for Linux on x64; elsewhere npm leaves that out by itself. */
export const duckDbMissing = (from: string, spec: string) =>
  new TidemarkError(
    'TM_8005',
    'DuckDB for Linux on x64 is not installed, which goes into a layer of the function that loads copies',
    from,
    `run npm install --no-save --force ${spec}, or leave deploy.loads out`,
  );

/** TM_8006: a grant names an http source that the lake does not have. */
export const noIntake = (source: string, found: readonly string[]) =>
  new TidemarkError(
    'TM_8006',
    `no source of kind http is named "${source}"`,
    'sources',
    `the http sources are: ${found.join(', ') || 'none'}`,
  );
