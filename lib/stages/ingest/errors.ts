import { TidemarkError } from '../../errors';

/** TM_2301: the file to take in is not there. */
export const noSuchFile = (key: string) =>
  new TidemarkError('TM_2301', 'there is no such file', key, 'check the path');

/** TM_2302: no table of the config takes in this file. */
export const tableNotDeclared = (table: string | undefined, key: string, date?: string) =>
  new TidemarkError(
    'TM_2302',
    table === undefined
      ? 'the name does not say which table the file belongs to'
      : `table ${table}, as its name or --table says, is not declared`,
    key,
    `declare the table in tidemark.config.ts or name it with --table (${countsFor(date)}), then replay the file`,
  );

function countsFor(date: string | undefined): string {
  return date === undefined
    ? 'its name says no date: it counts for the day it came, unless --date says another'
    : `it counts for ${date}`;
}

/** TM_2303: a LOAD file came again with other content: its rows replace the table, which is decided by a person. */
export const reloadHeld = (table: string, name: string) =>
  new TidemarkError(
    'TM_2303',
    'a load file of this name was taken in with other content',
    name,
    `it is held with all that follow: a second load replaces the table as a whole; see what it would take: tidemark load plan ${table} <folder> --replace --dry-run, with the folder of the LOAD files; on AWS without, they wait in the landing`,
  );

/** TM_2304: rows of the file could not be read, so the file waits as a whole. */
export const badRows = (count: number, first: string, where: string) =>
  new TidemarkError(
    'TM_2304',
    count === 1 ? `a row cannot be read: ${first}` : `${count} rows cannot be read; the first: ${first}`,
    where,
    'mend the config or the file, then replay it',
  );

/** TM_2305: the file's change sequence is not DMS's. */
export const badSequence = (value: string) => `"${value}" is not an AR_H_CHANGE_SEQ of at most 35 digits`;

/** TM_2306: nothing of this name waits in quarantine. */
export const notQuarantined = (which: string) =>
  new TidemarkError(
    'TM_2306',
    'nothing of this name waits in quarantine',
    which,
    'see: tidemark quarantine list',
  );

/** TM_2308: a date for a part of a file, or for records of a stream: the rest of it has one already. */
export const dateOfPart = (what: string, where: string) =>
  new TidemarkError('TM_2308', `${what} keep the date they came with`, where, 'replay without --date');

/** TM_2307: deletedWhen names a column that the table does not have, or compares a column of another type with true or false. */
export const deletedWhenUnfit = (column: string, type: string | undefined, where: string) =>
  new TidemarkError(
    'TM_2307',
    type === undefined
      ? `deletedWhen names ${column}, which is no column`
      : `deletedWhen compares ${column}, a ${type}, with a boolean`,
    where,
    `mend deletedWhen in tidemark.config.ts, or declare ${column}: 'boolean', then replay`,
  );

/** TM_2385: a row that stands is changed, in an append table: it keeps every row, and has no key to find one by. */
export const appendOnly = (op: string) =>
  new TidemarkError(
    'TM_2385',
    `a row with op ${op} in an append table, which keeps every row`,
    'a row',
    "send inserts alone, or declare a key and drop mode: 'append', then replay",
  );

/** TM_2386: an insert or update says nothing of a column that `where` asks for: nobody knows whether its row is the table's. */
export const untoldWhere = () =>
  new TidemarkError(
    'TM_2386',
    "it says nothing of a column that where asks for, so nobody knows whether the row is the table's",
    'a row',
    'send the column with every insert and update, then replay',
  );

/** TM_2389: an update that leaves columns out may be the one by which its row enters what `where` asks for: nobody has the others. */
export const partlyTold = (column: string) =>
  new TidemarkError(
    'TM_2389',
    `an update says nothing of ${column}, and nothing says that its row fitted before it: where kept no older values`,
    'a row',
    "send whole rows, or where's columns in before-images; name what the source no longer has in omit; then replay",
  );

/** TM_2387: several tables take rows from the file's source table, and a file goes to one. */
export const severalTables = (source: string, tables: readonly string[], key: string) =>
  new TidemarkError(
    'TM_2387',
    `the rows of ${source} go to ${tables.join(', ')}, and a file to one table`,
    key,
    `take the file in with --table, once for each of ${tables.join(', ')}`,
  );
