// SQL as tokens: what stands in strings, quotes and comments must mislead no rule.

const PATTERNS = [
  ['comment', /--[^\n]*|\/\*[\s\S]*?\*\//y],
  ['space', /\s+/y],
  ['string', /'(?:[^']|'')*'/y],
  ['quoted', /"(?:[^"]|"")*"/y],
  ['backtick', /`(?:[^`]|``)*`/y],
  ['number', /\d+(?:\.\d*)?(?:[eE][+-]?\d+)?/y],
  ['word', /[A-Za-z_][\w$]*/y],
  ['symbol', /[\s\S]/y],
];

/**
 * Tokens of a statement, without spaces and comments.
 * @returns {{ kind: 'string'|'quoted'|'backtick'|'number'|'word'|'symbol', text: string, upper: string, at: number,
 *   end: number, depth: number }[]} `depth` counts the round brackets around a token; a bracket itself stands outside
 * @throws for a quote that is not closed
 */
export function tokensOf(sql) {
  const tokens = [];
  let at = 0;
  let depth = 0;
  while (at < sql.length) {
    const [kind, text] = next(sql, at);
    if (kind === 'symbol' && `'"\``.includes(text))
      throw new Error(`${position(sql, at)}: a quote is not closed`);
    const end = at + text.length;
    if (text === ')') depth--;
    if (kind !== 'comment' && kind !== 'space') {
      tokens.push({ kind, text, upper: kind === 'word' ? text.toUpperCase() : text, at, end, depth });
    }
    if (text === '(') depth++;
    at = end;
  }
  return tokens;
}

function next(sql, at) {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const found = pattern.exec(sql);
    if (found !== null) return [kind, found[0]];
  }
  throw new Error('unreachable: the last pattern takes any character');
}

/** `line 3:7`, as the engine words it. */
export function position(sql, at) {
  const before = sql.slice(0, at).split('\n');
  return `line ${before.length}:${before.at(-1).length + 1}`;
}

/** Whether the tokens from `index` on are these words or symbols. */
export function isAt(tokens, index, ...words) {
  return words.every((word, offset) => tokens[index + offset]?.upper === word);
}

/** Index of the bracket that closes the one at `index`. */
export function closing(tokens, index) {
  const found = tokens.findIndex(
    (token, i) => i > index && token.text === ')' && token.depth === tokens[index].depth,
  );
  if (found < 0) throw new Error('a bracket is not closed');
  return found;
}

const OPENING = '([<';
const CLOSING = ')]>';

/** Splits tokens at commas that stand in no bracket of any kind. Empty when there are none. */
export function splitAtCommas(tokens) {
  const parts = [];
  let open = 0;
  let part = [];
  for (const token of tokens) {
    if (token.kind === 'symbol' && OPENING.includes(token.text)) open++;
    if (token.kind === 'symbol' && CLOSING.includes(token.text)) open--;
    if (token.text === ',' && open === 0) {
      parts.push(part);
      part = [];
    } else part.push(token);
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

/** The name in an identifier of any spelling; names are folded to lower case as Glue folds them. */
export function nameOf(token) {
  const plain =
    token.kind === 'word' ? token.text : token.text.slice(1, -1).replace(/""|``/g, twice => twice[0]);
  return plain.toLowerCase();
}

/** The value of a string literal. */
export const stringOf = token => token.text.slice(1, -1).replaceAll("''", "'");

export const quoted = name => `"${name.replaceAll('"', '""')}"`;
export const literal = value => `'${String(value).replaceAll("'", "''")}'`;
