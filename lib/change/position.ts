import { positionOutOfRange } from './errors';

/**
 * Where a source says a change stands: two int64, compared in order (PROTOCOL.md, P). The top 10 bits of
 * `major` are the table's source generation, so a source that starts its coordinates anew still comes after.
 */
export interface Position {
  readonly major: bigint;
  readonly minor: bigint;
}

/** Bits of `major` that are the source's own. */
export const MAJOR_BITS = 53;
const MAJOR_LIMIT = 1n << BigInt(MAJOR_BITS);
const GENERATION_LIMIT = 512;
const INT64_MIN = -(1n << 63n);
const INT64_MAX = (1n << 63n) - 1n;

/** Before every change: where the rows of a foreign writer without a position stand. */
export const BEFORE_ALL: Position = { major: INT64_MIN, minor: INT64_MIN };

export function comparePositions(a: Position, b: Position): number {
  if (a.major !== b.major) return a.major < b.major ? -1 : 1;
  return a.minor < b.minor ? -1 : a.minor > b.minor ? 1 : 0;
}

export function maxPosition(a: Position, b: Position): Position {
  return comparePositions(a, b) >= 0 ? a : b;
}

/**
 * A source's own coordinates, placed into its generation.
 * @throws TM_2201 when a value does not fit: it never wraps (PROTOCOL.md, P2).
 */
export function position(generation: number, major: bigint, minor: bigint, where: string): Position {
  const fits =
    major >= 0n &&
    major < MAJOR_LIMIT &&
    minor >= INT64_MIN &&
    minor <= INT64_MAX &&
    generation >= 0 &&
    generation < GENERATION_LIMIT;
  if (!fits) throw positionOutOfRange(`${generation}/${major}/${minor}`, where);
  return { major: (BigInt(generation) << BigInt(MAJOR_BITS)) | major, minor };
}

/** The first position beyond another. */
export function justAfter({ major, minor }: Position): Position {
  return minor < INT64_MAX ? { major, minor: minor + 1n } : { major: major + 1n, minor: INT64_MIN };
}

/** `major:minor` in decimal, as the ledger and the snapshot summaries hold it. */
export function formatPosition(p: Position): string {
  return `${p.major}:${p.minor}`;
}

export function parsePosition(text: string): Position {
  const [major, minor] = text.split(':');
  return { major: BigInt(major ?? ''), minor: BigInt(minor ?? '') };
}

/**
 * `AR_H_CHANGE_SEQ` of AWS DMS: 16 digits YYYYMMDDHHmmSShh (UTC, hundredths of a second), then a counter of up
 * to 19 digits. Undefined when the text has another form.
 * @see https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Tasks.CustomizingTasks.TableMapping.SelectionTransformation.Expressions.html
 */
export function dmsSequence(text: string): { micros: bigint; counter: bigint } | undefined {
  const m = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{1,19})$/.exec(text);
  if (!m) return undefined;
  const [, y, mo, d, h, mi, s, hundredths, counter] = m;
  const ms = Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s));
  return { micros: BigInt(ms) * 1000n + BigInt(hundredths ?? '') * 10_000n, counter: BigInt(counter ?? '') };
}
