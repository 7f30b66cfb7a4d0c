import { randomBytes, randomUUID } from 'node:crypto';
import type { Ids } from '../../ports/ids';
import { positive63 } from '../snapshot-id';

/** Random names and ids. */
export function randomIds(): Ids {
  return { fresh: randomUUID, snapshotId: () => positive63(randomBytes(8)) };
}
