import type { ResolvedLake } from '../../config/resolved';
import { streamSources } from '../../config/stream-sources';
import { forgetEvents } from '../../ledger/event-ids';
import { eachQuarantined } from '../../ledger/quarantine';
import type { LakePorts } from '../../ports/lake-ports';
import { holdsRecords } from '../ingest-stream/aside';

const DAY_MS = 24 * 3_600_000;
/** How long streams keep records unless the config says otherwise. */
const RETENTION_DAYS = 7;

/**
 * Forgets the ids of events that no stream can repeat any more: noted longer ago than the longest of them keeps its
 * records, and a day. Records in quarantine may be replayed at any time, so time stands still at the oldest of it. It may run twice at once, and end anywhere.
 * @param until when to hand back, milliseconds since 1970
 */
export async function forgetOldEvents(
  { items, clock }: Pick<LakePorts, 'items' | 'clock'>,
  lake: ResolvedLake,
  until = Number.POSITIVE_INFINITY,
): Promise<number> {
  const days = streamSources(lake).map(([, { retentionDays = RETENTION_DAYS }]) => retentionDays);
  let oldest = clock.now();
  for await (const waiting of eachQuarantined(items))
    if (holdsRecords(waiting)) oldest = Math.min(oldest, waiting.at);
  const before = oldest - (Math.max(RETENTION_DAYS, ...days) + 1) * DAY_MS;
  const over = () => clock.now() >= until;
  let gone = 0;
  for (const { name } of lake.tables) gone += await forgetEvents(items, name, before, over);
  return gone;
}
