import type { ResolvedLake, ResolvedTable } from '../../config/resolved';
import { notableRuns } from '../../ledger/event-ids';
import { quarantineKey } from '../../ledger/keys';
import { noteUnread } from '../../ledger/schemas';
import { compareSequences, scaleOf } from '../../ledger/streams';
import type { ItemAction, Items } from '../../ports/items';
import type { LakePorts } from '../../ports/lake-ports';
import { localDate } from '../ingest/dates';
import { tableNotDeclared } from '../ingest/errors';
import type { Ingested } from '../ingest/request';
import {
  type AsideRecord,
  asideOf,
  putAsideAction,
  type QuarantinedRecords,
  readQuarantinedRecords,
  readWaiting,
} from './aside';
import { followControl } from './follow-control';
import { fileIdentity } from './record-range';
import type { TableTaken } from './request';
import {
  formatOfSource,
  type Routed,
  type RouteOptions,
  type Routes,
  routeRecords,
  routingOf,
} from './route';
import { routeAll } from './route-undeclared';
import { takeIn } from './take-in';
import { NO_TABLE, sourceOfReplay, takenBefore } from './taken-before';
import { linesOf, nameOf, onceEach, otherOwners } from './waiting-lines';
import { schemasFor } from './writer-schemas';

interface Waiting {
  readonly waiting: QuarantinedRecords;
  readonly version: number;
}

type Change = Routed<AsideRecord>;

/**
 * Takes in records that wait in quarantine, at the places they keep: no cursor judges them. Table after table: the
 * transaction that numbers a table's deltas takes its records out of the quarantine record, so that each counts once
 * whatever crashes. What still cannot be taken in goes on waiting. What the source says of its tables among them is followed
 * first, as their batch would have.
 *
 * Answers with what came of each table's records, whose merge is the caller's to wake, and then with what still waits.
 * @param asked takes in every change, whatever table its record names
 * @throws TM_2321 when their source is gone from the config, TM_2302 for a table that the config does not have, TM_2328
 * without their copy
 */
export async function replayRecords(
  ports: LakePorts,
  lake: ResolvedLake,
  record: QuarantinedRecords,
  asked?: string,
): Promise<Ingested[]> {
  const table = asked === undefined ? undefined : lake.tables.find(t => t.name === asked);
  if (asked !== undefined && !table) throw tableNotDeclared(asked, record.object);
  const { source, file } = record.records;
  const format = file?.format ?? formatOfSource(lake, source);
  const routing = {
    ...routingOf(lake, { source, ...(file ? { file } : {}) }),
    ...(record.table === NO_TABLE ? {} : { waitsFor: record.table }),
  };
  const tried = new Set<string>();
  const done: Ingested[] = [];
  for (let followed = false; ; followed = true) {
    const now = await readWaiting(ports.items, record.id);
    if (!now) return done.length > 0 ? done : [answer(record, 'seen')];
    const waits = await readQuarantinedRecords(ports, now.waiting);
    const { stream, failure } = record.records;
    const shard = failure ? waits[0]?.shard : undefined;
    const schemas = await schemasFor(ports.items, { source, stream, shard, format }, waits);
    // Of a failure: what was put aside for want of its schema waits elsewhere, or has waited there.
    const isElsewhere = (r: AsideRecord) => failure && !r.judged && schemas.isAwaitingSchema(r);
    const routes = await routeAll(
      ports,
      lake,
      waits.filter(r => !isElsewhere(r)),
      { ...routing, schemas, ...(table ? { table } : {}) },
    );
    if (!followed) await followControl(ports, lake, routes.control);
    const next = nextWork(routes.tables, tried);
    const others = [...routes.strays, ...routes.unread];
    if (!next && (await dropPutAside(ports, now, waits, others))) continue;
    if (!next && routes.tables.size + others.length > 0) {
      await listUnread(ports.items, record, routes.unread);
      return [...done, stillWaiting(await noteReasons(ports, now, waits, routes))];
    }
    if (!next) {
      // Nothing of it is anybody's data: a table's name may have become one that is ignored.
      await ports.items.transact([{ delete: quarantineKey(record.id), if: now.version }]);
      continue;
    }
    const doubtful = doubtfulOf(lake, now.waiting, next, table && { ...routing, schemas });
    const taken = await takeTable(ports, lake, now, {
      ...{ ...next, waits, routes: routes.tables, doubtful },
      asked: asked !== undefined,
    });
    if (taken === undefined) continue;
    for (const change of next.own) tried.add(tryOf(next.table, change));
    const { first, count, rows, leftOut = 0 } = taken;
    const { name } = next.table;
    if (rows > 0 || leftOut > 0)
      done.push({
        ...answer(record, 'taken-in'),
        table: name,
        first,
        count,
        rows,
        ...(leftOut > 0 ? { leftOut } : {}),
      });
  }
}

/**
 * The quarantine record with the reasons for which its records wait now: a schema may have come, and not resolve. What
 * nobody has put aside as a stray, and is one, no batch has dealt with: so it is noted, for a table that takes it later.
 */
async function noteReasons(
  ports: LakePorts,
  { waiting, version }: Waiting,
  waits: readonly AsideRecord[],
  { strays, unread }: Pick<Routes<AsideRecord>, 'strays' | 'unread'>,
): Promise<QuarantinedRecords> {
  const now = new Map([...strays, ...unread].map(record => [nameOf(record), record.fault]));
  const isStray = new Set(waiting.records.failure ? strays.filter(isNobodys).map(nameOf) : []);
  const noted = waits.map((record): AsideRecord => {
    const fault = now.get(nameOf(record)) ?? record.fault;
    return { ...record, fault, ...(isStray.has(nameOf(record)) ? { judged: true } : {}) };
  });
  const isSame = ({ fault, judged }: AsideRecord, i: number) =>
    fault.reason === waits[i]!.fault.reason && judged === waits[i]!.judged;
  if (noted.every(isSame)) return waiting;
  await ports.items.transact([await replaceAction(ports, waiting, version, noted)]);
  return (await readWaiting(ports.items, waiting.id))?.waiting ?? waiting;
}

/** It waits for no table, and was never routed to one. */
const isNobodys = ({ table, also }: AsideRecord) => table === undefined && also === undefined;

/** Those of a failure wait for schemas that nobody knew of: their announcement takes them in. */
async function listUnread(
  items: Items,
  { id, records: { source } }: QuarantinedRecords,
  unread: readonly { readonly fingerprint: string }[],
): Promise<void> {
  const fingerprints = [...new Set(unread.map(({ fingerprint }) => fingerprint))].slice(0, LISTED_MAX);
  await noteUnread(
    items,
    source,
    fingerprints.map(fingerprint => ({ fingerprint, id })),
  );
}

/** Schemas that one record is listed for. */
const LISTED_MAX = 90;

/** A table's work among all that waits. */
interface WorkOfAll extends Work {
  readonly waits: readonly AsideRecord[];
  readonly routes: ReadonlyMap<ResolvedTable, readonly Change[]>;
  /** Those that a batch before may have given the table. */
  readonly doubtful: readonly Change[];
  /** Somebody asked for the table by its name. */
  readonly asked: boolean;
}

interface Work {
  readonly table: ResolvedTable;
  /** Counted in one source generation, and few enough for a transaction. */
  readonly own: readonly Change[];
}

/** The next table's records, of one generation, that were not tried yet, each once whatever else it waits for. */
function nextWork(
  tables: ReadonlyMap<ResolvedTable, readonly Change[]>,
  tried: ReadonlySet<string>,
): Work | undefined {
  for (const [table, changes] of tables) {
    const left = changes.filter(change => !tried.has(tryOf(table, change)));
    const own = onceEach(
      left.filter(change => change.generation === left[0]!.generation),
      ({ sequence }) => sequence,
    );
    if (own.length > 0) return { table, own: notableRuns(own)[0]! };
  }
  return undefined;
}

const tryOf = ({ name }: ResolvedTable, { sequence }: Change) => `${name}/${sequence}`;

/**
 * Of a failure object, those that a batch before may have given the table: what the table takes as it is declared.
 * @param plain how they are routed where nobody asks for a table; undefined: nobody did
 */
function doubtfulOf(
  lake: ResolvedLake,
  { records: { failure } }: QuarantinedRecords,
  { table, own }: Work,
  plain: RouteOptions | undefined,
): Change[] {
  const unjudged = failure ? own.filter(record => !record.judged) : [];
  if (!plain || unjudged.length === 0) return unjudged;
  const its = routeRecords(lake, unjudged, plain).tables.get(table) ?? [];
  const names = new Set(its.map(nameOf));
  return unjudged.filter(record => names.has(nameOf(record)));
}

/** What came of one table's records; undefined when somebody else changed the quarantine record. */
async function takeTable(
  ports: LakePorts,
  lake: ResolvedLake,
  { waiting, version }: Waiting,
  { table, waits, own, routes, doubtful, asked }: WorkOfAll,
): Promise<TableTaken | undefined> {
  const { items } = ports;
  const { records: from, id, object, at } = waiting;
  const taken = await takenBefore(items, table.name, waiting, doubtful);
  const { generation } = own[0]!;
  const records = own.filter(record => !taken.has(record.sequence));
  const scale = await scaleOf(items, { stream: from.stream, shard: own[0]!.shard }, table.name);
  const lines = linesOf(routes.get(table) ?? own, own);
  const done = new Set([...lines.values()].flat().map(nameOf));
  const alsoOf = otherOwners(table, routes);
  const others = waits.flatMap(record => (done.has(nameOf(record)) ? alsoOf(record) : [record]));
  const shared = new Set(others.filter(o => o.table !== undefined).map(o => o.sequence));
  return takeIn(ports, lake, {
    table,
    records,
    asked,
    dateReceived: localDate(at, lake.timezone),
    source: sourceOfReplay(id, from.file ? fileIdentity(own[0]!.shard, table.name) : object),
    ...(generation === undefined ? {} : { generation }),
    ...(scale ? { scale } : {}),
    commit: async (bad, present) => {
      const rest = bad.flatMap(({ at: i, ...fault }) => {
        const { sequence } = records[i]!;
        const itsOwn = shared.has(sequence) ? { table: table.name } : {};
        return lines.get(sequence)!.map((line): AsideRecord => {
          const record = asideOf(line, fault, line.generation ?? present);
          return { ...record, ...itsOwn, ...(from.failure ? { judged: true } : {}) };
        });
      });
      const all = onceEach([...others, ...rest], nameOf).sort((a, b) =>
        compareSequences(a.sequence, b.sequence),
      );
      return { guard: await replaceAction(ports, waiting, version, all), beside: [] };
    },
  });
}

/** The quarantine record with only these records, or without any. */
async function replaceAction(
  ports: LakePorts,
  { id, object, table, records: from, at }: QuarantinedRecords,
  version: number,
  records: readonly AsideRecord[],
): Promise<ItemAction> {
  if (records.length === 0) return { delete: quarantineKey(id), if: version };
  return putAsideAction(ports, { id, object, table, records, from, at }, version);
}

/** Takes out what a batch before has put aside as nobody's: it waits there. False: there is none of it. */
async function dropPutAside(
  ports: LakePorts,
  { waiting, version }: Waiting,
  waits: readonly AsideRecord[],
  strays: readonly AsideRecord[],
): Promise<boolean> {
  if (!waiting.records.failure) return false;
  const twice = await takenBefore(ports.items, NO_TABLE, waiting, strays.filter(isNobodys));
  if (twice.size === 0) return false;
  const rest = waits.filter(record => !isNobodys(record) || !twice.has(record.sequence));
  await ports.items.transact([await replaceAction(ports, waiting, version, rest)]);
  return true;
}

function stillWaiting(now: QuarantinedRecords): Ingested {
  const { code, reason, badRows } = now;
  const error = { code, reason, message: `[${code}] ${reason} · ${now.object}` };
  return { ...answer(now, 'quarantined'), error, badRows };
}

function answer({ id, object, table }: QuarantinedRecords, outcome: Ingested['outcome']): Ingested {
  return { object, ...(table === NO_TABLE ? {} : { table }), outcome, identity: id, rows: 0 };
}
