import { TidemarkError } from '../errors';

/** TM_2201: a position does not fit its 53 (major) or 64 (minor) bits; the row would sort wrongly if it wrapped. */
export const positionOutOfRange = (value: string, where: string) =>
  new TidemarkError(
    'TM_2201',
    `position ${value} is out of range`,
    where,
    'give a date after 1970 with --date, or mend the sequence column of the file',
  );

/** TM_2202: an update that changes the key lacks columns the new row needs, and no before-image holds them. */
export const partialKeyChange = (column: string, where: string) =>
  new TidemarkError(
    'TM_2202',
    `the key changes but column ${column} is absent`,
    where,
    'let the source send full rows or before-images for key changes, then replay the file',
  );

/** TM_2203: a key column is NULL or missing in a row, so nothing says which row it changes. */
export const missingKey = (column: string, where: string) =>
  new TidemarkError(
    'TM_2203',
    `key column ${column} is NULL`,
    where,
    'mend the row, or declare another key, then replay',
  );

/** TM_2204: no column of the file has the name of a key column: another delimiter, no header, or a misspelt key. */
export const keyNotInFile = (column: string, found: readonly string[], where: string) =>
  new TidemarkError(
    'TM_2204',
    `the file has no column ${column}; it has ${found.slice(0, 8).join(', ') || 'none'}`,
    where,
    'mend key, or format: { delimiter, header }, in tidemark.config.ts, then replay',
  );
