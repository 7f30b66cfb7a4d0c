/**
 * JSON with exact integers. Snapshot ids are 63 bits, and JSON.parse rounds what passes 2^53. Integers that a
 * number cannot hold travel through it as strings that start with NUL and `n`, which come out as bigint; real
 * strings that start with NUL get an `s` after it on the way, so that neither is taken for the other.
 */

const TOKEN = /"(?:[^"\\]|\\.)*"(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
const INTEGER = /^-?\d{16,}$/;

/** Parses JSON; integers past 2^53 are bigint, all other numbers number. Throws SyntaxError. */
export function parseExact(text: string): unknown {
  const marked = text.replace(TOKEN, (token, colon) => {
    if (token.startsWith('"')) {
      return colon === undefined && token.startsWith('"\\u0000') ? `"\\u0000s${token.slice(7)}` : token;
    }
    return INTEGER.test(token) && !Number.isSafeInteger(Number(token)) ? `"\\u0000n${token}"` : token;
  });
  return unmarked(JSON.parse(marked));
}

/** In place: a reviver of JSON.parse does the same several times slower, and every open of a table parses. */
function unmarked(value: unknown): unknown {
  if (typeof value === 'string') {
    if (value.charCodeAt(0) !== 0) return value;
    return value[1] === 'n' ? BigInt(value.slice(2)) : `\0${value.slice(2)}`;
  }
  if (Array.isArray(value)) for (let i = 0; i < value.length; i++) value[i] = unmarked(value[i]);
  else if (value !== null && typeof value === 'object') {
    const object = value as Record<string, unknown>;
    for (const key of Object.keys(object)) {
      // Also under `__proto__`: JSON.parse made it an own property, so the assignment stays one.
      if (typeof object[key] !== 'number') object[key] = unmarked(object[key]);
    }
  }
  return value;
}

/** JSON of a value, bigints as plain digits. */
export function formatExact(value: unknown): string {
  const marked = JSON.stringify(value, (_, v: unknown) => {
    if (typeof v === 'bigint') return `\0n${v}`;
    return typeof v === 'string' && v.charCodeAt(0) === 0 ? `\0s${v.slice(1)}` : v;
  });
  // A quote inside a string has a backslash before it, a quote that starts one never has.
  return marked.replace(/(?<!\\)"\\u0000(?:n(-?\d+)"|s)/g, (_, digits) => digits ?? '"\\u0000');
}
