import type { ResolvedLake, ResolvedTable } from '../../config/resolved';
import { entriesAfter } from '../../ledger/entries';
import { notableRuns } from '../../ledger/event-ids';
import { quarantineKey } from '../../ledger/keys';
import { eachQuarantined } from '../../ledger/quarantine';
import { compareSequences, scaleOf } from '../../ledger/streams';
import type { ItemAction, Items } from '../../ports/items';
import type { LakePorts } from '../../ports/lake-ports';
import { localDate } from '../ingest/dates';
import { tableNotDeclared } from '../ingest/errors';
import type { Ingested } from '../ingest/request';
import {
  type AsideRecord,
  asideOf,
  fileIdentity,
  holdsRecords,
  putAsideAction,
  type QuarantinedRecords,
  rangeIn,
  readAside,
  readWaiting,
} from './aside';
import type { TableTaken } from './request';
import { formatOfSource, type Routed, routingOf } from './route';
import { routeAll } from './route-undeclared';
import { takeIn } from './take-in';
import { schemasFor } from './writer-schemas';

interface Waiting {
  readonly waiting: QuarantinedRecords;
  readonly version: number;
}

type Change = Routed<AsideRecord>;

/**
 * Takes in records that wait in quarantine, at the places they keep: no cursor judges them. Table after table: the
 * transaction that numbers a table's deltas takes its records out of the quarantine record, so that each counts once
 * whatever crashes. What still cannot be taken in goes on waiting.
 *
 * Answers with what came of each table's records, whose merge is the caller's to wake, and then with what still waits.
 * @param asked takes in every change, whatever table its record names
 * @throws TM_2321 when their source is gone from the config, TM_2302 for a table that the config does not have
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
    ...(table ? { table } : {}),
    ...(record.table === '' ? {} : { waitsFor: record.table }),
  };
  const tried = new Set<string>();
  const done: Ingested[] = [];
  for (;;) {
    const now = await readWaiting(ports.items, record.id);
    if (!now) return done.length > 0 ? done : [answer(record, 'seen')];
    const waits = await readAside(ports, now.waiting);
    const schemas = await schemasFor(ports.items, { source, stream: record.records.stream, format }, waits);
    // Of a failure: what was put aside for want of its schema waits elsewhere, or has waited there.
    const isElsewhere = (r: AsideRecord) => record.records.failure && !r.judged && schemas.isHeld(r);
    const routes = await routeAll(
      ports,
      lake,
      waits.filter(r => !isElsewhere(r)),
      { ...routing, schemas },
    );
    const next = nextWork(routes.tables, tried);
    const others = [...routes.strays, ...routes.unread];
    if (!next && (await dropPutAside(ports, now, waits, others))) continue;
    if (!next && routes.tables.size + others.length > 0)
      return [...done, stillWaiting(await noteReasons(ports, now, waits, others))];
    if (!next) {
      // Nothing of it is anybody's data: a table's name may have become one that is ignored.
      await ports.items.transact([{ delete: quarantineKey(record.id), if: now.version }]);
      continue;
    }
    const taken = await takeTable(ports, lake, now, { ...next, waits, routes: routes.tables, asked });
    if (taken === undefined) continue;
    for (const change of next.own) tried.add(tryOf(next.table, change));
    const { first, count, rows } = taken;
    const { name } = next.table;
    if (rows > 0) done.push({ ...answer(record, 'taken-in'), table: name, first, count, rows });
  }
}

/** The quarantine record with the reasons for which its records wait now: a schema may have come, and not resolve. */
async function noteReasons(
  ports: LakePorts,
  { waiting, version }: Waiting,
  waits: readonly AsideRecord[],
  others: readonly AsideRecord[],
): Promise<QuarantinedRecords> {
  const now = new Map(others.map(({ sequence, fault }) => [sequence, fault]));
  const noted = waits.map(record => ({ ...record, fault: now.get(record.sequence) ?? record.fault }));
  if (noted.every(({ fault }, i) => fault.reason === waits[i]!.fault.reason)) return waiting;
  await ports.items.transact([await replaceAction(ports, waiting, version, noted)]);
  return (await readWaiting(ports.items, waiting.id))?.waiting ?? waiting;
}

/** A table's work among all that waits. */
interface WorkOfAll extends Work {
  readonly waits: readonly AsideRecord[];
  readonly routes: ReadonlyMap<ResolvedTable, readonly Change[]>;
  readonly asked: string | undefined;
}

interface Work {
  readonly table: ResolvedTable;
  /** Counted in one source generation, and few enough for a transaction. */
  readonly own: readonly Change[];
}

/** The next table's records, of one generation, that were not tried yet. */
function nextWork(
  tables: ReadonlyMap<ResolvedTable, readonly Change[]>,
  tried: ReadonlySet<string>,
): Work | undefined {
  for (const [table, changes] of tables) {
    const left = changes.filter(change => !tried.has(tryOf(table, change)));
    const own = left.filter(change => change.generation === left[0]!.generation);
    if (own.length > 0) return { table, own: notableRuns(own)[0]! };
  }
  return undefined;
}

const tryOf = ({ name }: ResolvedTable, { sequence }: Change) => `${name}/${sequence}`;

/** What came of one table's records; undefined when somebody else changed the quarantine record. */
async function takeTable(
  ports: LakePorts,
  lake: ResolvedLake,
  { waiting, version }: Waiting,
  { table, waits, own, routes, asked }: WorkOfAll,
): Promise<TableTaken | undefined> {
  const { items } = ports;
  const { records: from, id, object, at } = waiting;
  // Another table than they waited for may have had them from their batch.
  const isOther = waiting.table !== '' && waiting.table !== table.name && asked === undefined;
  const doubtful = from.failure || isOther ? own.filter(record => !record.judged) : [];
  const taken = await takenBefore(items, table.name, waiting, doubtful);
  const { generation } = own[0]!;
  const records = own.filter(record => !taken.has(record.sequence));
  const scale = await scaleOf(items, { stream: from.stream, shard: own[0]!.shard }, table.name);
  const done = new Set(own.map(nameOf));
  const alsoOf = otherOwners(table, routes);
  const others = waits.flatMap(record => (done.has(nameOf(record)) ? alsoOf(record) : [record]));
  const shared = new Set(others.filter(o => o.table !== undefined).map(o => o.sequence));
  return takeIn(ports, lake, {
    table,
    records,
    dateReceived: localDate(at, lake.timezone),
    source: `${from.file ? fileIdentity(own[0]!.shard, table.name) : object}#${id}`,
    ...(generation === undefined ? {} : { generation }),
    ...(scale ? { scale } : {}),
    commit: async (bad, present) => {
      const rest = bad.map(({ at: i, ...fault }): AsideRecord => {
        const record = asideOf(records[i]!, fault, generation ?? present);
        const itsOwn = shared.has(record.sequence) ? { table: table.name } : {};
        return { ...record, ...itsOwn, ...(from.failure ? { judged: true } : {}) };
      });
      const all = [...others, ...rest].sort((a, b) => compareSequences(a.sequence, b.sequence));
      return { guard: await replaceAction(ports, waiting, version, all), beside: [] };
    },
  });
}

/** Tells the lines of a quarantine record apart: one for each table that a record waits for. */
const nameOf = ({ sequence, table }: AsideRecord) => `${sequence}/${table ?? ''}`;

/** Gives a record that a table has dealt with once for each of the others that take it. */
function otherOwners(
  table: ResolvedTable,
  routes: WorkOfAll['routes'],
): (record: AsideRecord) => AsideRecord[] {
  const others = [...routes].flatMap(([other, changes]) =>
    other === table ? [] : [{ name: other.name, own: new Set(changes.map(nameOf)) }],
  );
  return record =>
    others
      .filter(({ own }) => own.has(nameOf(record)))
      .map(({ name }) => ({ ...asideOf(record, record.fault, record.generation), table: name }));
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
  const twice = await takenBefore(ports.items, NO_TABLE, waiting, strays);
  if (twice.size === 0) return false;
  const rest = waits.filter(({ sequence }) => !twice.has(sequence));
  await ports.items.transact([await replaceAction(ports, waiting, version, rest)]);
  return true;
}

const NO_TABLE = '';

/**
 * The sequence numbers among the records that were dealt with before: a batch's delta, and what it put aside, are of a
 * run of the shard, in which no record of the table was left out.
 */
async function takenBefore(
  items: Items,
  table: string,
  { id, records: { stream } }: QuarantinedRecords,
  records: readonly AsideRecord[],
): Promise<Set<string>> {
  if (records.length === 0) return new Set();
  const at = { stream, shard: records[0]!.shard };
  const runs: { first: string; last: string }[] = [];
  const note = (text: string) => {
    const run = rangeIn(text, at);
    if (run) runs.push(run);
  };
  for await (const entry of entriesAfter(items, table, 0)) note(entry.source);
  for await (const other of eachQuarantined(items)) {
    // What another failure object holds is as doubtful.
    if (other.id === id || !holdsRecords(other) || other.records.failure) continue;
    if (other.table === table || other.table === '') note(other.object);
  }
  const within = ({ sequence }: AsideRecord) =>
    runs.some(
      ({ first, last }) => compareSequences(sequence, first) >= 0 && compareSequences(sequence, last) <= 0,
    );
  return new Set(records.filter(within).map(record => record.sequence));
}

function stillWaiting(now: QuarantinedRecords): Ingested {
  const { code, reason, badRows } = now;
  const error = { code, reason, message: `[${code}] ${reason} · ${now.object}` };
  return { ...answer(now, 'quarantined'), error, badRows };
}

function answer({ id, object, table }: QuarantinedRecords, outcome: Ingested['outcome']): Ingested {
  return { object, ...(table === '' ? {} : { table }), outcome, identity: id, rows: 0 };
}
