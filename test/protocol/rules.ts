import type { LakeConfig, TableConfig } from '../../lib/config/define';
import type { ResolvedLake, ResolvedTable } from '../../lib/config/resolved';
import { currentSchema, type Snapshot } from '../../lib/iceberg/metadata';
import { type Entry, entriesAfter } from '../../lib/ledger/entries';
import { entryKey } from '../../lib/ledger/keys';
import type { LakePorts } from '../../lib/ports/lake-ports';
import type { Ingested, IngestOptions } from '../../lib/stages/ingest/request';
import { type Merged, mergeNext } from '../../lib/stages/merge/merge';
import { type Rebuilt, rebuild } from '../../lib/stages/rebuild';
import { logTableOf } from '../../lib/table/columns';
import { type Cursor, readCursor } from '../../lib/table/cursor';
import { liveFiles } from '../../lib/table/live-files';
import { theTable } from '../support/foreign';
import { mergeAll, type Row, readFiles, readRows, type TestLake, take, testLake } from '../support/lake';

/** The lake that each rule is played on: one table of id, a and b, its changes in JSON lines with a sequence. */
export const T = 't';

/** A change as a test writes it; `at` is its position, a column that is left out is absent. */
export interface Change {
  readonly op: 'I' | 'U' | 'D' | 'T';
  readonly at: number;
  readonly id?: number;
  readonly a?: number | null;
  readonly b?: string | null;
  readonly c?: number;
  readonly gone?: boolean;
}

const TABLE: TableConfig = {
  key: ['id'],
  columns: { id: 'bigint', a: 'int', b: 'string' },
  format: { opColumn: 'op', sequenceColumn: 'at' },
};

/** @param table what this lake's table has beside the defaults */
export function rulesLake(table: Partial<TableConfig> = {}, limits: LakeConfig['limits'] = {}): TestLake {
  return testLake({ name: 'rules', tables: { [T]: { ...TABLE, ...table } }, limits });
}

/** The same lake of files in DMS's CSV with a header and before-images. */
export function dmsLake(table: Partial<TableConfig> = {}): TestLake {
  return rulesLake({ format: { header: true }, ...table });
}

/** A DMS change file; its name is its second, so that a name can come twice. */
export function sendDms(lake: TestLake, second: number, lines: readonly string[]): Promise<Ingested> {
  return take(lake, `s/${T}/20210101-0000${String(second).padStart(2, '0')}000.csv`, `${lines.join('\n')}\n`);
}

export const sequence = (at: number) => `2021010100000000${String(at).padStart(19, '0')}`;

let sent = 0;

/** One file of changes, under a name of its own, on one date. */
export function send(
  lake: TestLake,
  changes: readonly Change[],
  options: Partial<IngestOptions> = {},
): Promise<Ingested> {
  return take(lake, `${sent++}/${T}.jsonl`, textOf(changes), { date: '2021-01-01', ...options });
}

export function textOf(changes: readonly Change[]): string {
  return changes.map(c => JSON.stringify({ ...c, at: sequence(c.at) })).join('\n');
}

/** Whole rows, in ascending positions. */
export const put = (at: number, id: number, a: number | null, b: string | null): Change => ({
  op: 'I',
  at,
  id,
  a,
  b,
});

/** A delete and a TRUNCATE that name every column, so that they do not make the table one of partial changes. */
export const del = (at: number, id: number): Change => ({ op: 'D', at, id, a: null, b: null });
export const truncate = (at: number): Change => ({ op: 'T', at, id: 0, a: null, b: null });

export function tableOf(lake: TestLake): ResolvedTable {
  return lake.lake.tables.find(t => t.name === T)!;
}

export function merge(
  lake: TestLake,
  ports: LakePorts = lake.ports,
  limits: Partial<ResolvedLake['limits']> = {},
): Promise<Merged | undefined> {
  return mergeNext(ports, tableOf(lake), { ...lake.lake.limits, ...limits });
}

export function rebuildAll(
  lake: TestLake,
  ports: LakePorts = lake.ports,
  limits: Partial<ResolvedLake['limits']> = {},
): Promise<Rebuilt | undefined> {
  return rebuild(ports, tableOf(lake), { ...lake.lake.limits, ...limits });
}

/** The table's rows as `id a b`, sorted; a dash is NULL. */
export async function rows(lake: TestLake, table = T): Promise<string[]> {
  return (await readRows(lake.ports, table)).map(textOfRow).sort();
}

/** The same of one snapshot. */
export async function rowsAt(lake: TestLake, snapshot: Snapshot): Promise<string[]> {
  const { metadata } = await theTable(lake.ports, T);
  const files = await liveFiles(lake.ports.store, metadata, snapshot);
  return (await readFiles(lake.ports, files, currentSchema(metadata).fields)).map(textOfRow).sort();
}

const textOfRow = (r: Row) => [r.id, r.a, r.b].map(v => v ?? '-').join(' ');

export async function entries(lake: TestLake, table = T): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const entry of entriesAfter(lake.ports.items, table, 0)) found.push(entry);
  return found;
}

export async function cursor(lake: TestLake, table = T): Promise<Cursor> {
  return readCursor(table, (await theTable(lake.ports, table)).metadata);
}

export const LOG = logTableOf(T);

/** Rows that the log table's newest snapshot has. */
export async function logRows(lake: TestLake): Promise<number> {
  const { metadata } = await theTable(lake.ports, LOG);
  const { data } = await liveFiles(lake.ports.store, metadata);
  return data.reduce((sum, f) => sum + f.file.recordCount, 0);
}

/** Every key of the lake's store. */
export async function objects(lake: TestLake, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of lake.ports.store.list(prefix)) keys.push(key);
  return keys;
}

/** The ledger forgets an entry, as one that was restored from before it. */
export async function forgetEntry(lake: TestLake, n: number): Promise<void> {
  await lake.ports.items.transact([{ delete: entryKey(T, n) }]);
}

/** The ports with some calls replaced; `once` runs something before the first call of one of them. */
export function withCatalog(ports: LakePorts, catalog: Partial<LakePorts['catalog']>): LakePorts {
  return { ...ports, catalog: { ...ports.catalog, ...catalog } };
}

/** What `before` does happens right before the first swap of the table that `ports` make. */
export function beforeSwap(ports: LakePorts, table: string, before: () => Promise<unknown>): LakePorts {
  let done = false;
  return withCatalog(ports, {
    async swap(name, base, metadata) {
      if (name === table && !done) {
        done = true;
        await before();
      }
      return ports.catalog.swap(name, base, metadata);
    },
  });
}

/** What `before` does happens right before the first ledger transaction with an entry in it. */
export function beforeRecord(ports: LakePorts, before: () => Promise<unknown>): LakePorts {
  let done = false;
  return {
    ...ports,
    items: {
      ...ports.items,
      async transact(actions) {
        if (!done && actions.some(a => 'put' in a && a.put.sort.startsWith('entry#'))) {
          done = true;
          await before();
        }
        return ports.items.transact(actions);
      },
    },
  };
}

/** The time passes. */
export function later(lake: TestLake, hours: number): TestLake {
  const now = lake.ports.clock.now() + hours * 3_600_000;
  return { ...lake, ports: { ...lake.ports, clock: { ...lake.ports.clock, now: () => now } } };
}

/** Each file is merged before the next comes. */
export async function merged(lake: TestLake, ...files: (readonly Change[])[]): Promise<void> {
  for (const changes of files) {
    await send(lake, changes);
    await mergeAll(lake, T);
  }
}
