import { csv } from './csv';
import { dmsCsv } from './dms-csv';
import { dmsParquet } from './dms-parquet';
import type { Format, FormatKind } from './format';
import { jsonLines } from './json-lines';

const FORMATS: Readonly<Record<FormatKind, Format>> = {
  csv,
  'dms-csv': dmsCsv,
  'dms-parquet': dmsParquet,
  'json-lines': jsonLines,
};

export function formatOf(kind: FormatKind): Format {
  return FORMATS[kind];
}
