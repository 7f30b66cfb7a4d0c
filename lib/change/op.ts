/**
 * What a change does. The codes are also the order within one position and entry: a TRUNCATE clears before a
 * delete, a delete before the row that takes its place (PROTOCOL.md, P1).
 */
export const OP_TRUNCATE = 1;
export const OP_DELETE = 2;
export const OP_INSERT = 3;
export const OP_UPDATE = 4;

/** Letters as the log's `_op` column holds them, by code. */
export const OP_LETTERS = ['', 'T', 'D', 'I', 'U'] as const;

/** The code of a letter; undefined for anything but T, D, I, U. */
export function opOf(letter: string): number | undefined {
  const code = OP_LETTERS.indexOf(letter as (typeof OP_LETTERS)[number]);
  return code > 0 ? code : undefined;
}

/** Insert and update rank alike: at one position the later row in the file wins. */
export function opRank(op: number): number {
  return op === OP_UPDATE ? OP_INSERT : op;
}
