import { noHeader, notUtf8File, wrongWidth } from './errors';

/**
 * The column names that a file's first row gives, without blanks around them: `id, status` names the column status,
 * and one called " status" beside it would take its values. @throws TM_2111 without a first row, TM_2105
 */
export function headerNames(rows: readonly (readonly string[])[], file: string): readonly string[] {
  const names = rows[0]?.map(name => name.trim());
  if (!names) throw noHeader('no header', file);
  if (names.some(name => name.includes('\uFFFD'))) throw notUtf8File('the header', file);
  if (names.some(name => name.includes('\0'))) throw notUtf8File('text with zero bytes (UTF-16?)', file);
  return names;
}

/**
 * The column names of a file without header: `lead` (bookkeeping), then the declared columns as far as the
 * rows go. A file from before a column was added is narrower: it lacks the last declared columns. The widest
 * row that fits decides, so one broken row cannot make the good ones look too wide.
 * @throws TM_2111 when no columns are declared, TM_2101 when the rows do not fit.
 */
export function headerlessNames(
  rows: readonly (readonly string[])[],
  lead: readonly string[],
  declared: readonly string[],
  file: string,
): readonly string[] {
  if (declared.length === 0) throw noHeader('neither a header nor declared columns', file);
  const names = [...lead, ...declared];
  if (rows.length === 0) return names;
  const width = widthOf(rows, names.length);
  if (width <= lead.length) throw wrongWidth(rows[0]!.length, names.length, file);
  return names.slice(0, width);
}

/** The most fields that a row has, of the rows with at most `widest`; 0 if all have more. */
export function widthOf(rows: readonly (readonly string[])[], widest: number): number {
  return Math.max(0, ...rows.map(row => row.length).filter(width => width <= widest));
}
