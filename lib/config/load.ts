import { access, readFile, realpath } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { TidemarkError } from '../errors';
import { configAmbiguous, configInvalid, configKindUnknown, configMissing, configUnreadable } from './errors';
import { defaultExport, EXTENSIONS, IMPORT_OPTIONS, parseJson } from './import';
import { resolveLake } from './resolve';
import type { ResolvedLake } from './resolved';

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
    if (extname(file) === '.json') return parseJson(await readFile(file, 'utf8'));
    const { createJiti } = await import('jiti');
    return defaultExport(await createJiti(file, IMPORT_OPTIONS).import(file), file);
  } catch (error) {
    throw error instanceof TidemarkError ? error : configUnreadable(file, error);
  }
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

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
