import type { ResolvedLake } from '../../config/resolved';
import { beginLone, endLone } from '../../ledger/lone-records';
import type { StreamRecord } from '../../ports/change-stream';
import type { LakePorts } from '../../ports/lake-ports';
import { asideId } from './aside';
import { givenUp } from './errors';
import { ingestRecords } from './ingest-records';
import { rangeOf } from './record-range';
import type { RecordsRequest, RecordsTaken } from './request';
import { putUnjudgedAside } from './unjudged';

/** A record that comes alone and is younger is not looked after: it is as good as any, and each look is three calls. */
const LONE_AGE_MS = 60_000;
/** How many runs may die of a record before it is put aside. */
const DEATHS_MAX = 5;

/**
 * Takes in a batch as an event source delivers it, which tries for as long as its records are young enough and holds
 * the shard meanwhile. An outage is waited for. What must not hold the shard is a record that kills its reader (by all
 * the memory or time there is), which no code can catch: the source halves its batch until it stands alone, and then
 * the runs are counted that begin with it and never end. A run that fails ends, so no outage makes a good record one
 * of these; an outage in which runs are cut off instead lets nothing be written into quarantine either
 * (docs/decisions/0016).
 */
export async function ingestBatch(
  ports: LakePorts,
  lake: ResolvedLake,
  request: RecordsRequest,
): Promise<RecordsTaken> {
  const [lone, ...others] = request.records;
  if (!lone || others.length > 0 || ports.clock.now() - lone.arrivedAt < LONE_AGE_MS)
    return ingestRecords(ports, lake, request);
  const died = await beginLone(ports.items, request, lone.sequence);
  if (died >= DEATHS_MAX) return giveUp(ports, request, lone);
  try {
    return await ingestRecords(ports, lake, request);
  } finally {
    await endLone(ports.items, request);
  }
}

/** The note of its deaths stays: should it come again, it is not read again. */
async function giveUp(ports: LakePorts, request: RecordsRequest, lone: StreamRecord): Promise<RecordsTaken> {
  const { source, stream } = request;
  const records = [lone];
  await putUnjudgedAside(ports, {
    id: asideId(rangeOf(stream, records), ALL_TABLES),
    source,
    stream,
    records,
    fault: givenUp(`${DEATHS_MAX} runs died of it`),
  });
  return { tables: [], strays: 1, control: [], failed: [] };
}

/** No table's name: the record may be of any. */
const ALL_TABLES = '*';
