import { widens } from '../columnar/cast';
import { icebergTypeOf } from '../columnar/type-map';
import type { Field, PrimitiveType } from '../columnar/types';
import type { ResolvedReport } from '../config/resolved';
import { addColumns, widenColumn } from '../iceberg/evolution';
import { currentSchema, type TableMetadata } from '../iceberg/metadata';
import type { ResultColumn } from '../ports/query-engine';
import { type ColumnShape, isReserved } from '../table/columns';
import {
  reportColumnName,
  reportColumnType,
  reportDateSelected,
  reportRetyped,
  reportTypeChange,
} from './errors';

/** The column that every report ends with, and is partitioned by. */
export const REPORT_DATE = 'report_date';

/**
 * A report's columns as a table can hold them; report_date is not among them.
 * @throws TM_6010 for a type that none can, TM_6011 for a name that is doubled or the lake's, TM_6012 for report_date
 */
export function reportColumns(report: string, columns: readonly ResultColumn[]): ColumnShape[] {
  const names = new Set<string>();
  return columns.map(({ name, type }) => {
    const lower = name.toLowerCase();
    if (lower === REPORT_DATE) throw reportDateSelected(report);
    if (names.has(lower)) throw reportColumnName(report, name, 'is selected twice');
    if (isReserved(name)) throw reportColumnName(report, name, "has a name of the lake's own");
    names.add(lower);
    return { name, type: columnType(report, name, type) };
  });
}

/** Not a timestamp with a zone: Athena can make no report over one. */
function columnType(report: string, name: string, engineType: string): PrimitiveType {
  const type = icebergTypeOf(engineType);
  if (!type || type === 'timestamptz') throw reportColumnType(report, name, engineType);
  return type;
}

/** The fields of a report's first table: ids from 1, report_date last. */
export function firstFields(columns: readonly ColumnShape[]): Field[] {
  return [...columns, { name: REPORT_DATE, type: 'date' as const }].map((c, i) => ({
    id: i + 1,
    ...c,
    required: false,
  }));
}

/**
 * The report's table with room for these columns: new ones are added before report_date, types widened; columns that
 * the SQL no longer selects stay, NULL for new dates. The metadata comes back as it is if nothing is missing.
 * @throws TM_6019 for a type that cannot change so, TM_6024 for that of a column of the report's table
 */
export function withReportColumns(
  metadata: TableMetadata,
  report: ResolvedReport,
  columns: readonly ColumnShape[],
  now: number,
): TableMetadata {
  let evolved = metadata;
  for (const { name, type } of columns) {
    const known = currentSchema(evolved).fields.find(f => f.name === name);
    if (!known || widens(type, known.type)) continue;
    if (!widens(known.type, type)) throw typeChange(report, { name, type }, known.type);
    evolved = widenColumn(evolved, known.id, type, now);
  }
  const { fields } = currentSchema(evolved);
  const fresh = columns.filter(c => !fields.some(f => f.name === c.name));
  if (fresh.length === 0) return evolved;
  const next = evolved['last-column-id'] + 1;
  const added = fresh.map((c, i) => ({ id: next + i, ...c, required: false }));
  return addColumns(evolved, added, {
    before: fields.filter(f => f.name === REPORT_DATE).map(f => f.id),
    now,
  });
}

function typeChange(report: ResolvedReport, { name, type }: ColumnShape, from: PrimitiveType) {
  return report.kind === 'table'
    ? reportRetyped(report.name, report.table!, name, `${from}, and ${type} now`)
    : reportTypeChange(report.name, name, from, type);
}

/** The fields that one run writes, in the order of its columns, report_date last. */
export function writtenFields(fields: readonly Field[], columns: readonly ColumnShape[]): Field[] {
  return [...columns.map(c => c.name), REPORT_DATE].map(name => fields.find(f => f.name === name)!);
}
