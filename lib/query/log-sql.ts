import type { Field } from '../columnar/types';
import type { Entry } from '../ledger/entries';
import type { ObjectStore } from '../ports/object-store';
import { ABSENT, OP, ownField, POS_MAJOR, POS_MINOR, SOURCE, userFields } from '../table/columns';
import { openFile } from '../table/data-file';
import type { LiveFile, LiveFiles } from '../table/live-files';
import { quoteName, quoteText } from './quote';
import { ROW_NUMBER, scanSql } from './scan';

/** A table's log as SQL reads it: its files, and the numbers of the entries that count. */
export interface SqlLog {
  /** The log table's fields. */
  readonly fields: readonly Field[];
  readonly key: readonly Field[];
  /** The column of `deletedWhen`. */
  readonly deletedWhen?: Field;
  readonly files: readonly LogFiles[];
  readonly entries: Iterable<Pick<Entry, 'name' | 'n' | 'truncates'>>;
}

/** Files that lack the same columns altogether: those count as absent in all their rows (PROTOCOL.md, I6). */
export interface LogFiles {
  readonly files: LiveFiles;
  readonly lacking: readonly number[];
  /** Whether rows of them may list columns they say nothing about. */
  readonly partial: boolean;
}

/**
 * Groups the log's files by the columns they lack. The manifest's value counts tell; a file whose writer stated none
 * is asked itself.
 */
export async function filesByLack(
  store: ObjectStore,
  { data, deletes }: LiveFiles,
  fields: readonly Field[],
): Promise<LogFiles[]> {
  const ids = userFields(fields).map(f => f.id);
  const absent = ownField(fields, ABSENT).id;
  const groups = new Map<string, { data: LiveFile[]; lacking: number[]; partial: boolean }>();
  for (const live of data) {
    const present = await columnsOf(store, live);
    const lacking = ids.filter(id => !present.has(id));
    const group = groups.get(lacking.join()) ?? { data: [], lacking, partial: false };
    group.data.push(live);
    group.partial ||= live.file.metrics.nullCounts.get(absent) !== live.file.recordCount;
    groups.set(lacking.join(), group);
  }
  return [...groups.values()].map(({ data: own, ...group }) => ({ files: { data: own, deletes }, ...group }));
}

/** The ids of the columns that a log file has. */
export async function columnsOf(store: ObjectStore, { file }: LiveFile): Promise<ReadonlySet<number>> {
  const { valueCounts } = file.metrics;
  if (valueCounts.size > 0) return new Set(valueCounts.keys());
  const { footer } = await openFile(store, file);
  return new Set(footer.columns.flatMap(c => c.fieldId ?? []));
}

/** Columns of `logSql` beside the table's own: the entry's number, and the ids that the row says nothing about. */
export const ENTRY = '_tm_entry';
export const LACKS = '_tm_lacks';

/** The total order of changes (PROTOCOL.md, P1), ascending or descending. */
export function orderSql(direction: 'ASC' | 'DESC' = 'ASC'): string {
  return [POS_MAJOR, POS_MINOR, ENTRY, RANK, ROW_NUMBER].map(c => `${c} ${direction}`).join(', ');
}

/** TRUNCATE before D before I and U. */
const RANK = `CASE ${OP} WHEN 'T' THEN 1 WHEN 'D' THEN 2 ELSE 3 END`;

/**
 * SELECT of the log's rows with their entry's number; rows of entries without a number (withdrawn, or beyond what
 * this reader may see) are left out.
 */
export function logSql(log: SqlLog, names: readonly string[]): string {
  const fields = log.fields.filter(f => names.includes(f.name));
  const partial = isPartial(log);
  const files = log.files.length > 0 ? log.files : [{ files: NO_FILES, lacking: [], partial: false }];
  const scans = files.map(group =>
    scanSql(group.files, fields, {
      rowNumber: true,
      extra: partial ? { _tm_lacking: `[${group.lacking.join(', ')}]::INTEGER[]` } : {},
    }),
  );
  const lacks = partial
    ? `, list_concat(l._tm_lacking, coalesce(CAST(CAST(l.${ABSENT} AS JSON) AS INTEGER[]), [])) AS ${LACKS}`
    : '';
  const columns = fields.map(f => `l.${quoteName(f.name)}`).join(', ');
  return `SELECT ${columns}, l.${ROW_NUMBER}, e.n AS ${ENTRY}${lacks}
FROM (${scans.join('\nUNION ALL\n')}) l JOIN (${entriesSql(log)}) e ON e.name = l.${SOURCE}`;
}

const NO_FILES: LiveFiles = { data: [], deletes: [] };

/** As two literals: a VALUES list of 20,000 entries takes DuckDB seventy times as long to plan. */
function entriesSql(log: SqlLog): string {
  const entries = [...log.entries];
  const list = (values: readonly unknown[], type: string) =>
    `unnest(CAST(CAST(${quoteText(JSON.stringify(values))} AS JSON) AS ${type}[]))`;
  const names = entries.map(e => e.name);
  const numbers = entries.map(e => e.n);
  return `SELECT ${list(names, 'VARCHAR')} AS name, ${list(numbers, 'BIGINT')} AS n`;
}

/** Whether any row says nothing about some column. */
export function isPartial(log: SqlLog): boolean {
  return log.files.some(f => f.lacking.length > 0 || f.partial);
}

export function hasTruncates(log: SqlLog): boolean {
  return [...log.entries].some(e => e.truncates > 0);
}
