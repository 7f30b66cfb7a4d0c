/**
 * Partition transforms: what they are called, which types have them, what they give.
 * @see https://iceberg.apache.org/spec/#partition-transforms
 */
import { decimalOf, type PrimitiveType } from '../columnar/types';
import { transformImpossible, transformUnknown } from './errors';

/** A transform by its name in metadata: identity, bucket[16], truncate[4], year, month, day, hour, void. */
export type Transform = string;

export type TransformKind = 'identity' | 'bucket' | 'truncate' | 'year' | 'month' | 'day' | 'hour' | 'void';

/** width: N of bucket[N], W of truncate[W], 0 of the others. */
export interface ParsedTransform {
  readonly kind: TransformKind;
  readonly width: number;
}

const PLAIN: ReadonlySet<string> = new Set(['identity', 'year', 'month', 'day', 'hour', 'void']);
const WIDTH_MAX = 2 ** 31 - 1;

/** Reads a transform's name. Throws TM_4003 for any that Iceberg does not have. */
export function parseTransform(t: Transform): ParsedTransform {
  if (PLAIN.has(t)) return { kind: t as TransformKind, width: 0 };
  const m = /^(bucket|truncate)\[(\d+)\]$/.exec(t);
  const width = Number(m?.[2]);
  if (!m || width < 1 || width > WIDTH_MAX) throw transformUnknown(t);
  return { kind: m[1] as 'bucket' | 'truncate', width };
}

/** Throws TM_4003 if there is no such transform, TM_4004 if values of the type do not have it. */
export function checkTransform(t: Transform, type: PrimitiveType): void {
  if (!isPossible(parseTransform(t).kind, type)) throw transformImpossible(t, type);
}

function isPossible(kind: TransformKind, type: PrimitiveType): boolean {
  const isTimestamp = type === 'timestamp' || type === 'timestamptz';
  switch (kind) {
    case 'identity':
    case 'void':
      return true;
    case 'bucket':
      return type !== 'boolean' && type !== 'float' && type !== 'double';
    case 'truncate':
      return ['int', 'long', 'string', 'binary'].includes(type) || decimalOf(type) !== undefined;
    case 'hour':
      return isTimestamp;
    default:
      return isTimestamp || type === 'date';
  }
}

/** The type of a transform's values. Throws as checkTransform. */
export function transformResult(t: Transform, type: PrimitiveType): PrimitiveType {
  checkTransform(t, type);
  switch (parseTransform(t).kind) {
    case 'bucket':
    case 'year':
    case 'month':
    case 'hour':
      return 'int';
    case 'day':
      return 'date';
    default:
      return type;
  }
}
