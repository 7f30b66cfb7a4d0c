import type { Field } from '../../columnar/types';
import type { ResolvedTable } from '../../config/resolved';
import { currentSchema, defaultSpec } from '../../iceberg/metadata';
import { type PartitionSpec, partitionSpec } from '../../iceberg/partition';
import type { LakePorts } from '../../ports/lake-ports';
import { currentFields } from '../../table/columns';
import { type OpenTable, openTable } from '../../table/open';

/** How the rows of a load are written. */
export interface LoadShape {
  /** Of its parts: the log's fields. */
  readonly logFields: readonly Field[];
  /** Of its packs: those of them that the table has too, under the same ids. */
  readonly tableFields: readonly Field[];
  readonly spec: PartitionSpec;
  /** What the config said that the spec is of; null where the table was there and had one. */
  readonly partitionBy: ResolvedTable['partitionBy'] | null;
  readonly key: readonly Field[];
}

/** The shape of a table's loads; the table itself need not be there yet. */
export async function shapeOf(ports: LakePorts, table: ResolvedTable, log: OpenTable): Promise<LoadShape> {
  const logFields = currentSchema(log.metadata).fields;
  const tableFields = currentFields(logFields, table.key);
  const current = await openTable(ports, table.name);
  return {
    logFields,
    tableFields,
    spec: current ? defaultSpec(current.metadata) : partitionSpec(table.partitionBy, tableFields),
    partitionBy: current ? null : table.partitionBy,
    key: table.key.map(name => tableFields.find(f => f.name === name)!),
  };
}
