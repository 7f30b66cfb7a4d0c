import { join } from 'node:path';
import { duckDbCopyEngine } from '../../lib/adapters/local/duckdb-copy';
import { localStore } from '../../lib/adapters/local/object-store';
import { localScratch } from '../../lib/adapters/local/scratch';
import { resolveLake } from '../../lib/config/resolve';
import type { ResolvedLake } from '../../lib/config/resolved';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { LoadProject } from '../../lib/stages/load/project';
import { decodedSource } from '../../lib/stages/load/source/decoded';
import { filesSource } from '../../lib/stages/load/source/files';

/** Files of the copy, a group each. */
export const FILES = 12;
export const ROWS = 50;

/** The lake that processes are killed in while they load a copy. */
export function loadedLake(): ResolvedLake {
  const load = { groupBytes: 1, packBytes: 1, derive: { month: "strftime(made, '%m')" } };
  const columns = { id: 'bigint', made: 'timestamp', month: 'string', text: 'string' };
  const tables = { rows: { key: ['id'], columns, partitionBy: ['month'], load } };
  return resolveLake({ name: 'killed', tables }, '/config/tidemark.config.ts');
}

/** @param scratch a folder of this process */
export function loadOf(
  ports: LakePorts,
  landing: string,
  scratch: string,
  watched: <T extends object>(port: T) => T = port => port,
): LoadProject {
  const lake = loadedLake();
  const copies = localStore(landing);
  const engine = watched(duckDbCopyEngine({ tempFolder: join(scratch, 'spills') }));
  const parameters = {
    table: lake.tables[0]!,
    source: decodedSource(filesSource(copies, { table: 'rows', from: [''] }), copies, lake.tables[0]!),
    sourceTable: 'rows',
    request: {
      replaces: false,
      dateReceived: '2021-12-31',
      copy: { kind: 'files' as const, at: [landing], table: 'rows' },
    },
    limits: lake.limits,
    workers: 2,
    owner: `${process.pid}`,
  };
  return new LoadProject({ ...ports, copies, engine, scratch: localScratch(scratch) }, parameters);
}
