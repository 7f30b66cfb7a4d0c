import type { Field } from '../columnar/types';
import type { ObjectStore } from '../ports/object-store';
import { ABSENT, ENTRY, OP, ownField, POS_MAJOR, POS_MINOR, SOURCE, userFields } from '../table/columns';
import { openFile } from '../table/data-file';
import type { LiveFile, LiveFiles } from '../table/live-files';
import { quoteName, quoteText } from './quote';
import { ROW_NUMBER, scanSql } from './scan';

/** A table's log as SQL reads it. */
export interface SqlLog {
  /** The log table's fields. */
  readonly fields: readonly Field[];
  readonly key: readonly Field[];
  /** The column of `deletedWhen`. */
  readonly deletedWhen?: Field;
  readonly files: readonly LogFiles[];
  /** Names of the deltas whose entries are beyond what this reader may see; few, unless it looks far back. */
  readonly beyond: readonly string[];
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

/** Column of `logSql` beside the table's own: the ids that the row says nothing about. */
export const LACKS = '_tm_lacks';

/** The total order of changes (PROTOCOL.md, P1), ascending or descending: `_entry` orders as the numbers of entries do. */
export function orderSql(direction: 'ASC' | 'DESC' = 'ASC'): string {
  return [POS_MAJOR, POS_MINOR, ENTRY, RANK, ROW_NUMBER].map(c => `${c} ${direction}`).join(', ');
}

/** TRUNCATE before D before I and U. */
const RANK = `CASE ${OP} WHEN 'T' THEN 1 WHEN 'D' THEN 2 ELSE 3 END`;

/** SELECT of the log's rows, those of entries beyond what this reader may see left out. */
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
  return `SELECT ${columns}, l.${ROW_NUMBER}${lacks}
FROM (${scans.join('\nUNION ALL\n')}) l${withoutSql(log.beyond)}`;
}

const NO_FILES: LiveFiles = { data: [], deletes: [] };

/** As one literal: a VALUES list of 20,000 names takes DuckDB seventy times as long to plan. */
function withoutSql(names: readonly string[]): string {
  if (names.length === 0) return '';
  const list = `CAST(CAST(${quoteText(JSON.stringify(names))} AS JSON) AS VARCHAR[])`;
  return ` ANTI JOIN (SELECT unnest(${list}) AS name) b ON b.name = l.${SOURCE}`;
}

/** Whether any row says nothing about some column. */
export function isPartial(log: SqlLog): boolean {
  return log.files.some(f => f.lacking.length > 0 || f.partial);
}

/** Whether there may be TRUNCATEs: rows without a key. The manifests' counts tell; where one is missing there may. */
export function hasTruncates({ key: [first], files }: SqlLog): boolean {
  if (!first) return true;
  return files.some(group =>
    group.files.data.some(({ file }) => file.metrics.nullCounts.get(first.id) !== 0),
  );
}
