// Pieces of SQL that several translations write.
import { quoted } from './tokens.mjs';

/** A table's name in a catalogue of Trino; `fallback` is the database of the request. */
export const tableIn = (catalog, [database, table], fallback) =>
  `${catalog}.${quoted(database ?? fallback)}.${quoted(table)}`;

/** The text of some tokens, as it was sent. */
export const textOf = ({ sql }, tokens) => sql.slice(tokens[0].at, tokens.at(-1).end);

/** `WITH (key = value, ...)`; values are SQL. */
export const withList = entries =>
  `WITH (${Object.entries(entries)
    .map(([key, value]) => `${key} = ${value}`)
    .join(', ')})`;
