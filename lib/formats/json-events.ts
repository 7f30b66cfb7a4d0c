import { isUtf8 } from 'node:buffer';
import { invalidUtf8, notJsonObject } from './errors';
import { JsonScanner } from './json-scanner';
import type { MessageReader } from './stream-message';

/** Plain JSON: a record is one object, its members the columns. A member that is missing is absent. */
export function jsonEvents(): MessageReader {
  const scanner = new JsonScanner();
  return bytes => {
    if (!isUtf8(bytes)) return { kind: 'fault', fault: invalidUtf8() };
    const broken = scanner.scan(bytes, 0, bytes.length);
    if (broken) return { kind: 'fault', fault: notJsonObject(broken) };
    return { kind: 'change', load: false, change: { bytes, row: { from: 0, to: bytes.length } } };
  };
}
