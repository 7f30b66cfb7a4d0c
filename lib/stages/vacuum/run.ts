import type { LakePorts } from '../../ports/lake-ports';
import { DELETE_KEYS_MAX } from '../../ports/object-store';

/** What the passes of one run share. */
export interface Run {
  readonly ports: LakePorts;
  /** The lake's own tables as the run began. */
  readonly own: readonly string[];
  /** When it began, milliseconds since 1970: what it finds unnamed is so since then. */
  readonly now: number;
  readonly marginMs: number;
  /** Objects that are judged by one reading of all names: what is in memory at a time. */
  readonly atOnce: number;
  /** Whether it is time to hand back. */
  over(): boolean;
  /** Whether names were read once, and objects judged by them. */
  judged: boolean;
}

/** Work between two looks at the time, in objects. */
export const SLICE_OBJECTS = DELETE_KEYS_MAX;

export function* slices<T>(all: readonly T[], size = SLICE_OBJECTS): Generator<readonly T[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
}
