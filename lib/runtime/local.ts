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
import type { LakePorts } from '../ports/lake-ports';
import type { WritingEngine } from '../ports/query-engine';
import { learnUndeclared } from '../stages/undeclared';
import type { BuiltReport, Lake, OwnTally } from './lake';
import { addressElsewhere } from './lake-errors';
import { locate, type Whereabouts } from './locate';
import { maintained } from './maintain';
import { recordFiles } from './record-files';
import { tallyOf } from './tally';

/** A lake in a folder of this machine. */
export interface LocalLake extends Lake {
  readonly folder: string;
  merge(table: ResolvedTable): Promise<OwnTally | undefined>;
  report(report: ResolvedReport, date: string): Promise<BuiltReport>;
}

/** Whether a lake has been begun in the folder. */
export function lakeExists(folder: string): Promise<boolean> {
  return access(join(folder, LEDGER)).then(
    () => true,
    () => false,
  );
}

const LEDGER = 'ledger';

/**
 * A lake in a folder of this machine: every stage bound to local adapters. Engines load with the command that needs
 * them. @throws TM_1001 to TM_1006 for the config, TM_5105 when the ledger does not open
 */
export async function openLocalLake(where: Whereabouts): Promise<LocalLake> {
  const { config: configFile, folder } = await locate(where);
  const config = await loadConfig(configFile);
  const store = localStore(folder);
  const items = await openLocalItems(join(folder, LEDGER));
  const catalog = catalogOverStore(store);
  const ports: LakePorts = { store, items, catalog, clock: systemClock(), ids: randomIds() };
  await learnUndeclared(ports, config);
  const files = [folder, resolve(where.cwd)];
  let started: Promise<WritingEngine> | undefined;
  const engine = () => {
    started ??= import('../adapters/local/duckdb').then(({ openDuckDb }) =>
      openDuckDb({ folders: files, tempFolder: join(folder, '.tmp') }),
    );
    return started;
  };
  return {
    folder,
    configFile,
    config,
    ports,
    ...maintained(ports, config),
    ...recordFiles(ports, config, join(folder, '.tmp', 'records')),
    ...reports(ports, config, engine),
    ...queries(ports, config, engine),
    announce: async address => {
      throw addressElsewhere(address, 'a lake in a folder');
    },
    async ingest(path, { again, onRead, wait: _, ...options } = {}) {
      const { ingest } = await import('../stages/ingest/ingest');
      const fresh = again ? { again: ports.ids.fresh() } : {};
      return ingest(ports, config, { ...(await landedFile(path, onRead)), ...options, ...fresh });
    },
    async merge(table) {
      const { mergeUntil } = await import('../stages/merge/merge-until');
      const { slices } = await mergeUntil(ports, table, config.limits, Number.POSITIVE_INFINITY);
      return tallyOf(table.name, slices);
    },
    async loads() {
      const { localLoads } = await import('./load-here');
      return localLoads({ ports, config }, { lake: folder, cwd: where.cwd });
    },
    async sources() {
      const { sourceStatus } = await import('../stages/source-status');
      return sourceStatus(ports, config);
    },
    deadLetters: async () => [],
    resend: async () => [],
    async close() {
      await (await started)?.close();
      await items.close();
    },
  };
}

function reports(
  ports: LakePorts,
  config: ResolvedLake,
  engine: () => Promise<WritingEngine>,
): Pick<LocalLake, 'report' | 'checkReport'> {
  const reportPorts = async () => ({
    ...ports,
    query: await engine(),
    readSql: (file: string) => readFile(file, 'utf8'),
  });
  return {
    async report(report, date) {
      const { runReport } = await import('../stages/report');
      const { rows, bytes, replaced } = await runReport(await reportPorts(), config, report, date);
      return { outcome: 'built', rows, bytes, replaced };
    },
    async checkReport(report, date) {
      const { checkReport } = await import('../stages/report');
      return checkReport(await reportPorts(), config, report, date);
    },
  };
}

function queries(
  ports: LakePorts,
  config: ResolvedLake,
  engine: () => Promise<WritingEngine>,
): Pick<Lake, 'query' | 'history' | 'traceKey' | 'diff'> {
  return {
    async query(asOf) {
      const { openQuery } = await import('../query/open');
      const { parseAsOf } = await import('../query/as-of');
      const point = asOf === undefined ? {} : { asOf: parseAsOf(asOf, ports.clock.now(), config.timezone) };
      return openQuery(ports, config, await engine(), point);
    },
    async history(table, key) {
      const { history, typedQuery } = await import('../query/history');
      return history(ports, config, await typedQuery(ports, config, await engine()), table, key);
    },
    async traceKey(table, key) {
      const { traceKey } = await import('../stages/trace-key');
      const { typedQuery } = await import('../query/history');
      return traceKey(ports, await typedQuery(ports, config, await engine()), table, key);
    },
    async diff(table, since) {
      const { diff, filesDiff } = await import('../query/diff');
      const { parseAsOf } = await import('../query/as-of');
      const point = parseAsOf(since, ports.clock.now(), config.timezone);
      return diff(ports, config, filesDiff(ports.store, await engine()), table, point);
    },
  };
}
