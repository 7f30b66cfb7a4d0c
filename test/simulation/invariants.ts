import { currentSchema, type Snapshot } from '../../lib/iceberg/metadata';
import { readCounter } from '../../lib/ledger/counter';
import { entriesAfter } from '../../lib/ledger/entries';
import { listWaiting } from '../../lib/ledger/waiting';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { cursorOf, readCursor, START, statesCursor } from '../../lib/table/cursor';
import { liveFiles } from '../../lib/table/live-files';
import { openTable } from '../../lib/table/open';
import { readFiles, readRows } from '../support/lake';
import { type NaiveChange, naiveFold } from '../support/naive-fold';

/** What the files of a table mean, by the identity of their source objects. */
export type Meaning = (source: string, n: number) => readonly NaiveChange[];

/** The changes of entries 1..through, from the ledger. Throws on a gap in the numbers. */
export async function changesThrough(
  ports: LakePorts,
  table: string,
  through: number,
  meaning: Meaning,
): Promise<NaiveChange[]> {
  const changes: NaiveChange[] = [];
  for await (const entry of entriesAfter(ports.items, table, 0)) {
    if (entry.n <= through) changes.push(...meaning(entry.source, entry.n));
  }
  return changes;
}

/**
 * Every snapshot that any reader could have seen is the naive fold of the entries it states, and the entries it
 * states never go back.
 * @param known snapshots that were checked before; those that are now are added
 */
export async function checkSnapshots(
  ports: LakePorts,
  table: string,
  columns: readonly string[],
  meaning: Meaning,
  known: Set<bigint> = new Set(),
): Promise<number> {
  return eachSnapshot(ports, { table, meaning, known }, async (snapshot, changes) => {
    const expected = naiveFold(changes, columns);
    expect(await rowsOf(ports, table, snapshot, columns)).toEqual(new Map([...expected].sort()));
  });
}

/**
 * The same of a table without a key: every snapshot has each row of the entries it states, as often as it came. Each of
 * its files stands in the order of positions.
 */
export async function checkAppended(
  ports: LakePorts,
  table: string,
  columns: readonly string[],
  meaning: Meaning,
): Promise<number> {
  return eachSnapshot(ports, { table, meaning, known: new Set() }, async (snapshot, changes) => {
    const { metadata } = (await openTable(ports, table))!;
    const { data, deletes } = await liveFiles(ports.store, metadata, snapshot);
    const texts: string[] = [];
    for (const file of data) {
      const rows = await readFiles(ports, { data: [file], deletes }, currentSchema(metadata).fields);
      const places = rows.map(r => [r._pos_major as bigint, r._pos_minor as bigint] as const);
      expect(places).toEqual([...places].sort((a, b) => Number(a[0] - b[0]) || Number(a[1] - b[1])));
      texts.push(...rows.map(r => textOf(columns, r._pos_minor, r)));
    }
    expect(texts.sort()).toEqual(changes.map(c => textOf(columns, c.minor, c.values)).sort());
  });
}

function textOf(columns: readonly string[], minor: unknown, row: Readonly<Record<string, unknown>>): string {
  return [minor, ...columns.map(c => row[c] ?? '-')].join(' ');
}

async function eachSnapshot(
  ports: LakePorts,
  { table, meaning, known }: { table: string; meaning: Meaning; known: Set<bigint> },
  check: (snapshot: Snapshot, changes: readonly NaiveChange[]) => Promise<void>,
): Promise<number> {
  const open = await openTable(ports, table);
  if (!open) return 0;
  let through = 0;
  let checked = 0;
  for (const snapshot of open.metadata.snapshots) {
    expect(statesCursor(snapshot)).toBe(true);
    const cursor = cursorOf(snapshot);
    expect(cursor.through).toBeGreaterThanOrEqual(through);
    through = cursor.through;
    if (known.has(snapshot['snapshot-id'])) continue;
    known.add(snapshot['snapshot-id']);
    await check(snapshot, await changesThrough(ports, table, through, meaning));
    checked++;
  }
  return checked;
}

async function rowsOf(ports: LakePorts, table: string, snapshot: Snapshot, columns: readonly string[]) {
  const { metadata } = (await openTable(ports, table))!;
  const rows = await readFiles(
    ports,
    await liveFiles(ports.store, metadata, snapshot),
    currentSchema(metadata).fields,
  );
  const keys = rows.map(r => String(r.id));
  expect(new Set(keys).size).toBe(keys.length);
  return new Map(
    rows.map(r => [String(r.id), Object.fromEntries(columns.map(c => [c, r[c] ?? null]))] as const).sort(),
  );
}

/** No entry is lost or doubled: each source object is in the ledger once, and the log table has its rows once. */
export async function checkLog(ports: LakePorts, table: string, sources: readonly string[]): Promise<void> {
  const seen: string[] = [];
  let rows = 0;
  for await (const entry of entriesAfter(ports.items, table, 0)) {
    seen.push(entry.source);
    rows += entry.rows;
  }
  expect(seen.sort()).toEqual([...sources].sort());
  const log = await openTable(ports, `${table}_deltas`);
  if (!log) return expect(rows).toBe(0);
  const files = await liveFiles(ports.store, log.metadata);
  expect(files.data.reduce((sum, f) => sum + f.file.recordCount, 0)).toBe(rows);
}

const RANK = { T: 0, D: 1, I: 2, U: 2 };

/** `_entry` orders the log's rows of one position just as the numbers of their entries do (PROTOCOL.md, P1). */
export async function checkOrder(
  ports: LakePorts,
  table: string,
): Promise<{ entries: number; behind: number }> {
  const numbers = new Map<string, number>();
  for await (const { name, n } of entriesAfter(ports.items, table, 0)) numbers.set(name, n);
  const rows = (await readRows(ports, `${table}_deltas`)).map(row => ({
    major: row._pos_major as bigint,
    minor: row._pos_minor as bigint,
    entry: row._entry as bigint,
    n: BigInt(numbers.get(String(row._source))!),
    rank: RANK[row._op as keyof typeof RANK],
  }));
  type Change = (typeof rows)[number];
  const by = (names: readonly (keyof Change)[]) =>
    [...rows].sort((a, b) => {
      const name = names.find(each => a[each] !== b[each]);
      return name === undefined ? 0 : a[name] < b[name] ? -1 : 1;
    });
  const numbered = by(['major', 'minor', 'n', 'rank']).map(row => [row.major, row.minor, row.n, row.rank]);
  const alone = by(['major', 'minor', 'entry', 'rank']).map(row => [row.major, row.minor, row.n, row.rank]);
  expect(alone).toEqual(numbered);
  return { entries: numbers.size, behind: rows.filter(row => row.entry < row.n).length };
}

/** A table with entries that no merge has folded in is listed as waiting. */
export async function checkWaiting(ports: LakePorts, tables: readonly string[]): Promise<void> {
  const listed = await listWaiting(ports.items);
  for (const table of tables) {
    const open = await openTable(ports, table);
    const { through } = open ? readCursor(table, open.metadata) : START;
    const { next } = await readCounter(ports.items, table);
    const waits = listed.find(one => one.table === table);
    if (through + 1 < next) expect(waits).toMatchObject({ next });
  }
}
