import { pathOutside } from '../ports/errors';
import { DELETE_KEYS_MAX } from '../ports/object-store';

/** S3's limit for a whole key; the other stores keep to it so that a lake can move. */
export const OBJECT_KEY_BYTES_MAX = 1024;

/** Throws PATH_OUTSIDE unless `key` is plain parts joined by `/`. */
export function checkKey(key: string, root: string): void {
  checkPrefix(key, root);
  const last = key.slice(key.lastIndexOf('/') + 1);
  checkPart(last, key, root);
}

/** Throws unless one `deleteMany` may take these keys: before the first of them is deleted. */
export function checkKeysToDelete(keys: readonly string[], root: string): void {
  if (keys.length > DELETE_KEYS_MAX)
    throw new RangeError(`${keys.length} keys are too many to delete at once`);
  for (const key of keys) checkKey(key, root);
}

/** The same for the start of a key: its last part may be cut anywhere, as it is only compared, never opened. */
export function checkPrefix(prefix: string, root: string): void {
  if (prefix.includes('\0')) throw pathOutside(prefix, root, 'has a NUL');
  const bytes = Buffer.from(prefix);
  if (bytes.length > OBJECT_KEY_BYTES_MAX) {
    throw pathOutside(prefix, root, `is longer than ${OBJECT_KEY_BYTES_MAX} bytes`);
  }
  // Two keys with different lone surrogates would be one file.
  if (bytes.toString() !== prefix) throw pathOutside(prefix, root, 'is not well-formed Unicode');
  for (const part of prefix.split('/').slice(0, -1)) checkPart(part, prefix, root);
}

function checkPart(part: string, key: string, root: string): void {
  if (part === '' || part === '.' || part === '..') {
    throw pathOutside(key, root, `has a part ${JSON.stringify(part)}`);
  }
}

/** The key of a uri below `base` (which ends with `/`); throws PATH_OUTSIDE for any other. */
export function keyBelow(base: string, uri: string): string {
  if (!uri.startsWith(base)) throw pathOutside(uri, base, 'is not below this root');
  const key = uri.slice(base.length);
  checkKey(key, base);
  return key;
}

/**
 * The order of keys in every store: by UTF-8 bytes, as S3 and DynamoDB have it. JavaScript's `<` compares
 * UTF-16 units and puts U+10000 and beyond before U+E000 to U+FFFF.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointRank(x) - codePointRank(y);
  }
  return a.length - b.length;
}

/** Lifts surrogates, which stand for U+10000 and beyond, above all other units. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
