import type { ItemAction, Items } from '../ports/items';
import { awaitingKey, awaitingPartition, awaitingPrefix } from './keys';
import { compareSequences, type ShardRef, streamId } from './streams';

/**
 * A run of a shard's records, of which those that bear one of the fingerprints were put aside, because nobody had
 * announced these schemas. They wait in quarantine, or have waited there: who reads the run again leaves them out.
 * Runs of a shard do not overlap.
 */
export interface AwaitingRun {
  /** Sequence numbers, both of records that were put aside. */
  readonly first: string;
  readonly last: string;
  readonly fingerprints: ReadonlySet<string>;
}

/** As many fingerprints one run may have: 160 kB of an item's 350. */
export const RUN_FINGERPRINTS_MAX = 10_000;
const FINGERPRINT_CHARS = 16;
const PAGE = 20;

/** The runs that have records between two sequence numbers, in the shard's order. */
export async function awaitingRuns(
  items: Items,
  source: string,
  at: ShardRef,
  { first, last }: Pick<AwaitingRun, 'first' | 'last'>,
): Promise<AwaitingRun[]> {
  const [stream, found]: [string, AwaitingRun[]] = [streamId(at.stream), []];
  // They stand by their last: a key that is cut short stands before all that begin so.
  for (let after = awaitingKey(source, stream, at.shard, ordered(first)).sort.slice(0, -1); ; ) {
    const page = await items.query(awaitingPartition(source), awaitingPrefix(stream, at.shard), {
      after,
      limit: PAGE,
    });
    for (const { value } of page) {
      const run = { first: value.first as string, last: value.last as string };
      if (compareSequences(run.first, last) > 0) return found;
      if (compareSequences(run.last, first) < 0) continue;
      const text = value.fingerprints as string;
      const fingerprints = Array.from({ length: text.length / FINGERPRINT_CHARS }, (_, i) =>
        text.slice(i * FINGERPRINT_CHARS, (i + 1) * FINGERPRINT_CHARS),
      );
      found.push({ ...run, fingerprints: new Set(fingerprints) });
    }
    if (page.length < PAGE) return found;
    after = page.at(-1)!.sort;
  }
}

/** Notes a run, within the transaction that puts its records aside. */
export function awaitingAction(
  source: string,
  at: ShardRef,
  { first, last, fingerprints }: AwaitingRun,
): ItemAction {
  return {
    put: awaitingKey(source, streamId(at.stream), at.shard, ordered(last)),
    value: { first, last, fingerprints: [...fingerprints].join('') },
    if: 'absent',
  };
}

/** Texts of sequence numbers that stand as these do: they have as many digits as they need. */
function ordered(sequence: string): string {
  const digits = sequence.replace(/^0+(?=\d)/, '');
  return `${String(digits.length).padStart(3, '0')}${digits}`;
}

export function isWithin(sequence: string, { first, last }: Pick<AwaitingRun, 'first' | 'last'>): boolean {
  return compareSequences(sequence, first) >= 0 && compareSequences(sequence, last) <= 0;
}
