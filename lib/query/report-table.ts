import type { ResolvedLake, ResolvedReport, ResolvedTable } from '../config/resolved';
import { currentSchema, type TableMetadata } from '../iceberg/metadata';
import type { LakePorts } from '../ports/lake-ports';
import { userFields } from '../table/columns';
import type { OpenTable } from '../table/open';
import { called, namesBefore, openLog } from '../table/renames';

/** A report's table, as it was found. */
export interface FoundReport {
  readonly report: ResolvedReport;
  readonly open: OpenTable;
  /** How the engine spells a column's name. */
  readonly spelled?: (name: string) => string;
}

/**
 * A report's table with its columns called as those of the table that it is of: one that was renamed there has the new
 * name here too, and its id, so that all dates have one column. It is not committed: whoever commits on it next does that.
 */
export async function calledAsSource(
  ports: Pick<LakePorts, 'catalog' | 'store'>,
  lake: Pick<ResolvedLake, 'tables'>,
  { report, open, spelled = name => name }: FoundReport,
): Promise<TableMetadata> {
  const table = lake.tables.find(t => report.kind === 'table' && t.name === report.table);
  const log = table && (await openLog(ports, table));
  if (!log) return open.metadata;
  const names = Object.entries(otherNames(log.metadata, table));
  const aliases = Object.fromEntries(names.map(([name, others]) => [spelled(name), others.map(spelled)]));
  return called(open, { name: report.name, aliases }).metadata;
}

/** What the source's columns are or were called otherwise, but not what another of them is called now. */
function otherNames(log: TableMetadata, { aliases }: ResolvedTable): Record<string, string[]> {
  const fields = userFields(currentSchema(log).fields);
  const taken = new Set(fields.map(f => f.name));
  const others = fields.map(field => {
    const all = [...namesBefore(log, field), ...(aliases[field.name] ?? [])];
    return [field.name, all.filter(name => !taken.has(name))] as const;
  });
  return Object.fromEntries(others);
}
