/**
 * Field ids of the structs of a footer, by their names in parquet.thrift.
 * @see https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */

/** FileMetaData */
export const FILE = {
  schema: 2,
  rows: 3,
  rowGroups: 4,
  keyValues: 5,
  columnOrders: 7,
  encryption: 8,
} as const;
/** RowGroup; bytes: of its columns in memory, compressed: as they stand in the file, sorting: by which columns */
export const GROUP = {
  columns: 1,
  bytes: 2,
  rows: 3,
  sorting: 4,
  fileOffset: 5,
  compressed: 6,
  ordinal: 7,
} as const;
/** ColumnChunk; indexes: offset index and column index, offset and length of each */
export const CHUNK = { filePath: 1, fileOffset: 2, meta: 3, indexes: [4, 5, 6, 7], crypto: 8 } as const;
/** ColumnMetaData; bloom: offset and length of the bloom filter */
export const META = {
  path: 3,
  values: 5,
  uncompressed: 6,
  compressed: 7,
  dataPage: 9,
  indexPage: 10,
  dictionaryPage: 11,
  statistics: 12,
  bloom: [14, 15],
} as const;
/** Statistics; the older min and max (1, 2) were ordered wrongly by some writers and are not read */
export const STATISTICS = { nulls: 3, max: 5, min: 6 } as const;
/** SchemaElement */
export const ELEMENT = {
  type: 1,
  repetition: 3,
  name: 4,
  children: 5,
  converted: 6,
  scale: 7,
  precision: 8,
  fieldId: 9,
  logical: 10,
} as const;
