import { createHash } from 'node:crypto';
import type { Position } from '../../lib/change/position';
import type { Batch } from '../../lib/columnar/column';
import { columnFromScalars } from '../../lib/columnar/kernels';
import type { Field, Scalar } from '../../lib/columnar/types';
import type { ResolvedTable } from '../../lib/config/resolved';
import type { DataFile } from '../../lib/iceberg/data-file';
import { partitionPath } from '../../lib/iceberg/partition';
import { applyTransform } from '../../lib/iceberg/transform';
import type { LakePorts } from '../../lib/ports/lake-ports';
import { type Begun, begin } from '../../lib/stages/load/begin';
import { commitLoad } from '../../lib/stages/load/commit';
import { shapeOf } from '../../lib/stages/load/shape';
import { type LoadFiles, loadFolder, packedPartition, packName } from '../../lib/table/load-files';
import { type WriteLimits, writeFiles } from '../../lib/table/write-files';
import type { TestLake } from './lake';

/** A row of a copy, by column. */
export type CopiedRow = Readonly<Record<string, Scalar>>;

/** Begins a load of rows that a test has. */
export function beginOf(
  ports: LakePorts,
  table: ResolvedTable,
  replaces: boolean,
  at?: Position,
): Promise<Begun | undefined> {
  const what = {
    replaces,
    copy: { kind: 'files' as const, at: [], table: table.name },
    fingerprint: '',
    dateReceived: '2021-01-01',
  };
  return begin(ports, table, { ...what, columns: table.columns, ...(at ? { at } : {}) });
}

/** Writes a load's parts and packs by our own encoder, with as little thought as may be. */
export async function filesOf(
  ports: LakePorts,
  table: ResolvedTable,
  { standing: { load }, log }: Begun,
  rows: readonly CopiedRow[],
  limits: WriteLimits,
): Promise<LoadFiles> {
  const { logFields, tableFields, spec } = await shapeOf(ports, table, log);
  const own: CopiedRow = {
    _op: 'I',
    _pos_major: load.position.major,
    _pos_minor: load.position.minor,
    _entry: BigInt(load.entry),
    _source: load.id,
  };
  const truncate = load.replaces ? [{ ...own, _op: 'T' }] : [];
  const logged = [...truncate, ...rows.map(row => ({ ...row, ...own }))];
  const place = { fields: logFields, specId: 0, partition: [], sortOrderId: null };
  const folder = `${loadFolder(table.name, load.id)}/parts`;
  const parts = await write(ports, { ...place, folder }, logged, limits);
  const partitions = new Map<string, { values: Scalar[]; rows: CopiedRow[] }>();
  for (const row of rows) {
    const values = spec.fields.map(({ transform, ...field }) => {
      const { type, name } = tableFields.find(f => f.id === field['source-id'])!;
      return applyTransform(transform, type, row[name] ?? null);
    });
    const path = partitionPath(spec, tableFields, values);
    const partition = partitions.get(path) ?? { values, rows: [] };
    partitions.set(path, partition);
    partition.rows.push({ ...row, ...own });
  }
  const packs = [];
  let n = 0;
  const named = {
    ...ports,
    ids: { ...ports.ids, fresh: () => packName(load.id, n++).replace('.parquet', '') },
  };
  for (const [path, { values, rows }] of partitions) {
    const at = { fields: tableFields, specId: spec['spec-id'], partition: values, sortOrderId: null };
    const folder = `${table.name}/data/${path}`.replace(/\/$/, '');
    const partition = packedPartition(spec, tableFields, values);
    for (const file of await write(named, { ...at, folder }, rows, limits))
      packs.push({ ...file, partition });
  }
  return { parts, packs, spec };
}

async function write(
  ports: LakePorts,
  place: Parameters<typeof writeFiles>[1],
  rows: readonly CopiedRow[],
  limits: WriteLimits,
) {
  const batches = async function* () {
    if (rows.length > 0) yield batchOf(place.fields, rows);
  };
  const files = await writeFiles(ports, place, batches(), limits);
  const named = async ({ path, size, recordCount }: DataFile) => {
    const key = ports.store.keyOf(path);
    const sha256 = createHash('sha256')
      .update((await ports.store.get(key))!)
      .digest('hex');
    return { key, bytes: size, rows: recordCount, sha256 };
  };
  return Promise.all(files.map(named));
}

function batchOf(fields: readonly Field[], rows: readonly CopiedRow[]): Batch {
  const columns = fields.map(f =>
    columnFromScalars(
      f.type,
      rows.map(row => row[f.name] ?? null),
    ),
  );
  return { length: rows.length, fields: [...fields], columns };
}

/** Numbers a load of a lake's only table; what is sent `meanwhile` waits for it. */
export async function loadCopy(
  { ports, lake }: TestLake,
  copy: readonly CopiedRow[],
  {
    replaces = false,
    meanwhile = async () => {},
  }: { replaces?: boolean; meanwhile?(): Promise<unknown> } = {},
): Promise<void> {
  const [table] = lake.tables as [ResolvedTable];
  const begun = (await beginOf(ports, table, replaces))!;
  await meanwhile();
  const files = await filesOf(ports, table, begun, copy, lake.limits);
  await commitLoad(ports, table, begun.standing, files);
}
