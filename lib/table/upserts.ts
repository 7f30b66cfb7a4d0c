import type { Changes } from '../change/changes';
import { type Folded, FROM_CURRENT, originOf } from '../change/fold';
import { compareKeys, encodeKeys, type Keys, takeKeys } from '../change/key-order';
import { batchBytes, concatBatches, gatherBatch, selectFields } from '../columnar/batch';
import type { Batch } from '../columnar/column';
import type { Field } from '../columnar/types';
import type { PartitionSpec } from '../iceberg/partition';
import type { ObjectStore } from '../ports/object-store';
import { type CurrentRows, foldedRows, putGroups } from './folded-rows';
import type { Located, RowPlace } from './locate';
import { inKeyOrder, whole } from './sorted-rows';
import { StandingRows } from './standing-rows';

/** Rows that take their place in the table, sorted by key: what tells their place is at hand, the rest is made on demand. */
export interface Upserts {
  readonly keys: Keys;
  /** Their columns that tell where they belong: the key, and what partitions are made of. */
  readonly placing: Batch;
  /** Whole rows, some at a time: those at the ascending places. */
  pieces(places: Uint32Array): AsyncGenerator<Batch>;
}

/** The fold of a slice: what its changes are, what becomes of each key, and the rows that stood before. */
export interface FoldedSlice {
  readonly changes: Changes;
  readonly folded: Folded;
  readonly located: CurrentRows & Pick<Located, 'place'>;
}

/** Of a table: its columns, and what tells where a row belongs. */
interface Shape {
  readonly fields: readonly Field[];
  readonly key: readonly Field[];
  readonly spec: PartitionSpec;
}

/** The columns that tell where a row of the table belongs. */
export function placingFields({ fields, key, spec }: Shape): Field[] {
  const ids = new Set([...key.map(f => f.id), ...spec.fields.map(f => f['source-id'])]);
  return fields.filter(f => ids.has(f.id));
}

const PIECE_ROWS_MAX = 65_536;
const PIECE_BYTES_MAX = 2 << 20;
/** How large completed rows are is learnt from the first of them. */
const FIRST_PIECE_ROWS = 256;

/**
 * The rows that a slice puts, and those of keys that were refolded from the log. A partial change of a wide table is a
 * small part of the rows it completes, so they never stand in memory together: a piece is made of its changes, and of
 * the columns that these lack, read from the rows that stand.
 * @param slice of a partial one, `located` has the placing columns of the rows found
 */
export function upsertsOf(
  store: ObjectStore,
  table: Shape,
  slice: FoldedSlice,
  refolded: readonly Batch[],
): Upserts {
  const { fields, key } = table;
  const placing = placingFields(table);
  const puts = putGroups(slice.folded);
  const known = refolded.length > 0 ? concatBatches(refolded) : undefined;
  const own = foldedRows(slice.changes, slice.folded, puts, placing, slice.located);
  const unordered = known ? concatBatches([own, selectFields(known, placing)]) : own;
  const keys = encodeKeys(selectFields(unordered, key).columns, unordered.length);
  const order = Uint32Array.from({ length: unordered.length }, (_, i) => i);
  if (known) order.sort((a, b) => compareKeys(keys, a, keys, b));
  const completed = new CompletedRows(store, fields, slice);
  let pieceRows = FIRST_PIECE_ROWS;
  const piece = async (rows: Uint32Array): Promise<Batch> => {
    const fromSlice = await completed.rows(rows.filter(row => row < puts.length).map(row => puts[row]!));
    const fromLog = {
      batch: known!,
      rows: rows.filter(row => row >= puts.length).map(row => row - puts.length),
    };
    if (fromLog.rows.length === 0) return fromSlice;
    return inKeyOrder(fromSlice.length === 0 ? [fromLog] : [whole(fromSlice), fromLog], key);
  };
  return {
    keys: known ? takeKeys(keys, order) : keys,
    placing: known ? gatherBatch(unordered, order) : unordered,
    async *pieces(places) {
      for (let from = 0; from < places.length; ) {
        const rows = await piece(places.subarray(from, from + pieceRows).map(place => order[place]!));
        from += rows.length;
        const fitting = Math.floor((PIECE_BYTES_MAX * rows.length) / batchBytes(rows));
        pieceRows = Math.max(1, Math.min(fitting, PIECE_ROWS_MAX));
        yield rows;
      }
    },
  };
}

/** Rows of a slice, with what partial changes lack taken from the rows that stand. */
class CompletedRows {
  private readonly lacking: readonly Field[];
  private readonly standing: StandingRows;

  constructor(
    store: ObjectStore,
    private readonly fields: readonly Field[],
    private readonly slice: FoldedSlice,
  ) {
    this.lacking = fields.filter(field => slice.folded.lacking.has(field.id));
    this.standing = new StandingRows(store, this.lacking);
  }

  async rows(groups: Uint32Array): Promise<Batch> {
    const { changes, folded, located } = this.slice;
    const places = new Map<number, RowPlace>();
    for (const g of groups) {
      if (this.lacking.some(f => originOf(folded, g, f.id) === FROM_CURRENT)) places.set(g, located.place(g));
    }
    return foldedRows(changes, folded, groups, this.fields, await this.standing.read(places));
  }
}
