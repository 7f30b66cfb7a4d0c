import { TidemarkError } from '../errors';

/** TM_3001: the lake's folder was moved or copied; Iceberg metadata holds absolute paths, so readers would miss it. */
export const lakeMoved = (table: string, was: string, is: string) =>
  new TidemarkError(
    'TM_3001',
    `table ${table} was written at ${was} and now lies at ${is}`,
    is,
    `move the lake back, or let the old path lead here and name it with each command: ${linkTo(parent(is), parent(was))}, then tidemark <command> --lake ${shown(parent(was))}`,
  );

/** TM_3002: no retained snapshot says which entries are merged; appending would lose or double changes. */
export const cursorLost = (table: string) =>
  new TidemarkError(
    'TM_3002',
    'no retained snapshot says what is merged',
    `table ${table}`,
    `run: tidemark rebuild ${table.replace(/_deltas$/, '')}`,
  );

/** TM_3003: the ledger is older than the table (a restored backup): its numbers would be given twice. */
export const ledgerBehind = (table: string, n: number) =>
  new TidemarkError(
    'TM_3003',
    `the table has merged entry ${n}, which the ledger does not know`,
    `table ${table}`,
    'restore the ledger that belongs to this lake; nothing is taken in or merged until then',
  );

/** TM_3004: a delta's bytes are not those that were recorded. */
export const deltaDamaged = (key: string) =>
  new TidemarkError(
    'TM_3004',
    'the bytes are not those that were written',
    key,
    'restore the object from a backup',
  );

/** TM_3005: a file that metadata names is gone. */
export const fileMissing = (uri: string) =>
  new TidemarkError(
    'TM_3005',
    'a file of the table is missing',
    uri,
    'restore the object (in a versioned bucket, an earlier version of it); for one of a current table, run rebuild',
  );

/** TM_3006: other commits came first at every try. */
export const commitContended = (table: string, tries: number) =>
  new TidemarkError(
    'TM_3006',
    `another commit came first, ${tries} times in a row`,
    `table ${table}`,
    'nothing was lost: run the command again when the other writers rest',
  );

/** TM_3007: counted rows do not add up after a rewrite; the commit was not made. */
export const rowsDoNotAddUp = (table: string, expected: number, written: number) =>
  new TidemarkError(
    'TM_3007',
    `${written} rows were written where ${expected} must stand`,
    `table ${table}`,
    'nothing was committed: report this as a bug with the lake',
  );

/** TM_3008: a column changed its type in a way that neither Iceberg nor Avro promotes. */
export const illegalTypeChange = (table: string, column: string, from: string, to: string) =>
  new TidemarkError(
    'TM_3008',
    `column ${column} is ${from} in the table and ${to} in the source`,
    `table ${table}`,
    from === 'string'
      ? `run tidemark schema apply ${table}, which casts the strings, then replay what waits; or declare ${column}: 'string'`
      : `declare ${column}: '${from}' in the config, or give the new values a new column`,
  );

/** TM_3009: a column of the lake's own name, or one that Iceberg reserves. */
export const reservedColumn = (table: string, column: string) =>
  new TidemarkError(
    'TM_3009',
    `column name ${column} is reserved`,
    `table ${table}`,
    'rename the column at its source, or omit it in the config',
  );

/** TM_3010: the key of the config is not the key that the table was made with. */
export const keyChanged = (table: string, was: string, is: string) =>
  new TidemarkError(
    'TM_3010',
    `the key is (${was || 'none'}) in the table and (${is || 'none'}) in the config`,
    `table ${table}`,
    was === ''
      ? `run tidemark schema apply ${table}, which folds its rows by the key, then replay what waits; or give the table with the key a new name`
      : 'give the table with the new key a new name, and rebuild it from its source',
  );

/** TM_3095: a table without a key cannot have this one: no row that came in has the column. */
export const keyNotThere = (table: string, column: string) =>
  new TidemarkError(
    'TM_3095',
    `column ${column} of the key is in no row that came in`,
    `table ${table}`,
    'name a column of the rows as the key, or one of their names under aliases; tidemark schema show lists them',
  );

/** TM_3011: another engine gave the table a column whose id or name a column of the source needs. */
export const columnTaken = (table: string, column: string, theirs: string) =>
  new TidemarkError(
    'TM_3011',
    `column ${column} of the source meets column ${theirs}, which another engine added`,
    `table ${table}`,
    `rename or drop their column ${theirs}, or omit ${column} in the config; what waits is merged afterwards`,
  );

/** TM_3012: another engine's expiry deleted a delta, and the log's table does not hold all its rows, or holds others. */
export const deltaGone = (key: string) =>
  new TidemarkError(
    'TM_3012',
    'a delta is gone, and the rows of its table are not those that it had',
    key,
    'restore the object (in a versioned bucket, an earlier version of it), then run rebuild',
  );

/** The old path's own folder may have moved with it. */
const linkTo = (is: string, was: string) =>
  `mkdir -p ${shown(parent(was))} && ln -s ${shown(is)} ${shown(was)}`;

/** A path as a shell takes it. */
const shown = (path: string) => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** TM_3096: a column is retyped in the log, and the table's rows do not have its values yet: a merge would leave them NULL. */
export const retypeUnfinished = (table: string, column: string) =>
  new TidemarkError(
    'TM_3096',
    `column ${column} was retyped, and the rows of the table are not cast yet`,
    `table ${table}`,
    `run: tidemark schema apply ${table}; what waits is merged afterwards`,
  );

/** TM_3097: a column's texts are not all values of the declared type, so it is not retyped; nothing was changed. */
export const doesNotCast = (table: string, counted: string, first: string) =>
  new TidemarkError(
    'TM_3097',
    `${counted} not cast, the first: ${first}`,
    `table ${table}`,
    'declare a type that fits, or run schema apply with --null-what-does-not-cast: such values are then NULL, and their texts stay in the log; the key cannot be NULL',
  );

/** TM_3098: a column that cannot be retyped where the table stands. */
export const retypeRefused = (table: string, column: string, why: string) =>
  new TidemarkError(
    'TM_3098',
    `column ${column} cannot be retyped: ${why}`,
    `table ${table}`,
    'declare the column as string, or take the source in as a table of another name',
  );

/** TM_3099: rows of a load that is under way may have been written before the column was retyped. */
export const loadUnderWay = (table: string, load: string) =>
  new TidemarkError(
    'TM_3099',
    `load ${load} of the table is under way`,
    `table ${table}`,
    `let it end, or give it up: tidemark load abandon ${table}; then run schema apply again, which goes on where it was`,
  );
