import { TidemarkError } from '../../errors';
import { defect } from './errors';
import type { BadRecord } from './settle-records';

/** Something that touches nothing outside has failed on rows: they will fail again, however often they come. */
class Defect extends Error {}

/** Runs what only computes. Errors that are told apart by their code pass. */
export function computed<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof TidemarkError) throw cause;
    throw new Defect('rows that the code fails at', { cause });
  }
}

/**
 * Settles records together; where the code fails at them, one after the other, so that those it fails at alone are bad
 * and the others go on. An event source would deliver them again until they are too old, and hold their shard meanwhile.
 */
export async function withoutDefects<Record, Settled extends { readonly bad: readonly BadRecord[] }>(
  records: readonly Record[],
  settle: (records: readonly Record[]) => Promise<Settled>,
): Promise<Settled> {
  try {
    return await settle(records);
  } catch (error) {
    if (!(error instanceof Defect)) throw error;
  }
  const bad: BadRecord[] = [];
  const sound: number[] = [];
  for (const [at, record] of records.entries()) {
    try {
      await settle([record]);
      sound.push(at);
    } catch (error) {
      if (!(error instanceof Defect)) throw error;
      bad.push({ at, ...defect(error.cause) });
    }
  }
  const rest = await settle(sound.map(at => records[at]!));
  const all = [...bad, ...rest.bad.map(one => ({ ...one, at: sound[one.at]! }))];
  return { ...rest, bad: all.sort((a, b) => a.at - b.at) };
}
