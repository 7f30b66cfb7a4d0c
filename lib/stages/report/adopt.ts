import { widens } from '../../columnar/cast';
import { valueAt } from '../../columnar/kernels';
import type { Field } from '../../columnar/types';
import type { DataFile } from '../../iceberg/data-file';
import { currentSchema, defaultSpec, type Snapshot, specById } from '../../iceberg/metadata';
import type { Attempt } from '../../ledger/attempts';
import { rowGroupBounds } from '../../parquet/metrics';
import type { LakePorts } from '../../ports/lake-ports';
import type { ObjectStore } from '../../ports/object-store';
import { reportPartitionForeign, stagedFileWrong } from '../../query/errors';
import { ATTEMPT, DATE_BUILT, READ_FROM } from '../../query/read-from';
import { REPORT_DATE } from '../../query/report-fields';
import { daysOf, ownField } from '../../table/columns';
import { commit } from '../../table/commit';
import { type OpenFile, openFile } from '../../table/data-file';
import { fileMissing } from '../../table/errors';
import { type LiveFile, type LiveFiles, liveFiles } from '../../table/live-files';
import type { OpenTable } from '../../table/open';
import { dataFile } from '../../table/write-files';

/** One date of a report. */
type ReportDate = Pick<Attempt, 'report' | 'date'>;

/** Files as an engine wrote them for one date, and the fields they were written with. */
export interface Staged extends ReportDate {
  readonly fields: readonly Field[];
  readonly uris: readonly string[];
}

/**
 * Staged files as the table's own. Their ids and their report_date are checked first: a wrong id would
 * show a column as another's, a wrong date would escape the next replacement.
 * @throws TM_6014, TM_6015
 */
export async function adoptable(store: ObjectStore, open: OpenTable, staged: Staged): Promise<DataFile[]> {
  const all = currentSchema(open.metadata).fields;
  const spec = defaultSpec(open.metadata);
  if (spec.fields.length !== 1 || !datePlace(open, spec['spec-id'])) {
    throw reportPartitionForeign(staged.report, open.metadata.location);
  }
  const day = daysOf(staged.date);
  const place = {
    fields: all,
    specId: spec['spec-id'],
    partition: [day],
    sortOrderId: null,
  };
  return Promise.all(
    staged.uris.map(async uri => {
      const info = await store.head(store.keyOf(uri));
      if (!info) throw fileMissing(uri);
      const file = await openFile(store, { path: uri, size: info.size });
      const { footer } = file;
      checkFields(staged, all, footer.columns, uri);
      for (let g = 0; g < footer.rowGroups.length; g++) {
        if (!(await isOfDay(file, g, ownField(staged.fields, REPORT_DATE), day))) {
          throw stagedFileWrong(staged.report, `report_date is not ${staged.date} throughout`, uri);
        }
      }
      return dataFile(uri, footer, info.size, place);
    }),
  );
}

/** By its bounds; Athena's footers state none that can be trusted, as they leave out the columns' orders: by its values. */
async function isOfDay(file: OpenFile, rowGroup: number, field: Field, day: number): Promise<boolean> {
  const bounds = rowGroupBounds(file.footer, rowGroup, field);
  if (bounds) return bounds.min === day && bounds.max === day && bounds.nulls === 0;
  const { columns, length } = await file.read(rowGroup, [field]);
  for (let row = 0; row < length; row++) if (valueAt(columns[0]!, row) !== day) return false;
  return true;
}

/** Whatever their order: each column is one that was asked for, under its id, and a column of the table. */
function checkFields(
  { report, fields }: Staged,
  table: readonly Field[],
  columns: readonly { readonly name: string; readonly fieldId?: number }[],
  uri: string,
): void {
  const wrong =
    fields.find(f => columns.find(c => c.name === f.name)?.fieldId !== f.id) ??
    columns.find(c => !fields.some(f => f.name === c.name)) ??
    fields.find(f => !table.some(t => t.id === f.id && t.name === f.name && widens(f.type, t.type)));
  if (wrong) throw stagedFileWrong(report, `column ${wrong.name} has another field id`, uri);
}

/**
 * The files of a date, deletes among them.
 * @throws TM_6015 when a file's partition does not tell its date
 */
export function filesOfDate(
  open: OpenTable,
  { data, deletes }: LiveFiles,
  { report, date }: ReportDate,
): LiveFile[] {
  return [...data, ...deletes].filter(({ file }) => {
    const place = datePlace(open, file.specId);
    if (!place) throw reportPartitionForeign(report, file.path);
    return file.partition[place.index] === daysOf(date);
  });
}

/** Where a partition spec holds report_date itself; undefined if it does not. */
function datePlace({ metadata }: OpenTable, specId: number): { index: number } | undefined {
  const { id } = ownField(currentSchema(metadata).fields, REPORT_DATE);
  const { fields } = specById(metadata, specId);
  const index = fields.findIndex(f => f['source-id'] === id && f.transform === 'identity');
  return index < 0 ? undefined : { index };
}

export interface Replaced {
  /** Whether the date had files before. */
  readonly replaced: boolean;
  readonly snapshot: Snapshot;
}

/**
 * One commit takes out the date's files and puts the new ones in; other dates keep theirs. Undefined when another
 * commit came first. Before it the attempt must still be the open one, asked after `open` was read: then a later
 * attempt finds this commit in its way, or replaces what it brought.
 */
export async function replaceDate(
  ports: LakePorts,
  open: OpenTable,
  attempt: ReportDate & Pick<Attempt, 'id'>,
  { added, readFrom }: { readonly added: readonly DataFile[]; readonly readFrom: readonly string[] },
): Promise<Replaced | undefined> {
  const old = filesOfDate(open, await liveFiles(ports.store, open.metadata), attempt);
  const result = await commit(ports, open, {
    operation: old.length === 0 ? 'append' : added.length === 0 ? 'delete' : 'overwrite',
    added,
    removed: new Set(old.map(live => live.file.path)),
    summary: {
      [DATE_BUILT]: attempt.date,
      [ATTEMPT]: attempt.id,
      [READ_FROM]: readFrom.join(' '),
    },
  });
  return result.committed ? { replaced: old.length > 0, snapshot: result.snapshot } : undefined;
}
