import { dirname, join, resolve } from 'node:path';
import { configMissing } from '../config/errors';
import { findConfig } from '../config/load';

/** What a command line says of where config and lake are. */
export interface Whereabouts {
  readonly config?: string;
  readonly lake?: string;
  readonly cwd: string;
}

/**
 * The config that was named, else the one in the lake's folder, else the nearest from `cwd` upwards; the lake's
 * folder that was named, else `lake` beside the config. @throws TM_1001 without a config
 */
export async function locate(where: Whereabouts): Promise<{ config: string; folder: string }> {
  const named = where.lake === undefined ? undefined : resolve(where.cwd, where.lake);
  const config = await configOf(where, named);
  if (config === undefined) throw configMissing(where.cwd);
  return { config, folder: named ?? join(dirname(config), 'lake') };
}

/** The config alone, for a lake that stands in no folder. @throws TM_1001 without one */
export async function locateConfig(where: Pick<Whereabouts, 'config' | 'cwd'>): Promise<string> {
  const config = await configOf(where, undefined);
  if (config === undefined) throw configMissing(where.cwd);
  return config;
}

async function configOf(
  where: Pick<Whereabouts, 'config' | 'cwd'>,
  lake: string | undefined,
): Promise<string | undefined> {
  if (where.config !== undefined) return resolve(where.cwd, where.config);
  const inLake = lake === undefined ? undefined : await findConfig(lake);
  return inLake !== undefined && dirname(inLake) === lake ? inLake : findConfig(where.cwd);
}
