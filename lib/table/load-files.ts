import type { Field, Scalar } from '../columnar/types';
import type { DataFile } from '../iceberg/data-file';
import { currentSchema, type TableMetadata } from '../iceberg/metadata';
import { type PartitionSpec, partitionTypes } from '../iceberg/partition';
import { decodeValue, encodeValue } from '../iceberg/single-value';
import type { Entry } from '../ledger/entries';
import type { LakePorts } from '../ports/lake-ports';
import { FOOTERS_AT_ONCE, mapAtOnce } from './at-once';
import { daysOf } from './columns';
import { type Checked, openFile, readChecked } from './data-file';
import { dataFile } from './write-files';

/** An object of a load. */
export interface LoadFile extends Checked {
  readonly bytes: number;
  readonly rows: number;
}

/** A data file of the current table, as a load leaves it for the table to adopt. */
export interface Pack extends LoadFile {
  /** Partition values as Iceberg's single-value bytes in hex, null for NULL. */
  readonly partition: readonly (string | null)[];
}

/** What a load consists of: the manifest that its entry names. */
export interface LoadFiles {
  /** The load's rows as the log has them, in an order that any reading keeps; a replace begins with its TRUNCATE. */
  readonly parts: readonly LoadFile[];
  /** The same rows as the table has them. */
  readonly packs: readonly Pack[];
  /** What the packs are partitioned by. The table may be made with another spec, of the same id, after them. */
  readonly spec: PartitionSpec;
  /** Whether its rows say nothing of some of the log's columns. */
  readonly partial?: boolean;
}

/** The folder of all that a load writes but its packs; never below a table's location (PROTOCOL.md, I2). */
export const loadFolder = (table: string, id: string) => `deltas/${table}/loads/${id}`;

/** The name of a pack, in the folder of its partition. */
export const packName = (id: string, n: number) => `${id}-${String(n).padStart(6, '0')}.parquet`;

export function isPackOf(id: string, key: string): boolean {
  return key.slice(key.lastIndexOf('/') + 1).startsWith(`${id}-`);
}

/** @throws TM_3004 when its bytes are not those that the entry was numbered with, TM_3005 when it is gone */
export async function readLoadFiles({ store }: Pick<LakePorts, 'store'>, entry: Entry): Promise<LoadFiles> {
  return JSON.parse(Buffer.from(await readChecked(store, entry)).toString()) as LoadFiles;
}

/** A pack's partition values as its manifest holds them. @param spec the table's, of `fields` */
export function packedPartition(
  spec: PartitionSpec,
  fields: readonly Field[],
  values: readonly Scalar[],
): Pack['partition'] {
  return partitionTypes(spec, fields).map(({ type }, i) => {
    const value = values[i] ?? null;
    return value === null ? null : Buffer.from(encodeValue(type, value)).toString('hex');
  });
}

/** The values again. */
export function unpackedPartition(
  spec: PartitionSpec,
  fields: readonly Field[],
  packed: Pack['partition'],
): Scalar[] {
  return partitionTypes(spec, fields).map(({ type }, i) => {
    const hex = packed[i] ?? null;
    return hex === null ? null : decodeValue(type, Buffer.from(hex, 'hex'));
  });
}

/** The load's packs as data files of the current table; undefined where it has no such spec as they are of. */
export async function tableFilesOf(
  { store }: Pick<LakePorts, 'store'>,
  table: TableMetadata,
  { packs, spec }: Pick<LoadFiles, 'packs' | 'spec'>,
): Promise<DataFile[] | undefined> {
  const specId = spec['spec-id'];
  const own = table['partition-specs'].find(s => s['spec-id'] === specId);
  if (!own || !isSame(own, spec)) return undefined;
  const { fields } = currentSchema(table);
  const sortOrderId = table['default-sort-order-id'];
  return mapAtOnce(packs, FOOTERS_AT_ONCE, async ({ key, bytes, partition }) => {
    const values = unpackedPartition(spec, fields, partition);
    const path = store.uri(key);
    const { footer } = await openFile(store, { path, size: bytes });
    return dataFile(path, footer, bytes, { fields, specId, partition: values, sortOrderId });
  });
}

/** Whether both give a row the same partition values. */
function isSame(a: PartitionSpec, b: PartitionSpec): boolean {
  const valuesOf = ({ fields }: PartitionSpec) => fields.map(f => `${f['source-id']} ${f.transform}`);
  return JSON.stringify(valuesOf(a)) === JSON.stringify(valuesOf(b));
}

/** The load's parts as data files of the log. */
export async function logFilesOf(
  { store }: Pick<LakePorts, 'store'>,
  entry: Entry,
  fields: readonly Field[],
): Promise<DataFile[]> {
  const { parts } = await readLoadFiles({ store }, entry);
  const place = { fields, specId: 0, partition: [daysOf(entry.dateReceived)], sortOrderId: null };
  return mapAtOnce(parts, FOOTERS_AT_ONCE, async ({ key, bytes }) => {
    const path = store.uri(key);
    return dataFile(path, (await openFile(store, { path, size: bytes })).footer, bytes, place);
  });
}
