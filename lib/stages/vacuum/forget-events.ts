import { FAILED_BATCHES } from '../../config/deployed';
import type { ResolvedLake } from '../../config/resolved';
import { RETENTION_DAYS, streamSources } from '../../config/stream-sources';
import { forgetEvents } from '../../ledger/event-ids';
import { eachQuarantined } from '../../ledger/quarantine';
import type { LakePorts } from '../../ports/lake-ports';
import { holdsRecords } from '../ingest-stream/aside';
import { failedAt } from '../ingest-stream/failure-object';

const DAY_MS = 24 * 3_600_000;

/**
 * Forgets the ids of events that no stream can repeat any more: noted longer ago than the longest of them keeps its
 * records, and a day. What waits in quarantine, and batches that their function gave up, may be replayed at any time, so
 * time stands still at the oldest of them. It may run twice at once, and end anywhere.
 * @param until when to hand back, milliseconds since 1970
 */
export async function forgetOldEvents(
  { items, store, clock }: Pick<LakePorts, 'items' | 'store' | 'clock'>,
  lake: ResolvedLake,
  until = Number.POSITIVE_INFINITY,
): Promise<number> {
  const days = streamSources(lake).map(([, { retentionDays = RETENTION_DAYS }]) => retentionDays);
  let oldest = clock.now();
  // First: an object goes only when its records stand in quarantine.
  for await (const { key } of store.list(FAILED_BATCHES)) oldest = Math.min(oldest, failedAt(key));
  for await (const waiting of eachQuarantined(items)) {
    if (!holdsRecords(waiting)) continue;
    const { at, records } = waiting;
    oldest = Math.min(oldest, at, records.oldest ?? at);
  }
  const before = oldest - (Math.max(RETENTION_DAYS, ...days) + 1) * DAY_MS;
  const over = () => clock.now() >= until;
  let gone = 0;
  for (const { name } of lake.tables) gone += await forgetEvents(items, name, before, over);
  return gone;
}
