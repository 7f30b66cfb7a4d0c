import { access, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { TidemarkError } from '../errors';
import { defineLake } from './define';
import {
  configAmbiguous,
  configInvalid,
  configKindUnknown,
  configMissing,
  configUnreadable,
  noDefaultExport,
} from './errors';
import { resolveLake } from './resolve';
import type { ResolvedLake } from './resolved';

const EXTENSIONS = ['.ts', '.mts', '.mjs', '.js', '.json'];

/**
 * Loads and checks a config file: .ts, .mts, .mjs or .js by its default export, .json as it stands. Nothing
 * has to be built or installed beside it. Throws TM_1001 to TM_1006.
 */
export async function loadConfig(path: string): Promise<ResolvedLake> {
  const file = resolve(path);
  if (!EXTENSIONS.includes(extname(file))) throw configKindUnknown(file);
  if (!(await exists(file))) throw configMissing(file);
  const lake = resolveLake(await exportOf(file), file);
  await checkSqlFiles(lake, file);
  return lake;
}

/** The config of a folder or of the nearest folder above it; undefined without one. Throws TM_1005 at two in one folder. */
export async function findConfig(folder: string): Promise<string | undefined> {
  const here = resolve(folder);
  const found: string[] = [];
  for (const extension of EXTENSIONS) {
    const file = join(here, `tidemark.config${extension}`);
    if (await exists(file)) found.push(file);
  }
  if (found.length > 1)
    throw configAmbiguous(
      here,
      found.map(file => basename(file)),
    );
  if (found.length === 1 || dirname(here) === here) return found[0];
  return findConfig(dirname(here));
}

async function exportOf(file: string): Promise<unknown> {
  try {
    if (extname(file) === '.json') return JSON.parse(stripBom(await readFile(file, 'utf8')));
    return await importDefault(file);
  } catch (error) {
    throw error instanceof TidemarkError ? error : configUnreadable(file, error);
  }
}

/**
 * Runs the file through jiti. 'tidemark' is handed in as an object: it resolves in a folder without
 * node_modules, from source and from the bundle alike. jiti is loaded only here: it costs 0.1 s.
 */
async function importDefault(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  // No caches: a config may be edited and loaded again by one process (watch), and leaves nothing on disk.
  const jiti = createJiti(file, {
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    virtualModules: { tidemark: { defineLake, TidemarkError } },
  });
  const loaded: unknown = await jiti.import(file);
  if (typeof loaded !== 'object' || loaded === null) throw noDefaultExport(file);
  if ('default' in loaded) return loaded.default;
  // CommonJS: module.exports itself is the config.
  if ('__esModule' in loaded) throw noDefaultExport(file);
  return loaded;
}

/** A report's SQL is there and, symbolic links followed, still below the config's folder. */
async function checkSqlFiles(lake: ResolvedLake, file: string): Promise<void> {
  const folder = await realpath(lake.folder);
  const checked = lake.reports.map(async ({ name, sqlFile }) => {
    if (sqlFile === undefined) return [];
    const path = `reports.${name}.sql`;
    const target = await realpath(sqlFile).catch(() => undefined);
    if (target === undefined)
      return [{ path, message: `${sqlFile} is not there; write it or mend the path` }];
    if (target.startsWith(folder + sep)) return [];
    return [{ path, message: `${sqlFile} leads out of the config's folder; keep the SQL file in it` }];
  });
  const problems = (await Promise.all(checked)).flat();
  if (problems.length > 0) throw configInvalid(file, problems);
}

function stripBom(text: string): string {
  return text.replace(/^\uFEFF/, '');
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
