import type { ResolvedLake, ResolvedTable } from '../../config/resolved';
import { entriesAfter } from '../../ledger/entries';
import { quarantineKey } from '../../ledger/keys';
import { eachQuarantined } from '../../ledger/quarantine';
import { compareSequences, scaleOf } from '../../ledger/streams';
import type { ItemAction, Items } from '../../ports/items';
import type { LakePorts } from '../../ports/lake-ports';
import { localDate } from '../ingest/dates';
import { undeclaredTable } from '../ingest/errors';
import type { Ingested } from '../ingest/request';
import {
  type AsideRecord,
  asideOf,
  holdsRecords,
  putAsideAction,
  type QuarantinedRecords,
  rangeIn,
  readAside,
  readWaiting,
} from './aside';
import type { TableTaken } from './request';
import { formatOfSource, type Routed, routeRecords } from './route';
import { takeIn } from './take-in';

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
  if (asked !== undefined && !table) throw undeclaredTable(asked, record.object);
  const { source } = record.records;
  formatOfSource(lake, source);
  const tried = new Set<string>();
  const done: Ingested[] = [];
  for (;;) {
    const now = await readWaiting(ports.items, record.id);
    if (!now) return done.length > 0 ? done : [answer(record, 'seen')];
    const waits = await readAside(ports, now.waiting);
    const routes = routeRecords(lake, waits, table ? { source, table } : { source });
    const next = nextWork(routes.tables, tried);
    if (!next && routes.tables.size + routes.strays.length > 0) return [...done, stillWaiting(now.waiting)];
    if (!next) {
      // Nothing of it is anybody's data: a table's name may have become one that is ignored.
      await ports.items.transact([{ delete: quarantineKey(record.id), if: now.version }]);
      continue;
    }
    const taken = await takeTable(ports, lake, now, { ...next, waits });
    if (taken === undefined) continue;
    tried.add(next.name);
    const { first, count, rows } = taken;
    const { name } = next.table;
    if (rows > 0) done.push({ ...answer(record, 'taken-in'), table: name, first, count, rows });
  }
}

interface Work {
  readonly name: string;
  readonly table: ResolvedTable;
  /** Counted in one source generation. */
  readonly own: readonly Change[];
}

/** The next table's records, of one generation, that were not tried yet. */
function nextWork(
  tables: ReadonlyMap<ResolvedTable, readonly Change[]>,
  tried: ReadonlySet<string>,
): Work | undefined {
  for (const [table, changes] of tables) {
    for (const { generation } of changes) {
      const name = `${table.name}/${generation ?? ''}`;
      if (!tried.has(name)) return { name, table, own: changes.filter(c => c.generation === generation) };
    }
  }
  return undefined;
}

/** What came of one table's records; undefined when somebody else changed the quarantine record. */
async function takeTable(
  ports: LakePorts,
  lake: ResolvedLake,
  { waiting, version }: Waiting,
  { table, waits, own }: Work & { readonly waits: readonly AsideRecord[] },
): Promise<TableTaken | undefined> {
  const { items } = ports;
  const { records: from, id, object, at } = waiting;
  const doubtful = from.failure ? own.filter(record => !record.judged) : [];
  const taken = await takenBefore(items, table.name, waiting, doubtful);
  const { generation } = own[0]!;
  const records = own.filter(record => !taken.has(record.sequence));
  const scale = await scaleOf(items, { stream: from.stream, shard: own[0]!.shard }, table.name);
  const others = waits.filter(record => !own.some(o => o.sequence === record.sequence));
  return takeIn(ports, lake, {
    table,
    records,
    dateReceived: localDate(at, lake.timezone),
    source: `${object}#${id}`,
    ...(generation === undefined ? {} : { generation }),
    ...(scale ? { scale } : {}),
    commit: async (bad, present) => {
      const rest = bad.map(({ at: i, ...fault }): AsideRecord => {
        const record = asideOf(records[i]!, fault, generation ?? present);
        return from.failure ? { ...record, judged: true } : record;
      });
      const all = [...others, ...rest].sort((a, b) => compareSequences(a.sequence, b.sequence));
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
