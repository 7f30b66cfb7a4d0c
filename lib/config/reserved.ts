import { RESERVED_NAMES } from '../iceberg/schema';

/** Column names of the log, the current tables and Iceberg itself (PROTOCOL.md, S). */
const RESERVED_COLUMNS: ReadonlySet<string> = new Set([
  '_op',
  '_pos_major',
  '_pos_minor',
  '_entry',
  '_changed_at',
  '_source',
  '_absent',
  'date_received',
  ...RESERVED_NAMES,
  // A config's columns are the keys of an object, which cannot hold this one.
  '__proto__',
]);

/** Folders of the lake that are no tables. */
const RESERVED_TABLES: ReadonlySet<string> = new Set([
  ...['deltas', 'staging', 'quarantine', 'ledger'],
  // Rights are given by the kind of object: of a table of such a name its deltas would look like data files.
  ...['data', 'metadata'],
]);

/** True for a column name that the lake or Iceberg uses itself; engines compare names without case, so we do. */
export function isReservedColumn(name: string): boolean {
  return RESERVED_COLUMNS.has(name.toLowerCase());
}

/** Why a table or report cannot have this name; undefined when it can. */
export function nameFault(name: string): string | undefined {
  if (/^[_.]/.test(name)) return `"${name}" is reserved: names do not start with _ or .`;
  if (RESERVED_TABLES.has(name))
    return `"${name}" is reserved: the lake has folders of that name; take another`;
  const view = /_(deltas|history)$/.exec(name);
  if (view)
    return `"${name}" is reserved: _${view[1]} is the lake's own view of a table; take another ending`;
  // Athena lowers names and knows no other characters; a folder is made of the name too.
  if (!/^[a-z][a-z0-9_]{0,99}$/.test(name)) {
    return `"${name}" is not a name: start with a lower case letter, then lower case letters, digits and _ (100 at most)`;
  }
  return undefined;
}
