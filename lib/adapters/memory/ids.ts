import { createHash } from 'node:crypto';
import type { Ids } from '../../ports/ids';
import { positive63 } from '../snapshot-id';

/** The same names in the same order for the same seed; different seeds share none. */
export function seededIds(seed: number | string): Ids {
  let count = 0;
  const next = () => createHash('sha256').update(`${seed}:${count++}`).digest();
  return {
    fresh: () => next().toString('hex', 0, 16),
    snapshotId: () => positive63(next()),
  };
}
