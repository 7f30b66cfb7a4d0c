import type { ResolvedLake } from '../config/resolved';
import { listQuarantined, type Quarantined, release } from '../ledger/quarantine';
import { noteStep } from '../ledger/received';
import type { LakePorts } from '../ports/lake-ports';
import { notQuarantined } from './ingest/errors';
import { ingest } from './ingest/ingest';
import type { Ingested } from './ingest/request';
import { holdsRecords } from './ingest-stream/aside';
import { replayRecords } from './ingest-stream/replay-records';

/**
 * Takes in what waits in quarantine, from the copy, at the position it was first given: the config was mended, not
 * the bytes. What still cannot be read stays. A crash after it was taken in leaves a record that the next replay
 * finds seen, and removes.
 * @param which a quarantine id, or the file's path or name
 * @param table takes in a file whose name does not say its table
 * @throws TM_2306 when nothing of that name waits
 */
export async function replay(
  ports: LakePorts,
  lake: ResolvedLake,
  which: string,
  table?: string,
): Promise<Ingested[]> {
  const waiting = (await listQuarantined(ports.items)).filter(record => names(record, which));
  if (waiting.length === 0) throw notQuarantined(which);
  const outcomes: Ingested[] = [];
  for (const record of waiting) outcomes.push(await replayOne(ports, lake, record, table));
  return outcomes;
}

async function replayOne(
  ports: LakePorts,
  lake: ResolvedLake,
  record: Quarantined,
  table: string | undefined,
): Promise<Ingested> {
  if (holdsRecords(record)) return replayRecords(ports, lake, record, table);
  const place = { identity: record.id, object: record.object, table: record.table };
  await noteStep(ports.items, place, { at: ports.clock.now(), what: 'replayed' });
  const outcome = await ingest(ports, lake, {
    landing: ports.store,
    key: record.copy,
    receivedAs: record.object,
    receivedAt: record.at,
    date: record.date,
    table: table ?? record.askedTable,
    onlyRows: record.scope === 'rows' ? new Set(record.rows.map(r => r.row)) : undefined,
  });
  const takenIn = outcome.outcome === 'taken-in' || outcome.outcome === 'seen' || outcome.outcome === 'empty';
  if (takenIn) await release(ports.items, record.id);
  return outcome;
}

function names(record: Quarantined, which: string): boolean {
  return record.id === which || record.object === which || record.object.endsWith(`/${which}`);
}
