import { gatherBatch } from '../../lib/columnar/batch';
import { currentSchema } from '../../lib/iceberg/metadata';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { logTableOf } from '../../lib/table/columns';
import { commit } from '../../lib/table/commit';
import { openFile } from '../../lib/table/data-file';
import { liveFiles } from '../../lib/table/live-files';
import { type WriteLimits, writeFiles } from '../../lib/table/write-files';
import { theTable } from './foreign';

const LIMITS = { rowGroupRowsMax: 1000, rowGroupBytesMax: 1 << 20, fileBytesMax: 1 << 20 };

interface Rewriting {
  readonly limits?: WriteLimits;
  /** Files whose rows it loses. */
  readonly lost?: ((path: string) => boolean) | undefined;
}

/**
 * Another engine's OPTIMIZE of a table's log, all of one day: rows of its files, in turns, in new ones.
 * @returns whether it was committed
 */
export async function optimizeLog(
  ports: LakePorts,
  table: string,
  { limits = LIMITS, lost = () => false }: Rewriting = {},
): Promise<boolean> {
  const open = await theTable(ports, logTableOf(table));
  const { fields } = currentSchema(open.metadata);
  const { data } = await liveFiles(ports.store, open.metadata);
  if (data.length === 0) return false;
  const batches = async function* () {
    for (const odd of [0, 1])
      for (const { file } of data.filter(live => !lost(live.file.path))) {
        const opened = await openFile(ports.store, file);
        for (let g = 0; g < opened.footer.rowGroups.length; g++) {
          const batch = await opened.read(g, fields);
          const half = Uint32Array.from({ length: batch.length }, (_, i) => i).filter(i => i % 2 === odd);
          if (half.length > 0) yield gatherBatch(batch, half);
        }
      }
  };
  const { partition } = data[0]!.file;
  const place = { folder: `${open.name}/data`, fields, specId: 0, partition, sortOrderId: null };
  const added = await writeFiles(ports, place, batches(), limits);
  const removed = new Set(data.map(({ file }) => file.path));
  return (await commit(ports, open, { operation: 'replace', added, removed, summary: {} })).committed;
}

/** Another engine's expiry of the files that only older snapshots of the log name. Gives their keys. */
export async function expireLog(ports: LakePorts, table: string): Promise<string[]> {
  const { metadata } = await theTable(ports, logTableOf(table));
  const { store } = ports;
  const live = new Set((await liveFiles(store, metadata)).data.map(f => f.file.path));
  const gone = new Set<string>();
  for (const snapshot of metadata.snapshots)
    for (const { file } of (await liveFiles(store, metadata, snapshot)).data)
      if (!live.has(file.path)) gone.add(store.keyOf(file.path));
  await store.deleteMany([...gone]);
  return [...gone];
}
