import type { ResolvedLake, ResolvedTable } from '../../config/resolved';
import { notableRuns } from '../../ledger/event-ids';
import {
  compareSequences,
  cursorAction,
  isAfter,
  later,
  type StoredCursor,
  shardCursor,
  tableCursor,
} from '../../ledger/streams';
import type { StreamRecord } from '../../ports/change-stream';
import type { LakePorts } from '../../ports/lake-ports';
import { localDate } from '../ingest/dates';
import { asideId, asideOf, putAsideAction } from './aside';
import { type ControlTaken, followControl } from './follow-control';
import { arrivalOf, placeAfter } from './places';
import { rangeOf, rangeText, sourceOfFile } from './record-range';
import type { RecordsRequest, RecordsTaken, TableTaken } from './request';
import { formatOfSource, type Routed, type Routes, routingOf } from './route';
import { routeAll } from './route-undeclared';
import { takeIn } from './take-in';
import { putUnreadAside, takeInAnnounced } from './unread';
import { type BatchSchemas, schemasFor } from './writer-schemas';

type Change = Routed<StreamRecord>;
type Stray = Routes<StreamRecord>['strays'][number];

/**
 * Takes in a batch of one shard: a delta for each table, whose cursor of (stream, shard, table) moves in that delta's
 * transaction (PROTOCOL.md, I5). Records at or below the cursor were dealt with, so a repeat, an overlapping batch and
 * two consumers at once change nothing. What cannot be taken in goes to quarantine in the same transaction, and the
 * others go on.
 * @throws TM_2321 when the source is no stream that is read here; what befalls one table stands in the answer's `failed`
 */
export async function ingestRecords(
  ports: LakePorts,
  lake: ResolvedLake,
  request: RecordsRequest,
): Promise<RecordsTaken> {
  const { routes, announced } = await readBatch(ports, lake, request);
  const { strays, control, unread } = routes;
  const tables: TableTaken[] = [];
  const failed: { table?: string; error: unknown }[] = [];
  const undone: string[] = [];
  let followed: readonly ControlTaken[] = [];
  try {
    followed = await followControl(ports, lake, control);
  } catch (error) {
    // Delivered again, the records that are taken in below are skipped, and this is tried once more.
    failed.push({ error });
    undone.push(request.records.map(r => r.sequence).sort(compareSequences)[0]!);
  }
  for (const [table, records] of routes.tables) {
    try {
      for (const run of notableRuns(records))
        tables.push(await takeTable(ports, lake, table, { request, records: run, strays }));
    } catch (error) {
      failed.push({ table: table.name, error });
      undone.push(records[0]!.sequence);
    }
  }
  try {
    // Last, and only when every table is done: a table without a cursor begins behind the shard's strays.
    if (failed.length === 0) await putStraysAside(ports, request, strays);
    else undone.push(...strays.map(stray => stray.sequence));
  } catch (error) {
    failed.push({ error });
    undone.push(strays[0]!.sequence);
  }
  if (announced) {
    // The event source delivers an announcement again until all that waited for its schema is dealt with.
    const { taken, more, error } = await takeInAnnounced(ports, lake, request.source, announced.fingerprints);
    tables.push(...taken);
    if (error !== undefined) failed.push({ error });
    if (more) undone.push(announced.first);
  }
  const retryFrom = undone.sort(compareSequences)[0];
  const retry = retryFrom === undefined ? {} : { retryFrom };
  return { tables, strays: strays.length + unread.length, control: followed, failed, ...retry };
}

/** What the records say, once those in Avro are put aside whose writers' schemas nobody knows. */
async function readBatch(
  ports: LakePorts,
  lake: ResolvedLake,
  request: RecordsRequest,
): Promise<{ routes: Routes<StreamRecord> } & Pick<BatchSchemas, 'announced'>> {
  const records = inOrder(request.records);
  const routing = routingOf(lake, request);
  const format = routing.format ?? formatOfSource(lake, request.source);
  for (;;) {
    const schemas = await schemasFor(ports.items, { ...request, format }, records);
    const own = records.filter(record => !schemas.isAwaitingSchema(record));
    const routes = await routeAll(ports, lake, own, { ...routing, schemas });
    const { announced } = schemas;
    if (await putUnreadAside(ports, request, routes.unread, schemas))
      return { routes, ...(announced ? { announced } : {}) };
  }
}

/** In the shard's order, each once. */
function inOrder(records: readonly StreamRecord[]): StreamRecord[] {
  const sorted = [...records].sort((a, b) => compareSequences(a.sequence, b.sequence));
  return sorted.filter((r, i) => i === 0 || compareSequences(r.sequence, sorted[i - 1]!.sequence) !== 0);
}

interface TableRecords {
  readonly request: RecordsRequest;
  readonly records: readonly Change[];
  readonly strays: readonly Stray[];
}

async function takeTable(
  ports: LakePorts,
  lake: ResolvedLake,
  table: ResolvedTable,
  { request, records, strays }: TableRecords,
): Promise<TableTaken> {
  const { stream } = request;
  for (;;) {
    const cursor = await tableCursor(ports.items, request, table.name, stream.shards);
    const fresh = records.filter(record => isAfter(record.sequence, cursor));
    if (fresh.length === 0) return { table: table.name, outcome: 'seen', count: 0, rows: 0, badRows: 0 };
    const start = cursor.version === 'absent' ? raisedBy(strays, cursor, fresh[0]!) : cursor;
    const { placed, next } = placeAfter(start, fresh);
    const range = rangeOf(stream, placed);
    const now = ports.clock.now();
    const taken = await takeIn(ports, lake, {
      table,
      records: placed,
      dateReceived: localDate(now, lake.timezone),
      source: request.file ? sourceOfFile(range, table.name) : rangeText(range),
      ...(cursor.scale ? { scale: cursor.scale } : {}),
      commit: async (bad, generation, scale = cursor.scale) => {
        const guard = cursorAction(request, table.name, cursor, scale ? { ...next, scale } : next);
        if (bad.length === 0) return { guard, beside: [] };
        const action = await putAsideAction(ports, {
          id: asideId(range, table.name),
          object: request.file?.object ?? rangeText(range),
          table: table.name,
          records: bad.map(({ at, ...fault }) => asideOf(placed[at]!, fault, generation)),
          from: originOf(request),
          at: now,
        });
        return { guard, beside: [action] };
      },
    });
    if (taken) return taken;
  }
}

/** A new cursor stands no lower than the strays before its first record, whichever batch they come in. */
function raisedBy(strays: readonly Stray[], cursor: StoredCursor, first: StreamRecord): StoredCursor {
  const before = strays.filter(stray => compareSequences(stray.sequence, first.sequence) < 0);
  return { ...cursor, arrival: before.reduce((max, stray) => later(max, arrivalOf(stray)), cursor.arrival) };
}

/** Records that are no table's, in one quarantine record; the shard's own cursor moves in its transaction. */
async function putStraysAside(
  ports: LakePorts,
  request: RecordsRequest,
  strays: readonly Stray[],
): Promise<void> {
  for (;;) {
    const cursor = await shardCursor(ports.items, request, request.stream.shards);
    const fresh = strays.filter(record => isAfter(record.sequence, cursor));
    if (fresh.length === 0) return;
    const { placed, next } = placeAfter(cursor, fresh, false);
    const range = rangeOf(request.stream, placed);
    const aside = await putAsideAction(ports, {
      id: asideId(range, ''),
      object: request.file?.object ?? rangeText(range),
      table: '',
      records: placed.map(record => asideOf(record, record.fault)),
      from: originOf(request),
      at: ports.clock.now(),
    });
    const moved = await ports.items.transact([cursorAction(request, undefined, cursor, next), aside]);
    if (moved.done) return;
  }
}

function originOf({ source, stream: { name, createdAt }, file }: RecordsRequest) {
  return { source, stream: { name, createdAt }, failure: false, ...(file ? { file } : {}) };
}
