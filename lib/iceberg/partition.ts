/** Partition specs. @see https://iceberg.apache.org/spec/#partitioning */
import type { Field, PrimitiveType, Scalar } from '../columnar/types';
import { partitionByUnreadable, partitionNameTaken, partitionSourceMissing } from './errors';
import { partitionText, pathComponent } from './partition-text';
import { checkTransform, parseTransform, type Transform, transformResult } from './transform-kind';

export interface PartitionField {
  readonly 'source-id': number;
  readonly 'field-id': number;
  readonly name: string;
  readonly transform: Transform;
}

export interface PartitionSpec {
  readonly 'spec-id': number;
  readonly fields: readonly PartitionField[];
}

/** A partition field as the configuration states it. */
export interface PartitionBy {
  readonly column: string;
  readonly transform: Transform;
}

/** Field ids of partition fields start here, so that they meet no column's (spec, Partition Evolution). */
export const PARTITION_FIELD_ID_FIRST = 1000;

/**
 * The partition fields with the types of their values, in spec order. Throws TM_4006 when a source column is
 * missing, TM_4003 or TM_4004 when its type does not have the transform.
 */
export function partitionTypes(
  spec: PartitionSpec,
  fields: readonly Field[],
): { field: PartitionField; type: PrimitiveType }[] {
  return spec.fields.map(field => {
    const source = fields.find(f => f.id === field['source-id']);
    if (!source) throw partitionSourceMissing(field.name, field['source-id']);
    return { field, type: transformResult(field.transform, source.type) };
  });
}

/**
 * The folder of a partition, below the table's data folder: `created_at_month=2021-03/id_bucket=3`; '' when
 * unpartitioned. Names and values are percent-encoded and cut when long: never parse a value out of a path.
 */
export function partitionPath(
  spec: PartitionSpec,
  fields: readonly Field[],
  values: readonly Scalar[],
): string {
  return partitionTypes(spec, fields)
    .map(({ field, type }, i) => {
      const value = partitionText(field.transform, type, values[i] ?? null);
      return `${pathComponent(field.name)}=${pathComponent(value)}`;
    })
    .join('/');
}

/**
 * Reads a partitionBy entry: `region`, `month(created_at)`, `bucket(16, id)`, `truncate(4, name)`.
 * Throws TM_4005 if it is none, TM_4003 if the transform or its width is unknown.
 */
export function parsePartitionBy(expr: string): PartitionBy {
  const plain = /^\s*([^\s(),]+)\s*$/.exec(expr);
  if (plain) return { column: plain[1]!, transform: 'identity' };
  const call = /^\s*([a-z]+)\s*\(\s*(?:(\d+)\s*,\s*)?([^\s(),]+)\s*\)\s*$/i.exec(expr);
  if (!call) throw partitionByUnreadable(expr);
  const [, name, width, column] = call;
  const transform = width === undefined ? name!.toLowerCase() : `${name!.toLowerCase()}[${width}]`;
  parseTransform(transform);
  return { column: column!, transform };
}

/** The name Iceberg's own builders give: created_at_month, id_bucket, name_trunc, the column's own for identity. */
export function partitionFieldName({ column, transform }: PartitionBy): string {
  const { kind } = parseTransform(transform);
  if (kind === 'identity') return column;
  const suffix = kind === 'truncate' ? 'trunc' : kind === 'void' ? 'null' : kind;
  return `${column}_${suffix}`;
}

/**
 * A spec of partition fields over columns. Throws TM_4006 for a column that is missing, TM_4004 for a
 * transform it does not have, TM_4007 for two fields of one name or a name that another column has.
 */
export function partitionSpec(
  by: readonly PartitionBy[],
  fields: readonly Field[],
  { specId = 0, firstFieldId = PARTITION_FIELD_ID_FIRST } = {},
): PartitionSpec {
  const names = new Set<string>();
  const partitionFields = by.map((entry, i) => {
    const name = partitionFieldName(entry);
    const source = fields.find(f => f.name === entry.column);
    if (!source) throw partitionSourceMissing(name, entry.column);
    checkTransform(entry.transform, source.type);
    const namesake = entry.transform !== 'identity' && fields.some(f => f.name === name);
    if (names.has(name) || namesake) throw partitionNameTaken(name);
    names.add(name);
    return { 'source-id': source.id, 'field-id': firstFieldId + i, name, transform: entry.transform };
  });
  return { 'spec-id': specId, fields: partitionFields };
}
