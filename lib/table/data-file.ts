import { createHash } from 'node:crypto';
import type { Batch } from '../columnar/column';
import type { Field } from '../columnar/types';
import type { DataFile } from '../iceberg/data-file';
import { FOOTER_TAIL_BYTES, footerLength, type ParquetFooter, parseFooter } from '../parquet/footer';
import { chunkRanges, columnsFor, decodeRowGroup } from '../parquet/read';
import type { ObjectStore } from '../ports/object-store';
import { deltaDamaged, fileMissing } from './errors';
import { asFields, storedFields } from './retyped';

/** A Parquet file whose footer is at hand; only the columns asked for are read, a retyped one from its texts where it has no other. */
export interface OpenFile {
  readonly path: string;
  readonly footer: ParquetFooter;
  read(rowGroup: number, fields: readonly Field[]): Promise<Batch>;
  /**
   * The row group's rows in order, in batches of PIECE_BYTES_MAX and a little: other engines write row groups of a
   * hundred MB and more, of which no two copies fit into memory. What is held between them is the stored bytes.
   */
  pieces(rowGroup: number, fields: readonly Field[]): AsyncGenerator<Batch>;
  /** The stored bytes [start, end). */
  bytes(start: number, end: number): Promise<Uint8Array>;
}

/** Files up to here are read whole at once: a request costs more than the bytes. */
export const SMALL_FILE_BYTES = 1 << 20;
const FOOTER_GUESS_BYTES = 1 << 16;
/** As the footer counts them, before dictionaries are resolved. A row group of ours is one piece. */
const PIECE_BYTES_MAX = 16 << 20;

export async function openFile(store: ObjectStore, file: Pick<DataFile, 'path' | 'size'>): Promise<OpenFile> {
  const key = store.keyOf(file.path);
  if (file.size <= SMALL_FILE_BYTES) {
    const bytes = await store.get(key);
    if (!bytes) throw fileMissing(file.path);
    return fileOf(file.path, footerOf(bytes, bytes.length), async (start, end) => bytes.subarray(start, end));
  }
  const guess = await store.range(key, file.size - FOOTER_GUESS_BYTES, file.size);
  const length = footerLength(guess.subarray(guess.length - FOOTER_TAIL_BYTES), file.size);
  const whole = length + FOOTER_TAIL_BYTES;
  const tail = whole <= guess.length ? guess : await store.range(key, file.size - whole, file.size);
  return fileOf(file.path, footerOf(tail, file.size), (start, end) => store.range(key, start, end));
}

/** What a ledger entry names, by its checksum. */
export interface Checked {
  readonly key: string;
  /** SHA-256 of the bytes, hex. */
  readonly sha256: string;
}

/**
 * The bytes of an object, checked.
 * @throws TM_3004 when they differ, TM_3005 when the object is gone
 */
export async function readChecked(store: ObjectStore, { key, sha256 }: Checked): Promise<Uint8Array> {
  const bytes = await store.get(key);
  if (!bytes) throw fileMissing(key);
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) throw deltaDamaged(key);
  return bytes;
}

/** Opens a delta, read whole and checked. @throws TM_3004, TM_3005 */
export async function openDelta(store: ObjectStore, delta: Checked): Promise<OpenFile> {
  const bytes = await readChecked(store, delta);
  return fileOf(store.uri(delta.key), footerOf(bytes, bytes.length), async (start, end) =>
    bytes.subarray(start, end),
  );
}

function footerOf(tail: Uint8Array, size: number): ParquetFooter {
  const end = tail.length - FOOTER_TAIL_BYTES;
  const length = footerLength(tail.subarray(end), size);
  return parseFooter(tail.subarray(end - length, end));
}

function fileOf(
  path: string,
  footer: ParquetFooter,
  range: (start: number, end: number) => Promise<Uint8Array>,
): OpenFile {
  const chunksOf = async (rowGroup: number, fields: readonly Field[]) => {
    const chunks: Uint8Array[] = [];
    for (const { start, end } of chunkRanges(footer, rowGroup, columnsFor(footer, fields)))
      chunks.push(await range(start, end));
    return chunks;
  };
  return {
    path,
    footer,
    bytes: range,
    read: async (rowGroup, fields) => {
      const stored = storedFields(footer, fields);
      return asFields(decodeRowGroup(footer, rowGroup, stored, await chunksOf(rowGroup, stored)), fields);
    },
    async *pieces(rowGroup, fields) {
      const stored = storedFields(footer, fields);
      const chunks = await chunksOf(rowGroup, stored);
      const { rows, columns } = footer.rowGroups[rowGroup]!;
      const bytes = columnsFor(footer, stored).reduce((sum, c) => sum + columns[c]!.uncompressed, 0);
      const count = Math.max(1, Math.min(rows, Math.ceil(bytes / PIECE_BYTES_MAX)));
      for (let i = 0; i < count; i++) {
        const [from, to] = [Math.floor((rows * i) / count), Math.floor((rows * (i + 1)) / count)];
        yield asFields(decodeRowGroup(footer, rowGroup, stored, chunks, { from, to }), fields);
      }
    },
  };
}

/** The pieces of all row groups. */
export async function* allPieces(file: OpenFile, fields: readonly Field[]): AsyncGenerator<Batch> {
  for (let g = 0; g < file.footer.rowGroups.length; g++) yield* file.pieces(g, fields);
}
