import type { Scalar } from '../../lib/columnar/types';
import { type Entry, entriesAfter } from '../../lib/ledger/entries';
import type { Catalog } from '../../lib/ports/catalog';
import type { LakePorts } from '../../lib/ports/lake-ports';
import type { Statement } from '../../lib/ports/query-engine';
import { logTableOf } from '../../lib/table/columns';
import { readRows } from '../support/lake';
import type { Execution } from '../support/memory-jobs';
import { type NaiveChange, naiveFold } from '../support/naive-fold';
import { listReceived } from '../support/received';
import { type Answer, reportEngine } from '../support/report-engine';
import { COLUMNS, meaningOf, type WorldFile } from './world';

const TABLE = 'one';
const SELECTED = [
  { name: 'id', type: 'BIGINT' },
  { name: 'a', type: 'INTEGER' },
  { name: 'b', type: 'VARCHAR' },
];

type Uploaded = ReadonlyMap<string, WorldFile | undefined>;

export interface EngineOptions {
  readonly staging: Catalog;
  readonly uploaded: Uploaded;
  /** The text of each view as it was last made. */
  readonly views: Map<string, string>;
}

/** An engine that makes views by noting them, and reports of a table as the fold of what its log shows. */
export function dailyEngine(
  ports: LakePorts,
  { staging, uploaded, views }: EngineOptions,
): (statement: Statement) => Promise<Execution> {
  return async statement => {
    const view = /^CREATE OR REPLACE VIEW "\w+"\."(\w+)"/.exec(statement.sql)?.[1];
    if (view !== undefined) return { land: async () => void views.set(view, statement.sql) };
    const visible = new Set((await readRows(ports, logTableOf(TABLE))).map(row => row._source));
    const changes = await changesIn(ports, uploaded, entry => visible.has(entry.name));
    const answer = (date: string | undefined): Answer => ({ columns: SELECTED, rows: rowsOf(changes, date) });
    return reportEngine(ports, staging, answer)(statement);
  };
}

interface Received {
  readonly date: string;
  readonly change: NaiveChange;
}

/** What the entries of the report's table mean that fit. */
export async function changesIn(
  ports: LakePorts,
  uploaded: Uploaded,
  fits: (entry: Entry) => boolean,
): Promise<Received[]> {
  const received = await listReceived(ports.items);
  const objects = new Map(received.map(({ identity, object }) => [identity, object]));
  const changes: Received[] = [];
  for await (const entry of entriesAfter(ports.items, TABLE, 0)) {
    if (!fits(entry)) continue;
    const file = uploaded.get(objects.get(entry.source)!)!;
    for (const change of meaningOf(file, entry.n)) changes.push({ date: entry.dateReceived, change });
  }
  return changes;
}

/** The table as of the end of a date, as rows of a report. */
export function rowsOf(changes: readonly Received[], date: string | undefined): Scalar[][] {
  const until = changes.filter(one => date !== undefined && one.date <= date).map(one => one.change);
  return [...naiveFold(until, COLUMNS)].map(([id, row]) => [BigInt(id), row.a as Scalar, row.b as Scalar]);
}
