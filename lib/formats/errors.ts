import { TidemarkError } from '../errors';

/** Why one row is left out; its file goes on. */
export interface RowFault {
  readonly code: `TM_${number}`;
  readonly reason: string;
  readonly column?: string;
}

/** TM_2101: a row has more or fewer fields than the file's other rows, or than its header. */
export const wrongFieldCount = (found: number, expected: number): RowFault => ({
  code: 'TM_2101',
  reason: `${found} fields where ${expected} are expected`,
});

/** TM_2101: no row of a headerless file fits the declared columns, so its fields have no names. */
export const wrongWidth = (found: number, expected: number, file: string) =>
  new TidemarkError(
    'TM_2101',
    `rows of ${found} fields where at most ${expected} are declared`,
    file,
    'declare the new columns in the order of the file, or say how the file is written (delimiter, header, op)',
  );

/** TM_2102: a file or JSON row of changes has no op column, so nothing says what its rows mean. */
export const noOpColumn = (column: string, file: string) =>
  new TidemarkError(
    'TM_2102',
    `no op column ${column}`,
    file,
    'name the op column with opColumn, or say load: true if every row is an insert',
  );

/** TM_2102: a JSON row lacks the op that the config names. */
export const rowWithoutOp = (column: string): RowFault => ({
  code: 'TM_2102',
  reason: `no op in ${column}`,
  column,
});

/** TM_2103: a value is not one of its column's type, or could only be taken by losing a part of it. */
export const unparsableValue = (column: string, reason: string): RowFault => ({
  code: 'TM_2103',
  reason,
  column,
});

/** TM_2104: the op is none of I, U, D, T. */
export const unknownOp = (text: string, column: string): RowFault => ({
  code: 'TM_2104',
  reason: `op "${text}" is none of I, U, D, T`,
  column,
});

/** TM_2105: bytes that are not UTF-8; replacing them would lose what they said. */
export const invalidUtf8 = (column?: string): RowFault => ({
  code: 'TM_2105',
  reason: 'bytes that are not valid UTF-8',
  column,
});

/** TM_2105: the file as a whole, or its header, is in another encoding. */
export const notUtf8File = (found: string, file: string) =>
  new TidemarkError(
    'TM_2105',
    `${found} is not UTF-8`,
    file,
    'convert the file to UTF-8 (iconv -f LATIN1 -t UTF-8, or from UTF-16) and send it again',
  );

/** TM_2106: a gzip file ends early or its content fails the checksum: the upload was cut, or bytes were altered. */
export const brokenGzip = (what: string, file: string, cause: unknown) =>
  new TidemarkError('TM_2106', `gzip: ${what}`, file, 'upload the file again, whole', { cause });

/** TM_2107: a Parquet file is cut, altered, or holds what no column type of the lake can hold. */
export const brokenParquet = (
  what: string,
  file: string,
  cause?: unknown,
  next = 'upload the file again, whole',
) => new TidemarkError('TM_2107', `Parquet: ${what}`, file, next, { cause });

/** TM_2108: a file of 0 bytes, most often an upload that failed. */
export const emptyFile = (file: string) =>
  new TidemarkError(
    'TM_2108',
    'file of 0 bytes',
    file,
    'upload the file again; remove it if it is empty on purpose',
  );

/** TM_2109: a row is longer than rowBytesMax. The whole file is kept in quarantine. */
export const rowTooLong = (bytesMax: number): RowFault => ({
  code: 'TM_2109',
  reason: `row longer than ${bytesMax} bytes (rowBytesMax)`,
});

/** TM_2109: the first row is longer than rowBytesMax, so the file's columns cannot be known. */
export const firstRowTooLong = (bytesMax: number, file: string) =>
  new TidemarkError(
    'TM_2109',
    `first row longer than ${bytesMax} bytes (rowBytesMax)`,
    file,
    'check the delimiter and quote of the file, or raise rowBytesMax',
  );

/** TM_2110: a quote is opened and the file ends before it is closed: all rows after it are unreadable. */
export const unterminatedQuote = (line: number, file: string) =>
  new TidemarkError(
    'TM_2110',
    'quoted field without its closing quote',
    `${file}, line ${line}`,
    'upload the file again, whole, or set quote to the character the file uses',
  );

/** TM_2111: the file's columns have no names: it has no usable header and no columns are declared. */
export const noHeader = (what: string, file: string) =>
  new TidemarkError('TM_2111', what, file, 'mend the header, or declare the columns and set header: false');

/** TM_2112: a line of a JSON lines file is not one JSON object. */
export const notJsonObject = (reason: string): RowFault => ({ code: 'TM_2112', reason });

/** TM_2113: a quoted field is followed by more text before the delimiter, so its end is uncertain. */
export const textAfterQuote = (): RowFault => ({
  code: 'TM_2113',
  reason: 'text between a closing quote and the next delimiter',
});

/** TM_2114: delimiter or quote is not one ASCII character, or both are the same. */
export const badDialect = (what: string, file: string) =>
  new TidemarkError('TM_2114', what, file, 'set delimiter and quote to two different ASCII characters');

/** TM_2115: a Parquet file inside gzip is larger than can be unpacked in memory. */
export const gzipParquetTooLarge = (bytesMax: number, file: string) =>
  new TidemarkError(
    'TM_2115',
    `Parquet in gzip unpacks to more than ${bytesMax} bytes`,
    file,
    'send the Parquet file without gzip around it; Parquet compresses its own pages',
  );

/** TM_2116: a file lacks a column of its table and brings one of nearly that name: its values would be lost to the column meant. */
export const misspeltColumn = (found: string, meant: string, file: string) =>
  new TidemarkError(
    'TM_2116',
    `the file has no column ${meant}, but ${found}, which the table has not`,
    file,
    `if ${meant} is meant, correct the name and send the file again; if not, declare ${found} in columns, or name it in omit, in tidemark.config.ts, then replay`,
  );

/** TM_2185: a row or file brings one column under two of its names, and nobody knows which of the values is meant. */
const twoNames = (column: string, one: string, other: string): RowFault => ({
  code: 'TM_2185',
  reason: `it brings column ${column} under two names, ${one} and ${other}`,
  column,
});

/** TM_2112, TM_2185: two members of one JSON object are one column: engines compare names without case. */
export const standsTwice = (column: string, one: string, other: string): RowFault =>
  one.toLowerCase() === other.toLowerCase()
    ? notJsonObject(`member ${other} stands twice`)
    : twoNames(column, one, other);

/** TM_2185: the same of a file's header. */
export const twoNamesInFile = (column: string, one: string, other: string, file: string) =>
  new TidemarkError(
    'TM_2185',
    twoNames(column, one, other).reason,
    file,
    `take one of them out of the file, or out of aliases.${column} in tidemark.config.ts, then replay`,
  );

/** TM_2186: `where` asks for a value that no row can have in that column: every row would be left out without a word. */
export const whereUnfit = (column: string, type: string, value: unknown, where: string) =>
  new TidemarkError(
    'TM_2186',
    `where asks for ${JSON.stringify(value)} in ${column}, which is no ${type}`,
    where,
    `mend where in tidemark.config.ts, or declare ${column} with the type that its values have, then replay`,
  );

/** TM_2187: a file of columns lacks one that `where` asks for, so nothing says which of its rows are the table's. */
export const whereLacking = (column: string, file: string) =>
  new TidemarkError(
    'TM_2187',
    `the file has no column ${column}, which where asks for`,
    file,
    `send the file with the column, or name in aliases what the file calls it, then replay`,
  );

/** TM_2188: a row has a member of the name of a column that is made of the record itself. */
export const recordsOwn = (column: string): RowFault => ({
  code: 'TM_2188',
  reason: `it has a member ${column}, and that column is made of the record itself: rename one, or give the member a column of its own with aliases`,
  column,
});

/** TM_2121: a record of a DMS stream is not built as DMS builds its records. */
export const notDmsRecord = (reason: string): RowFault => ({
  code: 'TM_2121',
  reason: `no record of DMS: ${reason}`,
});

/** TM_2122: a large number in scientific notation, of which nobody knows whether it lost digits at its source. */
export const inexactNumber = (text: string, column: string): RowFault => ({
  code: 'TM_2122',
  reason: `"${text.slice(0, 60)}" may have lost digits on its way: let DMS send them (UseLargeIntegerValue)`,
  column,
});

/** TM_2123: a record of a stream names more new columns than a table can be given. */
export const tooManyColumns = (newColumnsMax: number): RowFault => ({
  code: 'TM_2123',
  reason: `its names would give the table more than the ${newColumnsMax} columns that may still come undeclared: declare them`,
});

/** TM_2124: a record of a Debezium stream is not built as Debezium builds its records. */
export const notDebezium = (reason: string): RowFault => ({
  code: 'TM_2124',
  reason: `no record of Debezium: ${reason}`,
});

/** TM_2125: a record of a stream of ServiceEvents is none. */
export const notServiceEvent = (reason: string): RowFault => ({
  code: 'TM_2125',
  reason: `no ServiceEvent: ${reason}`,
});

/** TM_2171: a record of the intake's events is none. */
export const notIntakeEvent = (reason: string): RowFault => ({
  code: 'TM_2171',
  reason: `no event of the intake: ${reason}`,
});

/** TM_2126: a value of a Debezium record without schemas that may mean two things, of which nobody knows the one. */
export const ambiguousValue = (column: string, text: string, meanings: string): RowFault => ({
  code: 'TM_2126',
  reason: `"${text.slice(0, 60)}" may be ${meanings}: send schemas (value.converter.schemas.enable), or declare the column as the source does`,
  column,
});

/** TM_2196: a source brings a column under a name that the table's config gave up for another. */
export const columnRenamed = (column: string, name: string, table: string) =>
  new TidemarkError(
    'TM_2196',
    `column ${column} of the table was renamed to ${name}`,
    `table ${table}`,
    `declare aliases: { ${name}: ['${column}'] }, then replay what waits; or declare both columns, if ${column} is another one now`,
  );
