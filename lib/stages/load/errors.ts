import { TidemarkError } from '../../errors';

/** Files that an error names: whoever mends them needs all, and a message has to end. */
const LISTED_MAX = 100;

function listed(lines: readonly string[]): string {
  const rest = lines.length - LISTED_MAX;
  return lines.slice(0, LISTED_MAX).join('; ') + (rest > 0 ? `; and ${rest} more` : '');
}

/** TM_2701: the folder holds no `export_info` file, or several: it is no RDS export, or one that is still being made. */
export const noExport = (found: number, folder: string) =>
  new TidemarkError(
    'TM_2701',
    found === 0 ? 'there is no export_info_*.json' : `there are ${found} files export_info_*.json`,
    folder,
    'name the folder of one export, and wait until the export is complete',
  );

/** TM_2702: the export still runs: tables and files are missing in it. */
export const exportRunning = (status: string, percent: number | undefined, where: string) =>
  new TidemarkError(
    'TM_2702',
    `the export is still running: ${status}${percent === undefined ? '' : `, ${percent} %`}`,
    where,
    'wait until its status is COMPLETE',
  );

/** TM_2703: the export failed or was canceled: what it wrote is a part of the tables. */
export const exportFailed = (status: string, cause: string | undefined, where: string) =>
  new TidemarkError(
    'TM_2703',
    `the export ended as ${status}${cause === undefined ? '' : `: ${cause}`}`,
    where,
    'export the snapshot again',
  );

/** TM_2704: the export's own description cannot be read, or a part of it is missing. */
export const exportDamaged = (what: string, where: string) =>
  new TidemarkError('TM_2704', what, where, 'copy the export again, with all its files');

/** TM_2705: the copy has no table of this name. */
export const noSuchTable = (table: string, known: readonly string[], where: string) =>
  new TidemarkError(
    'TM_2705',
    `the copy has no table ${table}`,
    where,
    known.length === 0 ? 'it has no tables' : `it has: ${listed(known)}`,
  );

/** TM_2706: the export could not copy this table; others of it can be loaded. */
export const tableNotExported = (status: string, warning: string | undefined, table: string) =>
  new TidemarkError(
    'TM_2706',
    `the table was not exported: ${status}${warning === undefined ? '' : `, ${warning}`}`,
    table,
    'export the snapshot again',
  );

/** TM_2707: a folder of the table's export lacks the `_SUCCESS` that is written after its last file. */
export const tableIncomplete = (folders: readonly string[], table: string) =>
  new TidemarkError(
    'TM_2707',
    `the table's export is not whole: no _SUCCESS in ${listed(folders)}`,
    table,
    'copy the export again, with all its files, or export the snapshot again',
  );

/** TM_2708: files that were named are not there, or a folder has none. */
export const filesMissing = (table: string, missing: readonly string[]) =>
  new TidemarkError(
    'TM_2708',
    missing.length === 0 ? 'no files are named' : `there are no files at ${listed(missing)}`,
    table,
    'check the paths',
  );

/** TM_2709: the names of files do not say what they are. */
export const formatUnknown = (table: string, files: readonly string[]) =>
  new TidemarkError(
    'TM_2709',
    `no format is known by the name of ${listed(files)}`,
    table,
    'name them .parquet, .csv, .json or .jsonl (the last three perhaps .gz), or name only the files of the table',
  );

/** TM_2710: the files of one table are of several formats. */
export const mixedFormats = (table: string, formats: readonly string[]) =>
  new TidemarkError(
    'TM_2710',
    `the files are of several formats: ${formats.join(', ')}`,
    table,
    'name the files of one format',
  );

/** How a footer says that a column is a list, a map or a struct (TM_4202). */
const NESTED = /nested column/;

/** TM_2711: files of the copy are empty, break off, are no Parquet or have other rows than their manifest says. */
export const brokenFiles = (
  table: string,
  files: readonly { readonly uri: string; readonly reason: string }[],
) =>
  new TidemarkError(
    'TM_2711',
    `${files.length === 1 ? 'a file' : `${files.length} files`} cannot be read: ${listed(files.map(f => `${f.uri}: ${f.reason}`))}`,
    table,
    files.some(file => NESTED.test(file.reason))
      ? 'write these files again without that column, or with it as text: a list or a struct is no column of a table'
      : 'write or copy these files again, or leave them out',
  );

/** TM_2712: files of one table have different columns, or types of a column that do not widen to one. */
export const mixedSchemas = (table: string, differences: readonly string[]) =>
  new TidemarkError(
    'TM_2712',
    `files differ from the others: ${listed(differences)}`,
    table,
    'write these files with the columns and types of the others, or load them by themselves',
  );

/** TM_2713: a manifest, or its summary, is missing or is not of the form. */
export const manifestUnreadable = (what: string, where: string) =>
  new TidemarkError(
    'TM_2713',
    what,
    where,
    'name the summary, JSON {manifest, size, n_record, fingerprint}, of a manifest, Parquet {uri, size, n_record, etag}',
  );

/** TM_2714: a manifest is not the one that its summary speaks of. */
export const fingerprintDiffers = (what: string, said: unknown, found: unknown, where: string) =>
  new TidemarkError(
    'TM_2714',
    `the summary says ${what} ${said}, the manifest has ${found}`,
    where,
    'write the manifest and its summary again',
  );

/** TM_2715: files that a manifest names are gone, are others by now, or are named twice. */
export const manifestFilesChanged = (
  files: readonly { readonly uri: string; readonly reason: string }[],
  where: string,
) =>
  new TidemarkError(
    'TM_2715',
    `${files.length === 1 ? 'a file' : `${files.length} files`} of the manifest changed: ${listed(files.map(f => `${f.uri}: ${f.reason}`))}`,
    where,
    'put the files back or write the manifest again',
  );

/** TM_2716: an export describes columns that its files have not. */
export const columnsMissing = (columns: readonly string[], table: string) =>
  new TidemarkError(
    'TM_2716',
    `the files lack columns that the export describes: ${listed(columns)}`,
    table,
    'export the snapshot again',
  );
