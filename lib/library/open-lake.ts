import { resolve } from 'node:path';
import { findConfig } from '../config/load';
import type { LakeQuery } from '../query/open';
import { type LocalLake as BoundLake, openLocalLake } from '../runtime/local';
import type { Compacted } from '../stages/compact/compact';
import type { Ingested } from '../stages/ingest/request';
import type { FileTaken, LocalLake, OpenOptions } from './lake';
import { loadsIn } from './loads';
import { dateOf, keyOf, reportOf, tableOf, tablesOf } from './names';
import { recordsIn } from './records';
import { schemasIn } from './schema';
import { Turns } from './turns';

/**
 * Opens the lake in a folder, and begins one where there is none. Several processes may have one open.
 * @throws TM_1001 to TM_1006 for the config, TM_5105 when the ledger does not open
 */
export async function openLake(folder: string, { config }: OpenOptions = {}): Promise<LocalLake> {
  const cwd = process.cwd();
  const where = { lake: folder, config: config ?? (await findConfig(resolve(cwd, folder))), cwd };
  const lake = await openLocalLake(where);
  return {
    folder: lake.folder,
    configFile: lake.configFile,
    ...intake(lake, cwd),
    ...loadsIn(lake),
    ...schemasIn(lake),
    ...upkeep(lake),
    ...answers(lake),
  };
}

function intake(
  lake: BoundLake,
  cwd: string,
): Pick<LocalLake, 'ingest' | 'ingestRecords' | 'replay' | 'merge'> {
  const merge = async (ingested: Ingested): Promise<FileTaken> =>
    counts(ingested)
      ? { ...ingested, merged: await lake.merge(tableOf(lake.config, ingested.table!)) }
      : ingested;
  return {
    ...recordsIn(lake, merge),
    async ingest(paths, { merge: merging = true, ...options } = {}) {
      const { inputFiles } = await import('../cli/files');
      if (options.table !== undefined) tableOf(lake.config, options.table);
      if (options.date !== undefined) dateOf(options.date);
      const named = typeof paths === 'string' ? [paths] : paths;
      const taken: FileTaken[] = [];
      const { files } = await inputFiles(named, cwd, [lake.folder]);
      for (const { path } of files) {
        // Only functions are sent a file; a lake in a folder has none.
        const ingested = (await lake.ingest(path, options)) as Ingested;
        taken.push(merging && !options.dryRun ? await merge(ingested) : ingested);
      }
      return taken;
    },
    async replay(which, { merge: merging = true, ...asked } = {}) {
      if (asked.table !== undefined) tableOf(lake.config, asked.table);
      if (asked.date !== undefined) dateOf(asked.date);
      const taken: FileTaken[] = [];
      for (const ingested of await lake.replay(which, asked)) {
        taken.push(merging ? await merge(ingested) : ingested);
      }
      return taken;
    },
    async merge(name) {
      const tallies = [];
      for (const table of tablesOf(lake.config, name)) tallies.push(await lake.merge(table));
      return tallies.filter(tally => tally !== undefined);
    },
  };
}

/** Whether rows of a file stand in the log: of a repeat too, whose first run may have ended before its merge. */
function counts({ table, outcome }: Ingested): boolean {
  if (table === undefined) return false;
  return outcome === 'taken-in' || outcome === 'rows-quarantined' || outcome === 'seen';
}

type Upkeep = Pick<
  LocalLake,
  'pause' | 'resume' | 'rebuild' | 'compact' | 'vacuum' | 'trace' | 'status' | 'sources' | 'quarantine'
>;

function upkeep(lake: BoundLake): Upkeep {
  const { config } = lake;
  return {
    pause: async name => lake.pause(tableOf(config, name)),
    resume: async name => lake.resume(tableOf(config, name)),
    rebuild: async name => lake.rebuild(tableOf(config, name)),
    async compact(name) {
      const pieces: Compacted[] = [];
      for (const table of tablesOf(config, name)) {
        for (let piece = await lake.compactNext(table); piece; piece = await lake.compactNext(table)) {
          pieces.push(piece);
        }
      }
      return pieces;
    },
    vacuum: () => lake.vacuum(),
    trace: file => lake.trace(file),
    status: () => lake.status(),
    sources: () => lake.sources(),
    quarantine: () => lake.quarantined(),
  };
}

type Answers = Pick<
  LocalLake,
  | 'report'
  | 'checkReport'
  | 'query'
  | 'stream'
  | 'tables'
  | 'describe'
  | 'history'
  | 'diff'
  | 'traceKey'
  | 'close'
>;

/** What the engine answers: whole answers in turns, streams whenever they are read. */
function answers(lake: BoundLake): Answers {
  const { config } = lake;
  const turns = new Turns();
  const ask = <T>(work: (query: LakeQuery) => Promise<T>, asOf?: string) =>
    turns.take(async () => work(await lake.query(asOf)));
  return {
    async report(name, date = lake.today()) {
      const report = reportOf(config, name);
      dateOf(date);
      return turns.take(() => lake.report(report, date));
    },
    async checkReport(name, date = lake.today()) {
      const report = reportOf(config, name);
      dateOf(date);
      return turns.take(() => lake.checkReport(report, date));
    },
    query: (sql, { params, asOf } = {}) => ask(query => query.run(sql, params), asOf),
    stream: async (sql, { params, asOf } = {}) => (await lake.query(asOf)).stream(sql, params),
    tables: () => ask(query => query.tables()),
    describe: name => ask(query => query.describe(name)),
    history: (table, key) => turns.take(() => lake.history(table, keyOf(key))),
    diff: (table, since) => lake.diff(table, since),
    traceKey: async (name, key) => {
      const table = tableOf(config, name);
      return turns.take(() => lake.traceKey(table, keyOf(key)));
    },
    close: () => turns.take(() => lake.close()),
  };
}
