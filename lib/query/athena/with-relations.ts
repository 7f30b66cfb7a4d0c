import { quoteName } from '../quote';

/** Blanks and comments before the first word. */
const LEAD = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*/;
const WITH = /^with\s+(recursive\s+)?/i;
const TAKES_WITH = /^(?:with|select|values|table)\b|^\(/i;

/** Whether a statement is one that a WITH may stand before. */
export function takesWith(sql: string): boolean {
  return TAKES_WITH.test(bare(sql));
}

/**
 * A statement in which each of the names stands for its SELECT, by a WITH before its own. A name that the statement's
 * own WITH has stays the statement's.
 */
export function withRelations(sql: string, relations: ReadonlyMap<string, string>): string {
  const text = bare(sql);
  const own = WITH.exec(text);
  const ctes = [...relations]
    .filter(([name]) => !own || !names(text, name))
    .map(([name, select]) => `${quoteName(name)} AS (${select})`)
    .join(',\n');
  if (ctes === '') return text;
  if (!own) return `WITH ${ctes}\n${text}`;
  return `WITH ${own[1] ?? ''}${ctes},\n${text.slice(own[0].length)}`;
}

/** Athena takes no `;` after a statement. */
function bare(sql: string): string {
  return sql.slice(LEAD.exec(sql)![0].length).replace(/[;\s]+$/, '');
}

/** Whether a WITH of the text gives the name to something. Names of the lake are letters, digits and underscores. */
function names(text: string, name: string): boolean {
  return new RegExp(`(?:\\b|")${name.replace(/\W/g, '\\$&')}"?\\s*(?:\\([^)]*\\)\\s*)?as\\s*\\(`, 'i').test(
    text,
  );
}
