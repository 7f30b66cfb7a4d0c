import { TidemarkError } from '../lib/errors';

/** Codes whose words name the config, tables, objects and services, and what AWS answered: never what a row holds. */
const SPEAKS = /^TM_[135]/;

/** Errors of Powertools whose words are always the same; what they carry along are the errors of messages. */
const FIXED = ['FullBatchFailureError', 'UnexpectedBatchTypeError'];

/**
 * An error as it may be logged: without words that may quote a value of a row, which is the customers' data. Its code
 * and place stay, or its class, and where in the code it came from; the words of a bad row stand in its quarantine
 * record. The runtime logs every member of an error that a function ends with, so none of the first one's is kept.
 */
export function safeError(error: unknown): Error {
  const safe = new Error(wordsOf(error));
  if (!(error instanceof Error)) return safe;
  safe.name = error.name;
  const frames = error.stack?.match(/^\s+at .*$/gm) ?? [];
  safe.stack = [`${safe.name}: ${safe.message}`, ...frames].join('\n');
  return safe;
}

function wordsOf(error: unknown): string {
  if (error instanceof TidemarkError) {
    const { code, message, where } = error;
    return withoutPartitions(SPEAKS.test(code) ? message : `[${code}] ${where}`);
  }
  if (error instanceof Error && FIXED.includes(error.name)) return error.message;
  return 'its words are left out: they may quote a row';
}

/** A data file stands in a folder that its partition's values name: `data/orders/city=London/<file>`. */
function withoutPartitions(words: string): string {
  return words.replace(/(?<=\bdata\/(?:\S*\/)?)([^/=\s]+)=[^/\s]*(?=\/)/g, '$1=...');
}
