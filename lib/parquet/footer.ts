import { type ParquetColumn, readColumns } from './column';
import { parquetCorrupt, parquetUnsupported } from './errors';
import { CHUNK, FILE, GROUP, META, STATISTICS } from './ids';
import { decodeThrift, encodeThrift, type ThriftStruct } from './thrift';
import {
  binaryOf,
  countOf,
  fieldValue,
  integerOf,
  itemsOf,
  structOf,
  structsOf,
  textOf,
} from './thrift-fields';

/** One column of one row group. Offsets and sizes are bytes of the file. */
export interface ParquetChunk {
  readonly start: number;
  /** Compressed, as it stands in the file. */
  readonly size: number;
  readonly uncompressed: number;
  /** NULLs included. */
  readonly values: number;
  readonly nulls?: number;
  /** Plain-encoded bounds, perhaps cut short (still bounds); undefined if unknown. */
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
}

/** All its chunks stand in [start, end). */
export interface ParquetRowGroup {
  readonly rows: number;
  readonly start: number;
  readonly end: number;
  readonly columns: readonly ParquetChunk[];
}

/** What a file of flat columns says of itself. `tree` is the footer as it was read (parquet.thrift, FileMetaData). */
export interface ParquetFooter {
  readonly rows: number;
  readonly columns: readonly ParquetColumn[];
  readonly rowGroups: readonly ParquetRowGroup[];
  readonly tree: ThriftStruct;
}

/** The last bytes of every Parquet file: the footer's length, then the magic. */
export const FOOTER_TAIL_BYTES = 8;
export const MAGIC = Uint8Array.of(0x50, 0x41, 0x52, 0x31);

/**
 * Bytes of the footer that ends before the file's last 8 bytes, `tail`; `size` is the file's. So the footer is
 * [size - 8 - length, size - 8). Throws TM_4201 for what is no Parquet file, TM_4202 for an encrypted one.
 */
export function footerLength(tail: Uint8Array, size: number): number {
  if (tail.length !== FOOTER_TAIL_BYTES) throw parquetCorrupt(`a tail of ${tail.length} bytes`);
  const magic = Buffer.from(tail.subarray(4)).toString('latin1');
  if (magic === 'PARE') throw parquetUnsupported('an encrypted footer');
  if (magic !== 'PAR1') throw parquetCorrupt('no Parquet file: the last bytes are not PAR1');
  const length = new DataView(tail.buffer, tail.byteOffset).getUint32(0, true);
  if (length + FOOTER_TAIL_BYTES + MAGIC.length > size)
    throw parquetCorrupt(`a footer of ${length} in ${size} bytes`);
  return length;
}

/**
 * The footer in `bytes`, which are the footer alone. Throws TM_4201 if they are damaged or contradict themselves,
 * TM_4202 for nested columns, encryption or chunks in other files.
 * @see https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */
export function parseFooter(bytes: Uint8Array): ParquetFooter {
  return footerOf(decodeThrift(bytes));
}

/** The footer that a tree means; throws like parseFooter. */
export function footerOf(tree: ThriftStruct): ParquetFooter {
  if (fieldValue(tree, FILE.encryption) !== undefined) throw parquetUnsupported('an encrypted file');
  const rows = countOf(tree, FILE.rows, 'the number of rows');
  const columns = readColumns(structsOf(tree, FILE.schema));
  // Without column orders nobody knows by which order min_value and max_value were found.
  const ordered = itemsOf(tree, FILE.columnOrders).length === columns.length;
  const rowGroups = structsOf(tree, FILE.rowGroups).map((group, i) =>
    readRowGroup(group, columns, ordered, i),
  );
  const sum = rowGroups.reduce((total, g) => total + g.rows, 0);
  if (sum !== rows) throw parquetCorrupt(`${rows} rows, but ${sum} in its row groups`);
  return { rows, columns, rowGroups, tree };
}

function readRowGroup(
  group: ThriftStruct,
  columns: readonly ParquetColumn[],
  ordered: boolean,
  i: number,
): ParquetRowGroup {
  const where = `parquet row group ${i}`;
  const rows = countOf(group, GROUP.rows, 'the number of rows');
  const structs = structsOf(group, GROUP.columns);
  if (structs.length !== columns.length) {
    throw parquetCorrupt(`${structs.length} chunks for ${columns.length} columns`, where);
  }
  const chunks = structs.map((struct, c) =>
    readChunk(struct, columns[c]!, ordered, `${where}, column ${columns[c]!.name}`),
  );
  for (const c of chunks)
    if (c.values !== rows) throw parquetCorrupt(`${c.values} values for ${rows} rows`, where);
  return {
    rows,
    start: chunks.reduce((start, c) => Math.min(start, c.start), chunks[0]?.start ?? 0),
    end: chunks.reduce((end, c) => Math.max(end, c.start + c.size), 0),
    columns: chunks,
  };
}

function readChunk(
  chunk: ThriftStruct,
  column: ParquetColumn,
  ordered: boolean,
  where: string,
): ParquetChunk {
  if (textOf(chunk, CHUNK.filePath) !== undefined) throw parquetUnsupported('a chunk in another file', where);
  if (fieldValue(chunk, CHUNK.crypto) !== undefined) throw parquetUnsupported('an encrypted chunk', where);
  const meta = structOf(chunk, CHUNK.meta);
  if (!meta) throw parquetCorrupt('a chunk without metadata', where);
  const path = itemsOf(meta, META.path);
  const name = path[0] instanceof Uint8Array ? Buffer.from(path[0]).toString('utf8') : undefined;
  if (path.length !== 1 || name !== column.name) throw parquetCorrupt(`a chunk of column ${name}`, where);
  const statistics = structOf(meta, META.statistics) ?? { fields: [] };
  return {
    start: chunkStart(meta),
    size: countOf(meta, META.compressed, 'the compressed size'),
    uncompressed: countOf(meta, META.uncompressed, 'the uncompressed size'),
    values: countOf(meta, META.values, 'the number of values'),
    nulls: column.optional ? integerOf(statistics, STATISTICS.nulls) : 0,
    min: ordered ? binaryOf(statistics, STATISTICS.min) : undefined,
    max: ordered ? binaryOf(statistics, STATISTICS.max) : undefined,
  };
}

/** The dictionary page comes first; some writers state 0 when there is none. */
function chunkStart(meta: ThriftStruct): number {
  const data = countOf(meta, META.dataPage, 'the data page offset');
  const dictionary = integerOf(meta, META.dictionaryPage) ?? 0;
  return dictionary > 0 && dictionary < data ? dictionary : data;
}

/** The footer of a file that is in memory whole. Throws like footerLength and parseFooter. */
export function footerOfFile(file: Uint8Array): ParquetFooter {
  const tail = file.subarray(Math.max(0, file.length - FOOTER_TAIL_BYTES));
  const length = footerLength(tail, file.length);
  return parseFooter(
    file.subarray(tail.byteOffset - file.byteOffset - length, tail.byteOffset - file.byteOffset),
  );
}

/** The end of a file: the footer, its length, the magic. */
export function footerBytes(tree: ThriftStruct): Uint8Array {
  const footer = encodeThrift(tree);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, footer.length, true);
  return Buffer.concat([footer, length, MAGIC]);
}
