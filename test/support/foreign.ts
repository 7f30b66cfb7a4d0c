import type { Batch } from '../../lib/columnar/column';
import { columnFromScalars, valueAt } from '../../lib/columnar/kernels';
import type { Field, Scalar } from '../../lib/columnar/types';
import type { DataFile } from '../../lib/iceberg/data-file';
import { withMetadataLog } from '../../lib/iceberg/evolution';
import {
  currentSchema,
  currentSnapshot,
  formatMetadata,
  type Snapshot,
  type TableMetadata,
} from '../../lib/iceberg/metadata';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { commit } from '../../lib/table/commit';
import { openFile } from '../../lib/table/data-file';
import { liveFiles } from '../../lib/table/live-files';
import { type OpenTable, openTable } from '../../lib/table/open';
import { dataFile, writeFiles } from '../../lib/table/write-files';

/** What other engines do to our tables: commits that know nothing of a cursor, on unpartitioned tables. */

const LIMITS = { rowGroupRowsMax: 1000, rowGroupBytesMax: 1 << 20, fileBytesMax: 1 << 20 };

const FILE_PATH: Field = { id: 2147483546, name: 'file_path', type: 'string', required: true };
const POS: Field = { id: 2147483545, name: 'pos', type: 'long', required: true };

export async function theTable(ports: LakePorts, table: string): Promise<OpenTable> {
  const open = await openTable(ports, table);
  if (!open) throw new Error(`there is no table ${table}`);
  return open;
}

export async function newest(ports: LakePorts, table: string): Promise<Snapshot> {
  return currentSnapshot((await theTable(ports, table)).metadata)!;
}

/** Rows by column name; a column that no row has is NULL, our bookkeeping ones too, as after another engine's INSERT. */
export async function foreignInsert(
  ports: LakePorts,
  table: string,
  rows: readonly Readonly<Record<string, Scalar>>[],
  stated: Partial<DataFile> = {},
): Promise<Snapshot> {
  const open = await theTable(ports, table);
  const { fields } = currentSchema(open.metadata);
  const columns = fields.map(f =>
    columnFromScalars(
      f.type,
      rows.map(row => row[f.name] ?? null),
    ),
  );
  const [file] = await write(ports, table, { length: rows.length, fields: [...fields], columns });
  return foreignCommit(ports, open, 'append', [{ ...file!, ...stated }]);
}

/** A file that stands in the store already, as data of a table partitioned by date_received. */
export async function foreignAppend(
  ports: LakePorts,
  table: string,
  delta: { readonly key: string; readonly bytes: number; readonly dateReceived: string },
): Promise<Snapshot> {
  const open = await theTable(ports, table);
  const path = ports.store.uri(delta.key);
  const { footer } = await openFile(ports.store, { path, size: delta.bytes });
  const { fields } = currentSchema(open.metadata);
  const partition = [Date.parse(delta.dateReceived) / 86_400_000];
  const place = { fields, specId: 0, partition, sortOrderId: null };
  return foreignCommit(ports, open, 'append', [dataFile(path, footer, delta.bytes, place)]);
}

/** Merge-on-read: the rows with these ids go by file and position. */
export async function foreignPositionDelete(
  ports: LakePorts,
  table: string,
  ids: readonly bigint[],
): Promise<Snapshot> {
  const open = await theTable(ports, table);
  const id = currentSchema(open.metadata).fields.find(f => f.name === 'id')!;
  const places: { path: string; pos: bigint }[] = [];
  for (const { file } of (await liveFiles(ports.store, open.metadata)).data) {
    let first = 0;
    const opened = await openFile(ports.store, file);
    for (let g = 0; g < opened.footer.rowGroups.length; g++) {
      const batch = await opened.read(g, [id]);
      for (let row = 0; row < batch.length; row++) {
        const value = valueAt(batch.columns[0]!, row) as bigint;
        if (ids.includes(value)) places.push({ path: file.path, pos: BigInt(first + row) });
      }
      first += batch.length;
    }
  }
  const columns = [
    columnFromScalars(
      'string',
      places.map(p => p.path),
    ),
    columnFromScalars(
      'long',
      places.map(p => p.pos),
    ),
  ];
  const batch = { length: places.length, fields: [FILE_PATH, POS], columns };
  const [file] = await write(ports, table, batch);
  return foreignCommit(ports, open, 'delete', [{ ...file!, content: 1, sortOrderId: null }]);
}

/** Merge-on-read: every older row with one of these ids goes, wherever it stands. */
export async function foreignEqualityDelete(
  ports: LakePorts,
  table: string,
  ids: readonly bigint[],
): Promise<Snapshot> {
  const open = await theTable(ports, table);
  const id = currentSchema(open.metadata).fields.find(f => f.name === 'id')!;
  const batch = { length: ids.length, fields: [id], columns: [columnFromScalars('long', ids)] };
  const [file] = await write(ports, table, batch);
  return foreignCommit(ports, open, 'delete', [{ ...file!, content: 2, equalityIds: [id.id] }]);
}

/** Another engine's rollback, or a set of the branch: main names another of the table's snapshots. */
export async function setMain(ports: LakePorts, table: string, snapshot: Snapshot): Promise<void> {
  await alter(ports, table, md => ({
    ...md,
    'current-snapshot-id': snapshot['snapshot-id'],
    refs: { ...md.refs, main: { type: 'branch', 'snapshot-id': snapshot['snapshot-id'] } },
    'snapshot-log': [
      ...md['snapshot-log'],
      { 'timestamp-ms': md['last-updated-ms'] + 1, 'snapshot-id': snapshot['snapshot-id'] },
    ],
  }));
}

/** A commit of another engine that makes no snapshot. */
export async function alter(
  ports: LakePorts,
  table: string,
  change: (metadata: TableMetadata) => TableMetadata,
): Promise<void> {
  const open = await theTable(ports, table);
  const previous = { uri: open.pointer.uri, updatedMs: open.metadata['last-updated-ms'] };
  const next = withMetadataLog(change(open.metadata), previous, ports.clock.now());
  const { swapped } = await ports.catalog.swap(table, open.pointer, formatMetadata(next));
  if (!swapped) throw new Error('the foreign commit was refused');
}

async function write(ports: LakePorts, table: string, batch: Batch): Promise<DataFile[]> {
  const place = {
    folder: `${table}/data`,
    fields: batch.fields,
    specId: 0,
    partition: [],
    sortOrderId: null,
  };
  const once = async function* () {
    yield batch;
  };
  return writeFiles(ports, place, once(), LIMITS);
}

async function foreignCommit(
  ports: LakePorts,
  open: OpenTable,
  operation: 'append' | 'delete',
  added: readonly DataFile[],
): Promise<Snapshot> {
  const result = await commit(ports, open, { operation, added, removed: new Set(), summary: {} });
  if (!result.committed) throw new Error('the foreign commit was refused');
  return result.snapshot;
}
