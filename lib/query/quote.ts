/** The only places where a name or a text becomes SQL. Values of users are bound as parameters instead. */

/** An identifier, whatever its letters: `a "b"` becomes `"a ""b"""`. DuckDB and Athena read it alike. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string literal. Backslashes mean themselves in standard SQL. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A path as a literal where DuckDB takes patterns: `*`, `?` and `[` mean themselves. */
export function quotePath(path: string): string {
  return quoteText(path.replace(/[*?[]/g, '[$&]'));
}
