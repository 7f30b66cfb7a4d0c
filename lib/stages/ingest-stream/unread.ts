import type { ResolvedLake } from '../../config/resolved';
import { readQuarantined } from '../../ledger/quarantine';
import { eachUnread, forgetUnread, holdAction, readSchemas, unreadAction } from '../../ledger/schemas';
import { cursorAction, shardCursor } from '../../ledger/streams';
import type { StreamRecord } from '../../ports/change-stream';
import type { LakePorts } from '../../ports/lake-ports';
import type { Ingested } from '../ingest/request';
import { asideId, asideOf, holdsRecords, putAsideAction, rangeOf, rangeText } from './aside';
import { placeAfter } from './places';
import { replayRecords } from './replay-records';
import type { RecordsRequest, TableTaken } from './request';
import type { Routes } from './route';
import type { BatchSchemas } from './writer-schemas';

type UnreadRecord = Routes<StreamRecord>['unread'][number];

/** Schemas that one transaction asks for: two actions each, beside the shard's cursor and the quarantine record. */
const SCHEMAS_MAX = 40;

/**
 * Puts records aside whose writer's schema is unknown, before any table's cursor moves past them: once the schema is
 * known, a record that is not noted here is a table's. False where a schema was announced meanwhile, or somebody else has
 * put records of the shard aside: what the batch says has to be read again.
 */
export async function holdUnread(
  ports: LakePorts,
  request: RecordsRequest,
  unread: readonly UnreadRecord[],
  { kept }: Pick<BatchSchemas, 'kept'>,
): Promise<boolean> {
  const fingerprints = [...new Set(unread.map(record => record.fingerprint))];
  for (let i = 0; i < fingerprints.length; i += SCHEMAS_MAX) {
    const some = new Set(fingerprints.slice(i, i + SCHEMAS_MAX));
    const records = unread.filter(record => some.has(record.fingerprint));
    const cursor = await shardCursor(ports.items, request, request.stream.shards);
    const { placed, next } = placeAfter(cursor, records, false);
    const range = rangeOf(request.stream, placed);
    const { name, createdAt } = request.stream;
    const id = asideId(range, `unread ${[...some].join(' ')}`);
    const aside = await putAsideAction(ports, {
      id,
      object: request.file?.object ?? `${rangeText(range)}${UNREAD}`,
      table: '',
      records: placed.map(record => asideOf(record, record.fault)),
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
    const last = new Map(records.map(record => [record.fingerprint, record.sequence]));
    const notes = [...last].flatMap(([fingerprint, through]) => [
      holdAction(request.source, kept.get(fingerprint)!, request, through),
      unreadAction(request.source, { fingerprint, id }),
    ]);
    const { done } = await ports.items.transact([
      cursorAction(request, undefined, cursor, counted),
      aside,
      ...notes,
    ]);
    if (!done) return false;
  }
  return true;
}

/** Other records of the shard stand between these: the object's name must not be taken for a run that was dealt with. */
const UNREAD = '?unread';

/** As many quarantine records as one run takes in: the next one goes on. */
const REPLAYS_MAX = 50;

export interface UnreadTaken {
  readonly taken: readonly Ingested[];
  /** More wait whose schema is known. */
  readonly more: boolean;
}

/**
 * Takes in what waits for schemas of the source that were announced meanwhile, of whichever shard. What of it cannot be
 * taken in stays in quarantine with its reason. A crash leaves the rest listed.
 */
export async function takeInUnread(
  ports: LakePorts,
  lake: ResolvedLake,
  source: string,
): Promise<UnreadTaken> {
  const taken: Ingested[] = [];
  let tries = 0;
  let known: { fingerprint: string; announced: boolean } | undefined;
  for await (const unread of eachUnread(ports.items, source)) {
    const { fingerprint, id } = unread;
    if (known?.fingerprint !== fingerprint) {
      const kept = (await readSchemas(ports.items, source, [fingerprint])).get(fingerprint);
      known = { fingerprint, announced: kept?.json !== undefined };
    }
    if (!known.announced) continue;
    if (++tries > REPLAYS_MAX) return { taken, more: true };
    const record = await readQuarantined(ports.items, id);
    if (record && holdsRecords(record)) taken.push(...(await replayRecords(ports, lake, record)));
    await forgetUnread(ports.items, source, unread);
  }
  return { taken, more: false };
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
): Promise<AnnouncedTaken> {
  try {
    const { taken, more } = await takeInUnread(ports, lake, source);
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
