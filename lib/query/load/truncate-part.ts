import { columnFromScalars, nullColumn } from '../../columnar/kernels';
import type { Field, Scalar } from '../../columnar/types';
import { encodeRowGroup } from '../../parquet/wasm';
import type { LoadMark } from '../../ports/copy-engine';
import { DATE_RECEIVED, daysOf, ENTRY, OP, POS_MAJOR, POS_MINOR, SOURCE } from '../../table/columns';

/** The part that a replace begins with, as a Parquet file: one TRUNCATE at the load's position, as ingest writes one. */
export function truncatePart(fields: readonly Field[], mark: LoadMark): Uint8Array {
  const values: Readonly<Record<string, Scalar>> = {
    [OP]: 'T',
    [POS_MAJOR]: mark.major,
    [POS_MINOR]: mark.minor,
    [ENTRY]: BigInt(mark.entry),
    [SOURCE]: mark.source,
    [DATE_RECEIVED]: daysOf(mark.dateReceived),
  };
  const columns = fields.map(({ name, type }) => {
    const value = values[name];
    return value === undefined ? nullColumn(type, 1) : columnFromScalars(type, [value]);
  });
  return encodeRowGroup({ length: 1, fields, columns });
}
