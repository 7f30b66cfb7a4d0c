import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../../lib/adapters/local/clock';
import { duckDbCopyEngine } from '../../lib/adapters/local/duckdb-copy';
import { localScratch } from '../../lib/adapters/local/scratch';
import type { ResolvedTable } from '../../lib/config/resolved';
import type { Clock } from '../../lib/ports/clock';
import { type LoadParameters, LoadProject } from '../../lib/stages/load/project';
import type { LoadPorts } from '../../lib/stages/load/recipe';
import type { CopySource } from '../../lib/stages/load/source/copy';
import { decodedSource } from '../../lib/stages/load/source/decoded';
import type { TestLake } from './lake';
import { SCRATCH } from './scratch';

/** A load of a test lake's only table from its landing, by the engine that loads really have. */
export function projectOf(
  lake: TestLake,
  source: CopySource,
  sourceTable: string,
  more: Partial<LoadParameters & { ports: LoadPorts; replaces: boolean }> = {},
): LoadProject {
  const { ports = loadPorts(lake), replaces = false, ...parameters } = more;
  const [table] = lake.lake.tables as [ResolvedTable];
  return new LoadProject(ports, {
    table,
    source: decodedSource(source, ports.copies, table),
    sourceTable,
    request: { replaces, dateReceived: '2021-12-31', copy: { kind: 'files', at: [], table: sourceTable } },
    limits: lake.lake.limits,
    workers: 2,
    owner: 'test',
    ...parameters,
  });
}

export function loadPorts(lake: TestLake): LoadPorts {
  const folder = join(SCRATCH, `tidemark-load-${randomUUID()}`);
  return {
    ...lake.ports,
    // DuckDB's work takes real time, and leases are kept by it.
    clock: systemClock(),
    copies: lake.landing,
    engine: duckDbCopyEngine({ tempFolder: join(folder, 'spills') }),
    scratch: localScratch(folder),
  };
}

/** Pauses pass at once: a task that failed is tried again after one. */
export function hasty(): Clock {
  let ahead = 0;
  const pause = async (ms: number) => {
    ahead += ms;
  };
  return { now: () => Date.now() + ahead, pause };
}
