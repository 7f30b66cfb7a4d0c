import { TidemarkError } from '../errors';

/** TM_6001: the engine refused or could not finish a statement; its message names the line. */
export const queryFailed = (message: string, cause?: unknown) =>
  new TidemarkError('TM_6001', withoutEngineNames(message), 'SQL', nextOf(message), { cause });

const MISSING = /Table with name \S+ does not exist/;
const SUGGESTION = /\s*Did you mean "[^"]*"[?!]?/;

/** The engine knows names that the lake has not, and would suggest those. */
function withoutEngineNames(message: string): string {
  return (MISSING.test(message) ? message.replace(SUGGESTION, '') : message).trim();
}

function nextOf(message: string): string {
  return MISSING.test(message)
    ? 'name a table that tidemark tables lists'
    : 'mend the statement and run it again';
}

/** TM_6002: a name that no table, view or report of this lake has. */
export const tableUnknown = (name: string, known: readonly string[]) =>
  new TidemarkError(
    'TM_6002',
    `there is no table ${name}`,
    'lake',
    known.length > 0 ? `use one of ${known.join(', ')}` : 'ingest a file first',
  );

/** TM_6003: the time asked for is before the table's first retained snapshot; nothing says what readers saw then. */
export const beforeFirstSnapshot = (table: string, asked: string, first: string, hasHistory: boolean) =>
  new TidemarkError(
    'TM_6003',
    `no snapshot is as old as ${asked}; the first retained one is of ${first}`,
    `table ${table}`,
    hasHistory
      ? `ask for a later time, or query ${table}_history, which says what was true then`
      : 'ask for a later time',
  );

/** TM_6004: a snapshot id that no table has, or has no longer. */
export const snapshotUnknown = (id: string, where: string) =>
  new TidemarkError(
    'TM_6004',
    `there is no snapshot ${id}`,
    where,
    'it may have expired: give a time instead, the nearest retained snapshot before it is taken',
  );

/** TM_6025: a tag that no table has. */
export const tagUnknown = (tag: string, where: string) =>
  new TidemarkError(
    'TM_6025',
    `there is no tag ${tag}`,
    where,
    "see tidemark tag list; a time is written as 2021-01-31, '5 minutes ago' or today",
  );

/** TM_6026: a name of a tag that `--as-of` would read as something else. */
export const tagNameUnfit = (tag: string) =>
  new TidemarkError(
    'TM_6026',
    `"${tag}" is not a name for a tag`,
    'the command line',
    'begin with a letter; letters, digits, ".", "_" and "-", 100 at most, and none of now, today, yesterday',
  );

/** TM_6005: a point in time that cannot be read. */
export const timeUnreadable = (text: string) =>
  new TidemarkError(
    'TM_6005',
    `cannot read the time '${text}'`,
    'time',
    "write a snapshot id, a tag, 2021-01-31, '2021-01-31 13:00', '5 minutes ago', today or yesterday",
  );

/** TM_6006: a data file in a format other than Parquet, which the lake's views do not read. */
export const fileFormatUnread = (format: string, path: string) =>
  new TidemarkError(
    'TM_6006',
    `the file is ${format}, not Parquet`,
    path,
    "set write.format.default to parquet in the engine that wrote it, and rewrite the table's files",
  );

/** TM_6007: a parameter of a SQL file that the report does not define. */
export const parameterUnknown = (name: string, where: string, known: readonly string[]) =>
  new TidemarkError(
    'TM_6007',
    `unknown parameter {{${name}}}`,
    where,
    `use one of ${known.join(', ')}, or add it to the report's params`,
  );

/** TM_6008: a parameter inside quotes would be compared as its own name; parameters are values, never text. */
export const parameterQuoted = (name: string, where: string) =>
  new TidemarkError(
    'TM_6008',
    `{{${name}}} stands inside quotes`,
    where,
    'take the quotes away: the parameter is bound as a value',
  );

/** TM_6009: a quote or comment of a SQL file that does not end. */
export const sqlUnended = (what: string, where: string) =>
  new TidemarkError('TM_6009', `a ${what} does not end`, where, 'close it');

/** TM_6010: a column of a report whose type no lake table can hold exactly. */
export const reportColumnType = (report: string, column: string, type: string) =>
  new TidemarkError(
    'TM_6010',
    `column ${column} is ${type}, which no table can hold`,
    `report ${report}`,
    `cast it in the SQL, for example CAST(${column} AS ${type === 'HUGEINT' ? 'bigint' : 'varchar'})`,
  );

/** TM_6011: a column name of a report that is doubled, or the lake's own. */
export const reportColumnName = (report: string, column: string, why: string) =>
  new TidemarkError(
    'TM_6011',
    `column ${column} ${why}`,
    `report ${report}`,
    'give the column another name with AS',
  );

/** TM_6012: a report's SQL selects report_date itself; the lake adds it, and two would be one too many. */
export const reportDateSelected = (report: string) =>
  new TidemarkError(
    'TM_6012',
    'the SQL selects report_date, which is added to every report',
    `report ${report}`,
    'leave it out of the SELECT list; {{report_date}} may stand anywhere else',
  );

/** TM_6013: another run of the same report and date began meanwhile and goes on instead of this one. */
export const attemptOvertaken = (report: string, date: string) =>
  new TidemarkError(
    'TM_6013',
    `another run of ${date} began meanwhile`,
    `report ${report}`,
    'nothing was committed by this run: wait for the other one',
  );

/** TM_6014: what the engine wrote is not what was asked for: an id, a type or a report_date differs. */
export const stagedFileWrong = (report: string, what: string, path: string) =>
  new TidemarkError(
    'TM_6014',
    what,
    path,
    `nothing was committed: report this as a bug, with the SQL of ${report}`,
  );

/** TM_6015: the report's table is partitioned in a way (by another engine) that does not tell its dates apart. */
export const reportPartitionForeign = (report: string, path: string) =>
  new TidemarkError(
    'TM_6015',
    'a file is not of one report_date',
    path,
    `partition the table of ${report} by report_date again, in the engine that changed it`,
  );

/** TM_6016: a report about a table whose log does not exist yet. */
export const reportTableEmpty = (report: string, table: string) =>
  new TidemarkError(
    'TM_6016',
    `table ${table} has received nothing yet`,
    `report ${report}`,
    `ingest a file of ${table} first`,
  );

/** TM_6017: a key of another number of values than the table's key has columns. */
export const keyArity = (table: string, key: readonly string[], given: number) =>
  new TidemarkError(
    'TM_6017',
    `the key has ${key.length} columns (${key.join(', ')}), ${given} values were given`,
    `table ${table}`,
    'give one value a key column, in that order',
  );

/** TM_6018: a date that is none, such as 2021-02-30. */
export const dateInvalid = (text: string) =>
  new TidemarkError('TM_6018', `'${text}' is not a date`, 'date', 'write it as YYYY-MM-DD');

/** TM_6019: a column changed to a type that its report's table cannot take in place. */
export const reportTypeChange = (report: string, column: string, from: string, to: string) =>
  new TidemarkError(
    'TM_6019',
    `column ${column} is ${from} in the report's table and ${to} in the SQL`,
    `report ${report}`,
    `cast it to ${from} in the SQL, or give it another name`,
  );

/** TM_6020: a table without a key has no rows to follow through time. */
export const keyless = (table: string, what: string) =>
  new TidemarkError(
    'TM_6020',
    `${what} needs a key, and the table has none`,
    `table ${table}`,
    `query ${table} by its columns; tidemark trace <file> tells the way of a file's rows`,
  );

/** TM_6021: another engine's equality delete on a column of a type the lake does not have. */
export const deleteUnread = (id: number, path: string) =>
  new TidemarkError(
    'TM_6021',
    `the delete compares column ${id}, which cannot be read`,
    path,
    'rewrite the table in the engine that wrote the delete, so that the deletes are applied',
  );

/** TM_6022: more than one statement, or one that writes: a COPY could overwrite the lake's own files. */
export const writesRefused = () =>
  new TidemarkError(
    'TM_6022',
    'a query is one statement that reads',
    'SQL',
    'send one SELECT; to keep its rows use --output csv or json',
  );

/** TM_6023: a snapshot from before a retype has texts, and nothing says what all of them were cast to. */
export const textsNotCompared = (table: string, column: string, where: string) =>
  new TidemarkError(
    'TM_6023',
    `column ${column} was retyped, and ${where} has texts of it that are not cast, so snapshots of both types cannot be compared exactly`,
    `table ${table}`,
    `run: tidemark schema apply ${table}; or compare with a snapshot from after the retype`,
  );

/** TM_6024: a column of the table that a report is of was retyped; the report's table cannot hold both types. */
export const reportRetyped = (report: string, table: string, column: string, types: string) =>
  new TidemarkError(
    'TM_6024',
    `column ${column} of table ${table} was ${types}; the report has its dates as they were`,
    `report ${report}`,
    `declare the report under a new name, ${report}_2: { table: '${table}' }, and its old dates stay where they are; or delete the table ${report} and build its dates again`,
  );
