import { isUtf8 } from 'node:buffer';
import { eventNotObject, notEvents, tooLarge } from './errors';

/** One body's events: each becomes a record, and a record of some bytes has an envelope of hundreds. */
export const EVENTS_MAX = 5000;

/**
 * The events of a body: one JSON object, or an array of them. Each is the text that came, so that a number keeps its
 * digits and a member its place.
 * @throws TM_2371, TM_2372, TM_2374
 */
export function eventsOf(body: Uint8Array, where: string): string[] {
  if (!isUtf8(body)) throw notEvents('is not UTF-8', where);
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString();
  const parsed = parse(text, where);
  if (!Array.isArray(parsed)) {
    if (!isObject(parsed)) throw eventNotObject(0, where);
    return [text.trim()];
  }
  if (parsed.length === 0) throw notEvents('holds no event', where);
  if (parsed.length > EVENTS_MAX)
    throw tooLarge(`the body has ${parsed.length} events, more than ${EVENTS_MAX}`, where);
  const odd = parsed.findIndex(value => !isObject(value));
  if (odd >= 0) throw eventNotObject(odd, where);
  return elementsOf(text);
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notEvents(text.trim() === '' ? 'is empty' : 'is no JSON', where);
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The texts of the objects of an array that is sound JSON. */
function elementsOf(text: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') i = endOfString(text, i);
    else if (c === '{' || c === '[') {
      if (depth++ === 1) from = i;
    } else if ((c === '}' || c === ']') && --depth === 1) elements.push(text.slice(from, i + 1));
  }
  return elements;
}

/** Where the string ends that opens at `from`. */
function endOfString(text: string, from: number): number {
  for (let i = from + 1; ; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i;
  }
}
