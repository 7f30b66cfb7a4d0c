import { fixedClock } from '../../lib/adapters/memory/clock';
import { seededIds } from '../../lib/adapters/memory/ids';
import { memoryItems } from '../../lib/adapters/memory/items';
import { memoryStore } from '../../lib/adapters/memory/object-store';
import { catalogOverStore } from '../../lib/adapters/store-catalog';
import { valueAt } from '../../lib/columnar/kernels';
import type { Field, Scalar } from '../../lib/columnar/types';
import type { LakeConfig } from '../../lib/config/define';
import { resolveLake } from '../../lib/config/resolve';
import type { ResolvedLake } from '../../lib/config/resolved';
import { currentSchema } from '../../lib/iceberg/metadata';
import type { LakePorts } from '../../lib/ports/lake-ports';
import type { ObjectStore } from '../../lib/ports/object-store';
import { ingest } from '../../lib/stages/ingest/ingest';
import type { Ingested, IngestOptions } from '../../lib/stages/ingest/request';
import { type Merged, mergeNext } from '../../lib/stages/merge/merge';
import { openFile } from '../../lib/table/data-file';
import { Deletes, liveMask } from '../../lib/table/deletes';
import { type LiveFiles, liveFiles } from '../../lib/table/live-files';
import { openTable } from '../../lib/table/open';

/** A lake in memory, with a landing to put files into. */
export interface TestLake {
  readonly ports: LakePorts;
  readonly landing: ObjectStore;
  readonly lake: ResolvedLake;
}

export function memoryPorts(seed = 1): LakePorts {
  const store = memoryStore();
  return {
    store,
    items: memoryItems(),
    catalog: catalogOverStore(store),
    clock: fixedClock(Date.UTC(2026, 0, 1)),
    ids: seededIds(seed),
  };
}

export function testLake(config: LakeConfig, seed = 1): TestLake {
  return {
    ports: memoryPorts(seed),
    landing: memoryStore('mem://landing'),
    lake: resolveLake(config, '/config/tidemark.config.ts'),
  };
}

export async function take(
  test: TestLake,
  key: string,
  text: string | Uint8Array,
  options: Partial<IngestOptions> = {},
): Promise<Ingested> {
  await test.landing.put(key, typeof text === 'string' ? Buffer.from(text) : text);
  return ingest(test.ports, test.lake, { landing: test.landing, key, ...options });
}

/** Merges all that waits. */
export async function mergeAll(test: TestLake, table: string): Promise<Merged[]> {
  const merges: Merged[] = [];
  const resolved = test.lake.tables.find(t => t.name === table)!;
  for (;;) {
    const merged = await mergeNext(test.ports, resolved, test.lake.limits);
    if (!merged) return merges;
    merges.push(merged);
  }
}

export type Row = Record<string, Scalar>;

/** Every live row of a table's newest snapshot, read by our own reader, in file order. */
export async function readRows(ports: LakePorts, table: string): Promise<Row[]> {
  const open = await openTable(ports, table);
  if (!open) return [];
  return readFiles(ports, await liveFiles(ports.store, open.metadata), currentSchema(open.metadata).fields);
}

export async function readFiles(
  ports: LakePorts,
  files: LiveFiles,
  fields: readonly Field[],
): Promise<Row[]> {
  const deletes = await Deletes.read(ports.store, files, fields);
  const rows: Row[] = [];
  for (const live of files.data) {
    const file = await openFile(ports.store, live.file);
    let first = 0;
    for (let g = 0; g < file.footer.rowGroups.length; g++) {
      const batch = await file.read(g, fields);
      const mask = liveMask(deletes.for(live), batch, first);
      first += batch.length;
      for (let i = 0; i < batch.length; i++) {
        if (mask && !mask[i]) continue;
        rows.push(Object.fromEntries(batch.fields.map((f, c) => [f.name, valueAt(batch.columns[c]!, i)])));
      }
    }
  }
  return rows;
}
