import type { Field } from '../../columnar/types';
import { newMetadata, type TableMetadata } from '../../iceberg/metadata';
import { partitionSpec } from '../../iceberg/partition';
import type { LakePorts } from '../../ports/lake-ports';
import { REPORT_DATE } from '../../query/report-fields';
import { TABLE_PROPERTIES } from '../../table/log-table';

/** The metadata of an empty table with a report's columns, partitioned by report_date. `location`: an absolute name. */
export function emptyReport(
  ports: Pick<LakePorts, 'ids' | 'clock'>,
  fields: readonly Field[],
  location: string,
): TableMetadata {
  return newMetadata({
    uuid: ports.ids.fresh(),
    location,
    schema: { 'schema-id': 0, fields, identifierFieldIds: [] },
    spec: partitionSpec([{ column: REPORT_DATE, transform: 'identity' }], fields),
    properties: TABLE_PROPERTIES,
    now: ports.clock.now(),
  });
}
