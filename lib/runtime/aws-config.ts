import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { ResolvedLake } from '../config/resolved';
import { deployedConfigUnreadable, variableMissing } from './aws-errors';

export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws TM_8201 */
export function variable(environment: Environment, name: `TIDEMARK_${string}`): string {
  const value = environment[name];
  if (!value) throw variableMissing(name);
  return value;
}

/**
 * The config as it was resolved and checked at synth: JSON, with report files named relative to it. Read at once and
 * not awaited, as a function's module is loaded once and can do nothing without it. @throws TM_8202
 */
export function readDeployedConfig(file: string): ResolvedLake {
  try {
    const config = JSON.parse(readFileSync(file, 'utf8')) as ResolvedLake;
    const folder = dirname(file);
    const reports = config.reports.map(report =>
      report.sqlFile === undefined ? report : { ...report, sqlFile: resolve(folder, report.sqlFile) },
    );
    return { ...config, folder, reports };
  } catch (cause) {
    throw deployedConfigUnreadable(file, cause);
  }
}
