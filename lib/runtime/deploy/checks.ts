import { readFile } from 'node:fs/promises';
import type { ResolvedReport } from '../../config/resolved';
import { TidemarkError } from '../../errors';
import { tablesRead } from '../../stages/athena-report/source';
import { logTableOf } from '../../table/columns';
import { checkKey, isKeyless } from '../../table/key';
import { openTable } from '../../table/open';
import { called } from '../../table/renames';
import type { Lake } from '../lake';

/** A report whose SQL does not run, and why. */
export interface BrokenReport {
  readonly report: string;
  readonly error: TidemarkError;
}

/** @throws TM_3010 for a table that stands with another key than the config has; one without any is given it afterwards */
export async function checkKeys({ config, ports }: Lake): Promise<void> {
  for (const table of config.tables) {
    const open = await openTable(ports, table.name);
    if (open && !isKeyless(open.metadata)) checkKey(table, called(open, table).metadata);
  }
}

/** Every report whose tables are there, planned by the engine that will run it; those that it refuses. */
export async function brokenReports(lake: Lake): Promise<BrokenReport[]> {
  const broken: BrokenReport[] = [];
  for (const report of lake.config.reports) {
    if (!(await isReady(lake, report))) continue;
    try {
      await lake.checkReport(report, lake.today());
    } catch (error) {
      if (!(error instanceof TidemarkError) || !error.code.startsWith('TM_6')) throw error;
      broken.push({ report: report.name, error });
    }
  }
  return broken;
}

/** Before the first merge there is no table to plan with. */
async function isReady({ config, ports }: Lake, report: ResolvedReport): Promise<boolean> {
  const readSql = (file: string) => readFile(file, 'utf8');
  const tables = await tablesRead({ readSql }, config, report);
  const names = tables.flatMap(({ name }) => [name, logTableOf(name)]);
  for (const name of names) if (!(await openTable(ports, name))) return false;
  return true;
}
