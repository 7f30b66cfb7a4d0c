import { existsSync, readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { createJiti } from 'jiti';
import { TidemarkError } from '../errors';
import { configInvalid, configKindUnknown, configMissing, configUnreadable } from './errors';
import { defaultExport, EXTENSIONS, IMPORT_OPTIONS, parseJson } from './import';
import { resolveLake } from './resolve';
import type { ResolvedLake } from './resolved';

/** As loadConfig, but at once: a construct is made in one go. A config may await nothing. Throws TM_1001 to TM_1006. */
export function loadConfigSync(path: string): ResolvedLake {
  const file = resolve(path);
  if (!EXTENSIONS.includes(extname(file))) throw configKindUnknown(file);
  if (!existsSync(file)) throw configMissing(file);
  return resolveWhole(exportOf(file), file);
}

/** A config that stands in code; its reports' SQL is looked for in the folder of `file`. Throws TM_1003. */
export function resolveWhole(config: unknown, file: string): ResolvedLake {
  const lake = resolveLake(config, file);
  const missing = lake.reports.flatMap(({ name, sqlFile }) =>
    sqlFile === undefined || existsSync(sqlFile)
      ? []
      : [{ path: `reports.${name}.sql`, message: `${sqlFile} is not there; write it or mend the path` }],
  );
  if (missing.length > 0) throw configInvalid(file, missing);
  return lake;
}

function exportOf(file: string): unknown {
  try {
    if (extname(file) === '.json') return parseJson(readFileSync(file, 'utf8'));
    return defaultExport(createJiti(file, IMPORT_OPTIONS)(file), file);
  } catch (error) {
    throw error instanceof TidemarkError ? error : configUnreadable(file, error);
  }
}
