import type { ResolvedLake } from '../config/resolved';
import { eachQuarantined, type Quarantined, release } from '../ledger/quarantine';
import { noteStep } from '../ledger/received';
import type { LakePorts } from '../ports/lake-ports';
import { dateOfPart, notQuarantined } from './ingest/errors';
import { ingest } from './ingest/ingest';
import type { Ingested, IngestRequest } from './ingest/request';
import { holdsRecords } from './ingest-stream/aside';
import { replayRecords } from './ingest-stream/replay-records';
import { takeInUnread } from './ingest-stream/unread';

/** What is said of a file beside its name. */
export type Asked = Pick<IngestRequest, 'table' | 'date'>;

/**
 * Takes in what waits in quarantine, from the copy, at the position it was first given: the config was mended, not
 * the bytes. What still cannot be read stays. A crash after it was taken in leaves a record that the next replay
 * finds seen, and removes.
 * @param which a quarantine id, or the file's path or name
 * @param asked the table of a file whose name does not say it, and the date it counts for where that is another than
 * the one it was given
 * @throws TM_2306 when nothing of that name waits, TM_2308 for a date where only rows or records wait
 */
export async function replay(
  ports: LakePorts,
  lake: ResolvedLake,
  which: string,
  asked: Asked = {},
): Promise<Ingested[]> {
  const waiting: Quarantined[] = [];
  for await (const record of eachQuarantined(ports.items)) if (names(record, which)) waiting.push(record);
  if (waiting.length === 0) throw notQuarantined(which);
  const outcomes: Ingested[] = [];
  for (const record of waiting) outcomes.push(...(await replayOne(ports, lake, record, asked)));
  return outcomes;
}

async function replayOne(
  ports: LakePorts,
  lake: ResolvedLake,
  record: Quarantined,
  { table, date }: Asked,
): Promise<Ingested[]> {
  const records = holdsRecords(record);
  if (date !== undefined && (records || record.scope === 'rows'))
    throw dateOfPart(records ? 'records of a stream' : 'rows of a file that is in', record.object);
  if (records) {
    const taken = await replayRecords(ports, lake, record, table);
    // They may have announced a schema.
    return [...taken, ...(await takeInUnread(ports, lake, record.records.source)).taken];
  }
  const place = { identity: record.id, object: record.object, table: record.table };
  await noteStep(ports.items, place, { at: ports.clock.now(), what: 'replayed' });
  const outcome = await ingest(ports, lake, {
    landing: ports.store,
    key: record.copy,
    receivedAs: record.object,
    receivedAt: record.at,
    date: date ?? record.date,
    table: table ?? record.askedTable,
    onlyRows: record.scope === 'rows' ? new Set(record.rows.map(r => r.row)) : undefined,
  });
  const takenIn = outcome.outcome === 'taken-in' || outcome.outcome === 'seen' || outcome.outcome === 'empty';
  // Its table and date are of its identity: what waits now waits under another, with what was said of it here.
  const moved = outcome.identity !== record.id;
  if (takenIn || moved) await release(ports.items, record.id);
  return [outcome];
}

function names(record: Quarantined, which: string): boolean {
  return record.id === which || record.object === which || record.object.endsWith(`/${which}`);
}
