/** Quoted texts and names, and comments: nothing in them begins or ends a statement. */
const QUIET = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g;

/** EXPLAIN plans whatever follows; EXPLAIN ANALYZE runs it, so what follows counts. */
const ANALYZE = /^explain\s+analyze\s+(?:verbose\s+)?/;
const READS = /^(?:select|with|values|table|show|describe|desc|explain)\b/;

/**
 * Whether a text is one statement that begins as those do that only read. It keeps a slip from becoming a write; what
 * a person may write is decided by their own workgroup and policies, not here.
 */
export function looksReadOnly(sql: string): boolean {
  const bare = sql
    .replace(QUIET, token => (token.startsWith('-') || token.startsWith('/') ? ' ' : "''"))
    .trim()
    .toLowerCase();
  const [statement = '', ...others] = bare.split(';').map(part => part.trim());
  if (others.some(other => other !== '')) return false;
  const start = (text: string) => text.replace(/^[\s(]+/, '');
  const analyzed = start(statement).replace(ANALYZE, '');
  return READS.test(start(analyzed)) && !ANALYZE.test(start(analyzed));
}
