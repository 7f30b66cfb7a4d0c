/** Why a try of a task failed. */
export interface TaskError {
  /** Which try it was: the token of its claim. Tries are counted on through a retry. */
  readonly try: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly owner: string;
  readonly message: string;
  readonly stack?: string;
}

// An item of the ledger is small, and a retry may be asked for any number of times. One error at its longest, each of its
// characters six bytes of JSON, has less than the whole history may have.
const MESSAGE_CHARS_MAX = 1_000;
const STACK_CHARS_MAX = 3_000;
export const ERRORS_BYTES_MAX = 32_000;

/** The history with an error more: cut to length, and without the oldest ones where all are too many bytes of JSON. */
export function withError(errors: readonly TaskError[], error: TaskError): readonly TaskError[] {
  const { stack, ...plain } = error;
  const message = cut(error.message, MESSAGE_CHARS_MAX);
  const newest = { ...plain, message, ...(stack ? { stack: cut(stack, STACK_CHARS_MAX) } : {}) };
  const kept = [...errors, newest];
  while (kept.length > 1 && jsonBytes(kept) > ERRORS_BYTES_MAX) kept.shift();
  return kept;
}

/** The first characters: a message says at its start what went wrong, a stack where. */
function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax)}…`;
}

export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
