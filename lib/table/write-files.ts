import { batchBytes, concatBatches, sliceBatch } from '../columnar/batch';
import type { Batch } from '../columnar/column';
import type { Field, Scalar } from '../columnar/types';
import type { DataFile } from '../iceberg/data-file';
import { FileAssembler } from '../parquet/assemble';
import type { ParquetFooter } from '../parquet/footer';
import { fileMetrics } from '../parquet/metrics';
import { encodeRowGroup } from '../parquet/wasm';
import type { LakePorts } from '../ports/lake-ports';
import type { ObjectRange } from '../ports/object-store';

/** How large what we write may be. Bytes of row groups are counted in memory, of files as written. */
export interface WriteLimits {
  readonly rowGroupRowsMax: number;
  readonly rowGroupBytesMax: number;
  readonly fileBytesMax: number;
}

export interface FilePlace {
  /** The folder's key; each file gets a fresh name below it. */
  readonly folder: string;
  readonly fields: readonly Field[];
  readonly specId: number;
  readonly partition: readonly Scalar[];
  readonly sortOrderId: number | null;
}

/** A row group of another file whose bytes are taken as they are: it has the schema that ours are written with. */
export interface CopiedRowGroup {
  /** The file's key. The store copies from it, its bytes do not come through here. */
  readonly key: string;
  readonly footer: ParquetFooter;
  readonly rowGroup: number;
}

/**
 * Writes batches of one partition, in their order, into files of bounded row groups and size. Memory holds one
 * row group. A crash leaves files that nothing names.
 */
export async function writeFiles(
  ports: Pick<LakePorts, 'store' | 'ids'>,
  place: FilePlace,
  parts: AsyncIterable<Batch | CopiedRowGroup>,
  limits: WriteLimits,
): Promise<DataFile[]> {
  const groups = rowGroups(parts, limits)[Symbol.asyncIterator]();
  const files: DataFile[] = [];
  let next = await groups.next();
  while (!next.done) {
    const assembler = new FileAssembler();
    const key = `${place.folder}/${ports.ids.fresh()}.parquet`;
    const body = async function* () {
      yield assembler.start();
      do {
        yield nextPart(assembler, next.value as Batch | CopiedRowGroup);
        next = await groups.next();
      } while (!next.done && assembler.size < limits.fileBytesMax);
      yield assembler.finish();
    };
    await ports.store.putIfAbsent(key, body());
    files.push(dataFile(ports.store.uri(key), assembler.footer, assembler.size, place));
  }
  return files;
}

function nextPart(assembler: FileAssembler, part: Batch | CopiedRowGroup): Uint8Array | ObjectRange {
  if ('columns' in part) return assembler.add(encodeRowGroup(part));
  return { key: part.key, ...assembler.copy(part.footer, part.rowGroup) };
}

/** What a manifest says of a Parquet file, from its footer alone. */
export function dataFile(
  path: string,
  footer: ParquetFooter,
  size: number,
  place: Omit<FilePlace, 'folder'>,
): DataFile {
  return {
    content: 0,
    path,
    format: 'PARQUET',
    specId: place.specId,
    partition: place.partition,
    recordCount: footer.rows,
    size,
    metrics: fileMetrics(footer, place.fields),
    keyMetadata: null,
    equalityIds: null,
    sortOrderId: place.sortOrderId,
    referencedDataFile: null,
  };
}

/** Joins small batches and cuts large ones, so that each is one row group within the limits; copies pass as they are. */
export async function* rowGroups<Copied extends CopiedRowGroup = never>(
  parts: AsyncIterable<Batch | Copied>,
  limits: WriteLimits,
): AsyncGenerator<Batch | Copied> {
  let held: Batch[] = [];
  let rows = 0;
  let bytes = 0;
  const release = () => {
    const joined = concatBatches(held);
    held = [];
    rows = 0;
    bytes = 0;
    return joined;
  };
  for await (const part of parts) {
    if (!('columns' in part)) {
      if (rows > 0) yield release();
      yield part;
      continue;
    }
    for (const piece of cut(part, limits)) {
      if (piece.length === 0) continue;
      const size = batchBytes(piece);
      const over = rows + piece.length > limits.rowGroupRowsMax || bytes + size > limits.rowGroupBytesMax;
      if (rows > 0 && over) yield release();
      held.push(piece);
      rows += piece.length;
      bytes += size;
    }
  }
  if (rows > 0) yield release();
}

function* cut(batch: Batch, limits: WriteLimits): Generator<Batch> {
  const parts = Math.max(
    Math.ceil(batch.length / limits.rowGroupRowsMax),
    Math.min(batch.length, Math.ceil(batchBytes(batch) / limits.rowGroupBytesMax)),
  );
  if (parts <= 1) yield batch;
  else
    for (let i = 0; i < parts; i++) {
      yield sliceBatch(
        batch,
        Math.floor((batch.length * i) / parts),
        Math.floor((batch.length * (i + 1)) / parts),
      );
    }
}
