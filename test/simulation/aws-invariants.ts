import { currentSchema, currentSnapshot, parseMetadata } from '../../lib/iceberg/metadata';
import { readCounter } from '../../lib/ledger/counter';
import { entriesAfter } from '../../lib/ledger/entries';
import { listQuarantined } from '../../lib/ledger/quarantine';
import { listReporting, readSteppedAttempt } from '../../lib/ledger/stepped-attempts';
import { listViews } from '../../lib/ledger/views';
import { listWaiting } from '../../lib/ledger/waiting';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { historyViewSql } from '../../lib/query/athena/history-view';
import { readAthenaLog } from '../../lib/query/athena/log';
import { holdsRecords, readQuarantinedRecords } from '../../lib/stages/ingest-stream/aside';
import { historyOf, logTableOf } from '../../lib/table/columns';
import { readCursor } from '../../lib/table/cursor';
import { liveFiles } from '../../lib/table/live-files';
import { openTable } from '../../lib/table/open';
import { readFiles, readRows } from '../support/lake';
import { type NaiveChange, naiveFold } from '../support/naive-fold';
import { listReceived } from '../support/received';
import { DATABASES } from '../support/report-engine';
import { changesIn, rowsOf } from './aws-report';
import type { SentRecord } from './aws-stream';
import { type AwsWorld, REPORT } from './aws-world';
import { checkLog, checkOrder, checkSnapshots, checkWaiting, type Meaning } from './invariants';
import { bytesOf, COLUMNS, meaningOf } from './world';

export interface Visible {
  readonly sent: readonly SentRecord[];
  /** Whether Athena's writes land late: until a sweep has looked, rows of a report may be there twice. */
  readonly late: boolean;
  /** Snapshots that were checked. */
  readonly known: Set<bigint>;
  /** Each table's newest snapshot when it was last looked at. */
  readonly newest: Map<string, bigint>;
}

/**
 * Every snapshot that a reader may see now is the fold of the entries it states; of the report, each date's rows are
 * there once.
 */
export async function checkVisible(world: AwsWorld, visible: Visible): Promise<void> {
  const { sent, late, known } = visible;
  const { ports } = world;
  const ofFiles = await meaningOfFiles(world);
  for (const table of fileTables(world)) await checkSnapshots(ports, table, COLUMNS, ofFiles, known);
  await checkSnapshots(ports, 'three', COLUMNS, await meaningOfRecords(ports, sent), known);
  await checkWaiting(
    ports,
    world.lake.config.tables.map(table => table.name),
  );
  if (!late) await checkReportSnapshots(ports, known);
  checkPublished(world, visible);
}

/** Each commit stands on the one before it, none was overwritten; and each that a reader could see was looked at. */
function checkPublished({ published }: AwsWorld, { known, newest }: Visible): void {
  for (const { table, metadata } of published.splice(0)) {
    const snapshot = currentSnapshot(parseMetadata(metadata));
    const before = newest.get(table);
    const stands = snapshot?.['snapshot-id'] === before || snapshot?.['parent-snapshot-id'] === before;
    expect([table, stands]).toEqual([table, true]);
    if (!snapshot) continue;
    newest.set(table, snapshot['snapshot-id']);
    const isChecked = table === REPORT || table.endsWith('_deltas') || known.has(snapshot['snapshot-id']);
    expect([table, isChecked]).toEqual([table, true]);
  }
}

const fileTables = ({ lake }: AwsWorld) =>
  lake.config.tables.map(t => t.name).filter(name => name !== 'three');

async function meaningOfFiles({ ports, uploaded }: AwsWorld): Promise<Meaning> {
  const received = await listReceived(ports.items);
  const objects = new Map(received.map(({ identity, object }) => [identity, object]));
  return (source, n) => meaningOf(uploaded.get(objects.get(source)!)!, n);
}

/** What the entries of the stream's table mean: each row of their deltas is a change of a record that was sent. */
async function meaningOfRecords(ports: LakePorts, sent: readonly SentRecord[]): Promise<Meaning> {
  const changes = new Map(sent.flatMap(one => one.changes).map(change => [textOf(change), change]));
  const numbers = new Map<string, number>();
  for await (const { name, n } of entriesAfter(ports.items, 'three', 0)) numbers.set(name, n);
  const entries = new Map<number, NaiveChange[]>();
  for (const row of await readRows(ports, logTableOf('three'))) {
    const n = numbers.get(String(row._source))!;
    const text = textOf({
      op: row._op as NaiveChange['op'],
      key: String(row.id),
      major: row._pos_major as bigint,
      minor: row._pos_minor as bigint,
    });
    entries.set(n, [...(entries.get(n) ?? []), { ...changes.get(text)!, entry: n }]);
  }
  return (_, n) => entries.get(n) ?? [];
}

const textOf = ({ op, key, major, minor }: Pick<NaiveChange, 'op' | 'key' | 'major' | 'minor'>) =>
  `${op} ${key} ${major} ${minor}`;

async function checkReportSnapshots(ports: LakePorts, known: Set<bigint>): Promise<void> {
  const open = await openTable(ports, REPORT);
  for (const snapshot of open?.metadata.snapshots ?? []) {
    if (known.has(snapshot['snapshot-id'])) continue;
    known.add(snapshot['snapshot-id']);
    const files = await liveFiles(ports.store, open!.metadata, snapshot);
    const rows = await readFiles(ports, files, currentSchema(open!.metadata).fields);
    const keys = rows.map(row => `${row.report_date} ${row.id}`);
    expect(new Set(keys).size).toBe(keys.length);
  }
}

/** Nothing is lost, doubled or left over. */
export async function checkAll(world: AwsWorld, sent: readonly SentRecord[]): Promise<void> {
  const { ports, uploaded, queues } = world;
  const received = await listReceived(ports.items);
  for (const table of fileTables(world)) {
    const own = received.filter(one => one.table === table && uploaded.get(one.object));
    const contents = [...uploaded.values()].flatMap(f => (f?.table === table ? [String(bytesOf(f))] : []));
    expect(own).toHaveLength(new Set(contents).size);
    await checkLog(
      ports,
      table,
      own.map(({ identity }) => identity),
    );
    await checkOrder(ports, table);
    await checkMerged(ports, table);
  }
  await checkStream(ports, sent);
  expect(await listWaiting(ports.items)).toEqual([]);
  for (const queue of Object.values(queues)) {
    expect(queue.nextAt()).toBeUndefined();
    expect(queue.deadLetters).toEqual([]);
  }
  for (const view of await listViews(ports.items))
    expect(view).toEqual({ table: view.table, made: view.made, basis: view.basis });
}

/** The history views are as they should be. */
export async function checkViews({ lake, ports, views }: AwsWorld): Promise<void> {
  for (const table of lake.config.tables) {
    const log = await readAthenaLog(ports, table);
    const sql = log && historyViewSql(table, log, DATABASES.lake);
    expect([table.name, views.get(historyOf(table.name))]).toEqual([table.name, sql]);
  }
}

async function checkMerged(ports: LakePorts, table: string): Promise<void> {
  const open = await openTable(ports, table);
  const { next } = await readCounter(ports.items, table);
  expect(open ? readCursor(table, open.metadata).through : 0).toBe(next - 1);
}

/** Every good record is in the log once, and the table is their fold; the others wait in quarantine, each once. */
async function checkStream(ports: LakePorts, sent: readonly SentRecord[]): Promise<void> {
  const changes = sent.flatMap(one => one.changes);
  const log = (await readRows(ports, logTableOf('three'))).map(row =>
    textOf({
      op: row._op as NaiveChange['op'],
      key: String(row.id),
      major: row._pos_major as bigint,
      minor: row._pos_minor as bigint,
    }),
  );
  expect(log.sort()).toEqual(changes.map(textOf).sort());
  const rows = (await readRows(ports, 'three')).map(r => [String(r.id), { a: r.a, b: r.b }] as const);
  expect(new Map([...rows].sort())).toEqual(new Map([...naiveFold(changes, COLUMNS)].sort()));
  await checkMerged(ports, 'three');
}

/** The keys of files, and the sequence numbers of records, that wait in quarantine. A given up one may wait in two places. */
export async function quarantined({ ports }: AwsWorld): Promise<{ files: string[]; records: string[] }> {
  const all = await listQuarantined(ports.items);
  const records = new Set<string>();
  for (const one of all.filter(holdsRecords))
    for (const { sequence } of await readQuarantinedRecords(ports, one)) records.add(sequence);
  const files = all.filter(one => !holdsRecords(one)).map(one => one.object);
  return { files: files.sort(), records: [...records].sort() };
}

/** Every date on which something was received has its report, and it is the table as it was at the date's end. */
export async function checkReport({ ports, uploaded }: AwsWorld, until: string): Promise<void> {
  expect(await listReporting(ports.items)).toEqual([]);
  const changes = await changesIn(ports, uploaded, () => true);
  const built = await reportOf(ports);
  const first = changes.map(one => one.date).sort()[0]!;
  for (let day = Date.parse(first); day < Date.parse(until); day += 86_400_000) {
    const date = new Date(day).toISOString().slice(0, 10);
    expect([date, (await readSteppedAttempt(ports.items, REPORT, date))?.attempt.state]).toEqual([
      date,
      'succeeded',
    ]);
    const expected = rowsOf(changes, date).map(row => row.join(' '));
    expect([date, (built.get(day / 86_400_000) ?? []).sort()]).toEqual([date, expected.sort()]);
  }
}

async function reportOf(ports: LakePorts): Promise<Map<number, string[]>> {
  const days = new Map<number, string[]>();
  for (const { report_date, id, a, b } of await readRows(ports, REPORT)) {
    const day = Number(report_date);
    days.set(day, [...(days.get(day) ?? []), [id, a, b].join(' ')]);
  }
  return days;
}
