/** A JSON value that others wrote: nothing of its form is known before it is looked at. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** The text as a JSON object; undefined when it is no JSON, or another value. */
export function parseRecord(bytes: Uint8Array): JsonRecord | undefined {
  try {
    return recordOf(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    return undefined;
  }
}

export function recordOf(value: unknown): JsonRecord | undefined {
  const is = typeof value === 'object' && value !== null && !Array.isArray(value);
  return is ? (value as JsonRecord) : undefined;
}

export const textIn = (value: unknown) => (typeof value === 'string' ? value : undefined);
export const numberIn = (value: unknown) => (typeof value === 'number' ? value : undefined);
