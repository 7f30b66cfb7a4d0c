import type { ResolvedLake } from '../../config/resolved';
import { type AwaitingRun, awaitingAction, RUN_FINGERPRINTS_MAX } from '../../ledger/awaiting-schema';
import { readQuarantined } from '../../ledger/quarantine';
import {
  forgetUnread,
  gateAction,
  pagesOfUnread,
  readSchema,
  type Unread,
  unreadAction,
  unreadOf,
} from '../../ledger/schemas';
import { compareSequences, cursorAction, shardCursor } from '../../ledger/streams';
import type { StreamRecord } from '../../ports/change-stream';
import type { Items } from '../../ports/items';
import type { LakePorts } from '../../ports/lake-ports';
import { mapAtOnce } from '../../table/at-once';
import type { Ingested } from '../ingest/request';
import { asideId, asideOf, holdsRecords, putAsideAction } from './aside';
import { manyUnknownSchemas } from './errors';
import { placeAfter } from './places';
import { rangeOf, rangeText } from './record-range';
import { replayRecords } from './replay-records';
import type { RecordsRequest, TableTaken } from './request';
import type { Routes } from './route';
import type { BatchSchemas } from './writer-schemas';

type UnreadRecord = Routes<StreamRecord>['unread'][number];

/** Schemas that one batch waits for: a note each, beside the other actions of its transaction. */
const NOTED_MAX = 90;

/**
 * Puts records aside whose writer's schema is unknown, before any table's cursor moves past them: once the schema is
 * known, a record that is in no run is a table's. Records of more schemas than can be noted wait for a replay. False where
 * a schema was announced meanwhile, somebody else has put records of the shard aside, or some are left: what the batch
 * says has to be read again.
 */
export async function putUnreadAside(
  ports: LakePorts,
  request: RecordsRequest,
  unread: readonly UnreadRecord[],
  { runs, gate }: Pick<BatchSchemas, 'runs' | 'gate'>,
): Promise<boolean> {
  if (unread.length === 0) return true;
  const { records, fingerprints } = firstRun(unread, runs);
  const noted = new Set([...fingerprints].slice(0, NOTED_MAX));
  const cursor = await shardCursor(ports.items, request, request.stream.shards);
  const { placed, next } = placeAfter(cursor, records, false);
  const range = rangeOf(request.stream, placed);
  const { name, createdAt } = request.stream;
  const id = asideId(range, UNREAD);
  const aside = await putAsideAction(ports, {
    id,
    object: request.file?.object ?? `${rangeText(range)}${UNREAD}`,
    table: '',
    records: placed.map(record =>
      asideOf(record, noted.has(record.fingerprint) ? record.fault : manyUnknownSchemas(record.fingerprint)),
    ),
    from: {
      source: request.source,
      stream: { name, createdAt },
      failure: false,
      ...(request.file ? { file: request.file } : {}),
    },
    at: ports.clock.now(),
  });
  // Only the shard's count moves: these records are no news of how far it was read.
  const counted = { ...cursor, count: next.count };
  const { done } = await ports.items.transact([
    cursorAction(request, undefined, cursor, counted),
    aside,
    gateAction(request.source, request, gate),
    awaitingAction(request.source, request, { ...range, fingerprints }),
    ...[...noted].map(fingerprint => unreadAction(request.source, { fingerprint, id })),
  ]);
  return done && records.length === unread.length;
}

/** Other records of the shard stand between these: the object's name must not be taken for a run that was dealt with. */
const UNREAD = '?unread';

/** The first of them, between which no other run stands. */
function firstRun(
  unread: readonly UnreadRecord[],
  runs: readonly AwaitingRun[],
): { records: UnreadRecord[]; fingerprints: Set<string> } {
  const isBefore = (a: string, b: string) => compareSequences(a, b) < 0;
  const end = runs.find(run => isBefore(unread[0]!.sequence, run.first))?.first;
  const records: UnreadRecord[] = [];
  const fingerprints = new Set<string>();
  for (const record of unread) {
    if (end !== undefined && isBefore(end, record.sequence)) break;
    if (fingerprints.size === RUN_FINGERPRINTS_MAX && !fingerprints.has(record.fingerprint)) break;
    records.push(record);
    fingerprints.add(record.fingerprint);
  }
  return { records, fingerprints };
}

/** As many quarantine records as one run takes in: the next one goes on. */
const REPLAYS_MAX = 50;
/** Calls to the ledger at once. */
const AT_ONCE = 16;

export interface UnreadTaken {
  readonly taken: readonly Ingested[];
  /** More wait whose schema is known. */
  readonly more: boolean;
}

/**
 * Takes in what waits for schemas of the source that were announced meanwhile, of whichever shard. What of it cannot be
 * taken in stays in quarantine with its reason. A crash leaves the rest listed.
 * @param announced those whose announcement was just read. Default: whichever has come
 */
export async function takeInUnread(
  ports: LakePorts,
  lake: ResolvedLake,
  source: string,
  announced?: readonly string[],
): Promise<UnreadTaken> {
  const { items } = ports;
  const waiting = announced
    ? (
        await mapAtOnce(announced, AT_ONCE, fingerprint =>
          unreadOf(items, source, fingerprint, REPLAYS_MAX + 1),
        )
      ).flat()
    : await announcedAmongAll(items, source);
  const byId = new Map<string, Unread[]>();
  for (const unread of waiting) byId.set(unread.id, [...(byId.get(unread.id) ?? []), unread]);
  const taken: Ingested[] = [];
  for (const [id, notes] of [...byId].slice(0, REPLAYS_MAX)) {
    const record = await readQuarantined(items, id);
    if (record && holdsRecords(record)) taken.push(...(await replayRecords(ports, lake, record)));
    await forgetUnread(items, source, notes);
  }
  return { taken, more: byId.size > REPLAYS_MAX };
}

/** The first that wait though their schema came; notes of records that are gone from quarantine go. */
async function announcedAmongAll(items: Items, source: string): Promise<Unread[]> {
  const found: Unread[] = [];
  for await (const page of pagesOfUnread(items, source)) {
    const fingerprints = [...new Set(page.map(({ fingerprint }) => fingerprint))];
    const json = await mapAtOnce(fingerprints, AT_ONCE, one => readSchema(items, source, one));
    const come = new Set(fingerprints.filter((_, i) => json[i] !== undefined));
    const ids = [...new Set(page.map(({ id }) => id))];
    const records = await mapAtOnce(ids, AT_ONCE, id => readQuarantined(items, id));
    const gone = new Set(ids.filter((_, i) => !records[i]));
    await forgetUnread(
      items,
      source,
      page.filter(({ id }) => gone.has(id)),
    );
    found.push(...page.filter(({ fingerprint, id }) => come.has(fingerprint) && !gone.has(id)));
    if (new Set(found.map(({ id }) => id)).size > REPLAYS_MAX) return found;
  }
  return found;
}

export interface AnnouncedTaken {
  readonly taken: readonly TableTaken[];
  /** Something that waited is still to be dealt with. */
  readonly more: boolean;
  readonly error?: unknown;
}

/** The same as part of a batch: what fails is tried again with the announcement. */
export async function takeInAnnounced(
  ports: LakePorts,
  lake: ResolvedLake,
  source: string,
  announced: readonly string[],
): Promise<AnnouncedTaken> {
  try {
    const { taken, more } = await takeInUnread(ports, lake, source, announced);
    return { taken: taken.flatMap(tableTaken), more };
  } catch (error) {
    return { taken: [], more: true, error };
  }
}

function tableTaken({ table, outcome, first, count, rows }: Ingested): TableTaken[] {
  if (table === undefined || outcome !== 'taken-in') return [];
  return [
    {
      table,
      outcome,
      ...(first === undefined ? {} : { first }),
      count: count ?? 0,
      rows: rows ?? 0,
      badRows: 0,
    },
  ];
}
