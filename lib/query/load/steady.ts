import { quoteText } from '../quote';

/** SQL's own words for functions without parentheses, where no column has the name. */
const WORDS = [
  ...['current_catalog', 'current_date', 'current_role', 'current_schema', 'current_time'],
  ...['current_timestamp', 'current_user', 'localtime', 'localtimestamp', 'session_user', 'user'],
];
/** DuckDB's catalog calls these consistent, and they read the clock. */
const CLOCKS = ['current_localtime', 'current_localtimestamp'];

/** Every function that is not consistent, and every macro with the tree of what it stands for, or NULL. */
export const UNSTEADY_SQL = `SELECT DISTINCT lower(function_name) AS name,
  json_serialize_sql('SELECT ' || macro_definition) AS tree
FROM duckdb_functions() WHERE stability <> 'CONSISTENT' OR macro_definition IS NOT NULL`;

/** The tree of an expression as DuckDB reads it, JSON. */
export const treeSql = (expression: string) =>
  `SELECT json_serialize_sql(${quoteText(`SELECT ${expression}`)})`;

/**
 * Functions whose value is another each time though their arguments are not: a task that is done twice has to make the same
 * rows. Macros that stand for such are among them.
 * @param rows of UNSTEADY_SQL
 */
export function unsteadyFunctions(rows: readonly (readonly unknown[])[]): ReadonlySet<string> {
  const unsteady = new Set(CLOCKS);
  const macros = new Map<string, unknown>();
  for (const [name, tree] of rows) {
    if (tree === null) unsteady.add(String(name));
    else macros.set(String(name), JSON.parse(String(tree)));
  }
  for (let size = 0; size !== unsteady.size; ) {
    size = unsteady.size;
    for (const [name, tree] of macros) if (unsteadyIn(tree, [], unsteady) !== undefined) unsteady.add(name);
  }
  return unsteady;
}

/** The first such function that an expression's tree calls. @param columns names that mean columns there */
export function unsteadyIn(
  tree: unknown,
  columns: readonly string[],
  unsteady: ReadonlySet<string>,
): string | undefined {
  if (typeof tree !== 'object' || tree === null) return undefined;
  const { class: kind, function_name, column_names, children } = tree as Node;
  if (kind === 'FUNCTION' && function_name !== undefined) {
    const name = function_name.toLowerCase();
    // Of one argument it is the time from then to today.
    if (unsteady.has(name) || (name === 'age' && children?.length === 1)) return name;
  }
  if (kind === 'COLUMN_REF' && column_names?.length === 1) {
    const word = column_names[0]!.toLowerCase();
    if (WORDS.includes(word) && !columns.some(c => c.toLowerCase() === word)) return word;
  }
  for (const below of Object.values(tree)) {
    const found = unsteadyIn(below, columns, unsteady);
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Node {
  readonly class?: string;
  readonly function_name?: string;
  readonly column_names?: readonly string[];
  readonly children?: readonly unknown[];
}
