import { access, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemClock } from '../adapters/local/clock';
import { randomIds } from '../adapters/local/ids';
import { openLocalItems } from '../adapters/local/items';
import { landedFile } from '../adapters/local/landing';
import { localStore } from '../adapters/local/object-store';
import { catalogOverStore } from '../adapters/store-catalog';
import { loadConfig } from '../config/load';
import type { ResolvedLake, ResolvedReport, ResolvedTable } from '../config/resolved';
import { listQuarantined, type Quarantined } from '../ledger/quarantine';
import type { LakePorts } from '../ports/lake-ports';
import type { Rows, WritingEngine } from '../ports/query-engine';
import type { TableDiff } from '../query/diff';
import type { LakeQuery } from '../query/open';
import type { Compacted } from '../stages/compact/compact';
import { localDate } from '../stages/ingest/dates';
import type { Ingested, IngestRequest } from '../stages/ingest/request';
import type { Merged } from '../stages/merge';
import type { Rebuilt } from '../stages/rebuild';
import type { ReportCheck, Reported } from '../stages/report';
import type { LakeStatus } from '../stages/status';
import type { Trace } from '../stages/trace';
import type { Touch } from '../stages/trace-key';
import type { Vacuumed } from '../stages/vacuum/vacuum';
import { locate, type Whereabouts } from './locate';

export type FileOptions = Pick<IngestRequest, 'date' | 'table'> & {
  readonly dryRun?: boolean;
  /** Takes in a plain file once more that was taken in before. */
  readonly again?: boolean;
  /** Told of the bytes as they are read; a file is read twice, for its checksum and for its rows. */
  readonly onRead?: (bytes: number) => void;
};

/**
 * A lake in a folder of this machine: every stage bound to local adapters. Engines load with the stage that needs
 * them, so that what reads only the ledger answers at once.
 */
export interface LocalLake {
  readonly folder: string;
  readonly configFile: string;
  readonly config: ResolvedLake;
  readonly ports: LakePorts;
  ingest(path: string, options?: FileOptions): Promise<Ingested>;
  /** Merges the next slice that waits; undefined when none does. */
  mergeNext(table: ResolvedTable): Promise<Merged | undefined>;
  status(): Promise<LakeStatus>;
  /** A file's way, by the last parts of its name. */
  trace(name: string): Promise<Trace[]>;
  quarantined(): Promise<Quarantined[]>;
  /** Takes in again what waits under a quarantine id or a file's name. @throws TM_2306 */
  replay(which: string, table?: string): Promise<Ingested[]>;
  /** Folds the log again into new files; undefined when there is no log. */
  rebuild(table: ResolvedTable): Promise<Rebuilt | undefined>;
  /** Joins some small files of the table or its log in one commit; undefined when nothing is worth it. */
  compactNext(table: ResolvedTable): Promise<Compacted | undefined>;
  vacuum(): Promise<Vacuumed>;
  /** Builds one date of a report, `YYYY-MM-DD`. */
  report(report: ResolvedReport, date: string): Promise<Reported>;
  /** What it would give, found without running it. */
  checkReport(report: ResolvedReport, date: string): Promise<ReportCheck>;
  /** The date of this moment in the lake's timezone. */
  today(): string;
  /** SQL over the lake; with `asOf` (a snapshot id, a date, a time, `5 minutes ago`) as readers saw it then. */
  query(asOf?: string): Promise<LakeQuery>;
  /** Every state of one row; the key's values as text, in the key's order. */
  history(table: string, key: readonly string[]): Promise<Rows>;
  /** Every file that touched one row. */
  traceKey(table: ResolvedTable, key: readonly string[]): Promise<Touch[]>;
  /** What changed in a table since a point in time, as `query` reads it. */
  diff(table: string, since: string): Promise<TableDiff>;
  close(): Promise<void>;
}

/** Whether a lake has been begun in the folder. */
export function lakeExists(folder: string): Promise<boolean> {
  return access(join(folder, LEDGER)).then(
    () => true,
    () => false,
  );
}

const LEDGER = 'ledger';

/** @throws TM_1001 to TM_1006 for the config, TM_5105 when the ledger does not open */
export async function openLocalLake(where: Whereabouts): Promise<LocalLake> {
  const { config: configFile, folder } = await locate(where);
  const config = await loadConfig(configFile);
  const store = localStore(folder);
  const items = await openLocalItems(join(folder, LEDGER));
  const ports: LakePorts = {
    store,
    items,
    catalog: catalogOverStore(store),
    clock: systemClock(),
    ids: randomIds(),
  };
  let started: Promise<WritingEngine> | undefined;
  const engine = () => {
    started ??= import('../adapters/local/duckdb').then(({ openDuckDb }) =>
      openDuckDb({ folders: [folder, resolve(where.cwd)], tempFolder: join(folder, '.tmp') }),
    );
    return started;
  };
  const reportPorts = async () => ({
    ...ports,
    query: await engine(),
    readSql: (file: string) => readFile(file, 'utf8'),
  });
  return {
    folder,
    configFile,
    config,
    ports,
    async ingest(path, { again, onRead, ...options } = {}) {
      const { ingest } = await import('../stages/ingest/ingest');
      const fresh = again ? { again: ports.ids.fresh() } : {};
      return ingest(ports, config, { ...(await landedFile(path, onRead)), ...options, ...fresh });
    },
    async mergeNext(table) {
      const { mergeNext } = await import('../stages/merge');
      return mergeNext(ports, table, config.limits);
    },
    async status() {
      const { lakeStatus } = await import('../stages/status');
      return lakeStatus(ports, config);
    },
    async trace(name) {
      const { traceFile } = await import('../stages/trace');
      return traceFile(ports, config, name);
    },
    quarantined: () => listQuarantined(items),
    async replay(which, table) {
      const { replay } = await import('../stages/replay');
      return replay(ports, config, which, table);
    },
    async rebuild(table) {
      const { rebuild } = await import('../stages/rebuild');
      return rebuild(ports, table, config.limits);
    },
    async compactNext(table) {
      const { compactNext } = await import('../stages/compact/compact');
      return compactNext(ports, table, config.limits);
    },
    async vacuum() {
      const { vacuum } = await import('../stages/vacuum/vacuum');
      return vacuum(ports);
    },
    async report(report, date) {
      const { runReport } = await import('../stages/report');
      return runReport(await reportPorts(), config, report, date);
    },
    async checkReport(report, date) {
      const { checkReport } = await import('../stages/report');
      return checkReport(await reportPorts(), config, report, date);
    },
    today: () => localDate(ports.clock.now(), config.timezone),
    async query(asOf) {
      const { openQuery } = await import('../query/open');
      const { parseAsOf } = await import('../query/as-of');
      const point = asOf === undefined ? {} : { asOf: parseAsOf(asOf, ports.clock.now(), config.timezone) };
      return openQuery(ports, config, await engine(), point);
    },
    async history(table, key) {
      const { history } = await import('../query/history');
      return history(ports, config, await engine(), table, key);
    },
    async traceKey(table, key) {
      const { traceKey } = await import('../stages/trace-key');
      return traceKey(ports, config, await engine(), table, key);
    },
    async diff(table, since) {
      const { diff } = await import('../query/diff');
      const { parseAsOf } = await import('../query/as-of');
      const point = parseAsOf(since, ports.clock.now(), config.timezone);
      return diff(ports, config, await engine(), table, point);
    },
    async close() {
      await (await started)?.close();
      await items.close();
    },
  };
}
