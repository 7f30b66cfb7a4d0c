import { checkOrigins } from './check-origins';
import { checkRows } from './check-rows';
import { checkTable, type Report, typeOf } from './check-table';
import type { Problem } from './errors';
import { suggestion } from './nearest';
import { pathText, show } from './problems';
import { nameFault } from './reserved';
import type { LakeShape } from './schema';

/** What several values of a config must have in common; every breach is a problem. */
export function checkLake(lake: LakeShape): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (path, message) => problems.push({ path: pathText(path), message });
  for (const [name, table] of Object.entries(lake.tables)) {
    const at: Report = (path, message) => report(['tables', name, ...path], message);
    const fault = nameFault(name);
    if (fault) at([], fault);
    checkTable(table, at);
    checkRows(table, at);
  }
  checkSources(lake, report);
  checkOrigins(lake, report);
  checkReports(lake, report);
  checkLimits(lake.limits, report);
  return problems;
}

function checkSources(lake: LakeShape, report: Report): void {
  const whole = new Map<string, string>();
  for (const [name, table] of Object.entries(lake.tables)) {
    const from = table.from ?? name;
    const path = ['tables', name, ...(table.from === undefined ? [] : ['from'])];
    if (table.from !== undefined && /^\.|\.$/.test(from))
      report(path, `${show(from)} is not a source table; write "table" or "schema.table"`);
    if (table.where) continue;
    const other = whole.get(from);
    if (other)
      report(
        path,
        `${show(from)} already goes to table "${other}"; of several tables all but one have a where`,
      );
    whole.set(from, name);
  }
}

function checkReports(lake: LakeShape, report: Report): void {
  for (const [name, { table, sql, params = {} }] of Object.entries(lake.reports)) {
    const at: Report = (path, message) => report(['reports', name, ...path], message);
    const fault = nameFault(name);
    if (fault) at([], fault);
    if (Object.hasOwn(lake.tables, name))
      at([], `a table is named "${name}" too; rename the report, such as "${name}_daily"`);
    if ((table === undefined) === (sql === undefined))
      at([], "needs one of table and sql; write table: '<table>' or sql: '<file>.sql'");
    if (table !== undefined) checkReportTable(lake, table, at);
    for (const parameter of Object.keys(params)) {
      if (parameter === 'report_date') at(['params', parameter], 'is given by Tidemark; drop it');
      else if (!/^[a-z_]\w*$/i.test(parameter))
        at(['params', parameter], 'is not a parameter name; use letters, digits and _');
    }
    if (sql === undefined && Object.keys(params).length > 0) at(['params'], 'are for sql reports; drop them');
  }
}

function checkReportTable(lake: LakeShape, table: string, at: Report): void {
  const names = Object.keys(lake.tables);
  if (!names.includes(table)) {
    at(
      ['table'],
      `"${table}" is not a table${suggestion(table, names, `; the tables are ${names.join(', ') || 'none'}`)}`,
    );
  } else if (typeOf(lake.tables[table]!.columns, 'report_date') !== undefined) {
    at(['table'], `"${table}" has a column report_date, which the report adds itself; report on it with sql`);
  }
}

function checkLimits(limits: LakeShape['limits'], report: Report): void {
  const pairs = [
    ['rowGroupBytesMax', 'fileBytesMax'],
    // A delta beyond the merge's budget would never be merged.
    ['deltaRowsMax', 'mergeRowsMax'],
    ['deltaBytesMax', 'mergeBytesMax'],
  ] as const;
  for (const [small, large] of pairs) {
    if (limits[small] <= limits[large]) continue;
    report(
      ['limits', small],
      `${limits[small]} is above ${large}, ${limits[large]}; lower it or raise ${large}`,
    );
  }
}
