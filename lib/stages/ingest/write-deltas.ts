import { createHash } from 'node:crypto';
import { comparePositions, type Position } from '../../change/position';
import type { Batch } from '../../columnar/column';
import { byteSize, constantColumn, sliceBatch } from '../../columnar/kernels';
import type { Delta } from '../../ledger/entries';
import { FileAssembler } from '../../parquet/assemble';
import { encodeRowGroup } from '../../parquet/wasm';
import type { LakePorts } from '../../ports/lake-ports';
import { ENTRY, SOURCE } from '../../table/columns';
import { rowGroups, type WriteLimits } from '../../table/write-files';
import type { Settled } from './settled';

export interface DeltaLimits extends WriteLimits {
  /** What one delta holds at most, so that a merge can take it on whole. Bytes as in memory. */
  readonly deltaRowsMax: number;
  readonly deltaBytesMax: number;
}

/** Where deltas of one source belong. */
export interface DeltaPlace {
  readonly table: string;
  readonly dateReceived: string;
  /** `_entry` of the first: the counter's next number, read before anything is written. The others count on. */
  readonly entry: number;
}

/**
 * Writes settled rows into deltas of bounded size, each under a name never used before: the first write may be torn,
 * of an older schema, or about to be vacuumed, so a repeat never takes over what it finds (PROTOCOL.md, I1). A crash
 * leaves objects that no entry names.
 */
export async function writeDeltas(
  ports: Pick<LakePorts, 'store' | 'ids'>,
  place: DeltaPlace,
  settled: AsyncIterable<Settled>,
  limits: DeltaLimits,
): Promise<Delta[]> {
  const source = pieces(settled, limits)[Symbol.asyncIterator]();
  const deltas: Delta[] = [];
  let next = await source.next();
  while (!next.done) {
    const name = `${place.table}-${ports.ids.fresh()}`;
    const entry = BigInt(place.entry + deltas.length);
    const tally = new Tally();
    const oneDelta = async function* (): AsyncGenerator<Batch> {
      while (!next.done && (tally.rows === 0 || tally.fits(next.value, limits))) {
        tally.count(next.value);
        yield told(next.value.batch, name, entry);
        next = await source.next();
      }
    };
    const file = await writeDelta(ports, `deltas/${place.table}/${name}.parquet`, oneDelta(), limits);
    deltas.push({ name, dateReceived: place.dateReceived, ...file, ...tally.of() });
  }
  return deltas;
}

async function writeDelta(
  { store }: Pick<LakePorts, 'store'>,
  key: string,
  batches: AsyncIterable<Batch>,
  limits: WriteLimits,
): Promise<Pick<Delta, 'key' | 'bytes' | 'sha256'>> {
  const hash = createHash('sha256');
  const assembler = new FileAssembler();
  const hashed = (bytes: Uint8Array) => {
    hash.update(bytes);
    return bytes;
  };
  const body = async function* () {
    yield hashed(assembler.start());
    for await (const batch of rowGroups<never>(batches, limits))
      yield hashed(assembler.add(encodeRowGroup(batch)));
    yield hashed(assembler.finish());
  };
  await store.putIfAbsent(key, body());
  return { key, bytes: assembler.size, sha256: hash.digest('hex') };
}

class Tally {
  rows = 0;
  bytes = 0;
  truncates = 0;
  partial = false;
  least: Position | undefined;
  greatest: Position | undefined;

  of(): Pick<Delta, 'rows' | 'memory' | 'least' | 'greatest' | 'partial' | 'truncates'> {
    const { rows, bytes: memory, partial, truncates } = this;
    return { rows, memory, least: this.least!, greatest: this.greatest!, partial, truncates };
  }

  fits(next: Settled, limits: DeltaLimits): boolean {
    return (
      this.rows + next.batch.length <= limits.deltaRowsMax &&
      this.bytes + sizeOf(next) <= limits.deltaBytesMax
    );
  }

  count(next: Settled): void {
    this.rows += next.batch.length;
    this.bytes += sizeOf(next);
    this.truncates += next.truncates;
    this.partial ||= next.partial;
    if (next.least && (!this.least || comparePositions(next.least, this.least) < 0)) this.least = next.least;
    if (next.greatest && (!this.greatest || comparePositions(next.greatest, this.greatest) > 0)) {
      this.greatest = next.greatest;
    }
  }
}

/** Without the empty ones, and none beyond a delta's limits. */
async function* pieces(settled: AsyncIterable<Settled>, limits: DeltaLimits): AsyncGenerator<Settled> {
  for await (const one of settled) {
    const { batch } = one;
    const parts = Math.ceil(batch.length / limits.deltaRowsMax);
    for (let i = 0; i < parts; i++) {
      const from = Math.floor((batch.length * i) / parts);
      const to = Math.floor((batch.length * (i + 1)) / parts);
      yield parts === 1 ? one : { ...one, batch: sliceBatch(batch, from, to) };
    }
  }
}

function sizeOf({ batch }: Settled): number {
  return batch.columns.reduce((sum, column) => sum + byteSize(column), 0);
}

/** The batch with its delta's name and `_entry` in every row. */
function told(batch: Batch, name: string, entry: bigint): Batch {
  const columns = batch.columns.map((column, i) => {
    const field = batch.fields[i]!;
    if (field.name === SOURCE) return constantColumn(field.type, name, batch.length);
    return field.name === ENTRY ? constantColumn(field.type, entry, batch.length) : column;
  });
  return { ...batch, columns };
}
