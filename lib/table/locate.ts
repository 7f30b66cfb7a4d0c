import {
  compareKeys,
  encodeKeys,
  type Keys,
  keysAreSorted,
  lowerBoundOf,
  takeKeys,
} from '../change/key-order';
import { BEFORE_ALL, comparePositions, type Position } from '../change/position';
import { concatBatches, gatherBatch, selectFields } from '../columnar/batch';
import type { Batch, Column } from '../columnar/column';
import { gather } from '../columnar/kernels';
import type { Field } from '../columnar/types';
import type { DataFile } from '../iceberg/data-file';
import { decodeValue } from '../iceberg/single-value';
import type { ObjectStore } from '../ports/object-store';
import { ownField, POS_MAJOR, POS_MINOR } from './columns';
import { allPieces, openFile } from './data-file';
import { type Deletes, type FileDeletes, liveMask } from './deletes';
import type { LiveFile, LiveFiles } from './live-files';
import { KeyRange } from './prune';
import { longs } from './read-changes';

/** A table as it is searched: its files, and the deletes that stand against them. */
export interface SearchedTable {
  readonly files: LiveFiles;
  readonly fields: readonly Field[];
  readonly key: readonly Field[];
  readonly deletes: Deletes;
}

/** What to look for. All rows at or before `truncate` are dropped, whatever their key. */
export interface Wanted {
  /** Sorted, without repetition; `columns` are the key's columns in the same order of rows. */
  readonly keys: Keys;
  readonly columns: readonly Column[];
  readonly truncate?: Position;
  /** Of the found rows, the columns that are needed. */
  readonly values: readonly Field[];
  /** Where the log is asked of keys: changes before this major are not needed; all are, where it is undefined. */
  readonly since?: bigint;
}

/** A row by the file it stands in, and its position there. */
export interface RowPlace {
  readonly file: DataFile;
  readonly row: number;
}

export interface Located {
  /** Position of the row that key i has; undefined where it has none. */
  position(i: number): Position | undefined;
  /** Where key i's row stands, of a key that has one. */
  place(i: number): RowPlace;
  /** The columns that were asked for: key i's row is row rowOf(i). */
  readonly rows: Batch | undefined;
  rowOf(i: number): number;
  /** The keys looked for, sorted. */
  readonly wanted: Keys;
  /** By data file path: the row positions at which wanted keys stand, ascending, with the key's index. */
  readonly hits: ReadonlyMap<string, { readonly positions: number[]; readonly keys: number[] }>;
  /** By data file path: positions of the rows that the TRUNCATE drops. */
  readonly truncated: ReadonlyMap<string, number[]>;
  /** Files of which it drops every row: they are not read, and what stands in them is not located. */
  readonly gone: readonly LiveFile[];
}

/**
 * Finds the rows of keys (PROTOCOL.md, M3): by file bounds, then row group bounds, then only key and position
 * columns. Keys are located by key, never by trusting the change's other columns, so a row that moved to another
 * partition is found where it is. A key that stands twice (a foreign insert) is found twice: both rows go.
 */
export async function locate(
  store: ObjectStore,
  { files, fields, key, deletes }: SearchedTable,
  wanted: Wanted,
): Promise<Located> {
  const found = new Found(wanted);
  const range = new KeyRange(key[0]!, wanted.columns[0]!);
  for (const live of files.data) {
    if (wanted.truncate && isBefore(live.file, fields, wanted.truncate)) {
      found.gone.push(live);
      continue;
    }
    const span = wanted.truncate ? ALL : range.ofFile(live.file);
    if (span.from >= span.to) continue;
    const standing = deletes.for(live);
    const columns = distinct([...searched(fields, key, standing), ...wanted.values]);
    const file = await openFile(store, live.file);
    let first = 0;
    for (let g = 0; g < file.footer.rowGroups.length; g++) {
      const end = first + file.footer.rowGroups[g]!.rows;
      const within = range.ofRowGroup(file.footer, g);
      if (wanted.truncate || within.from < within.to) {
        for await (const batch of file.pieces(g, columns)) {
          found.search(live.file, batch, key, within, liveMask(standing, batch, first), first);
          first += batch.length;
        }
      }
      first = end;
    }
  }
  return found.finish();
}

const ALL = { from: 0, to: Number.POSITIVE_INFINITY };

class Found {
  private readonly rowOf: Int32Array;
  /** By key: which of `files` its row stands in, and where. */
  private readonly fileOf: Uint32Array;
  private readonly placeOf: Float64Array;
  private readonly files: DataFile[] = [];
  readonly hits = new Map<string, { positions: number[]; keys: number[] }>();
  readonly truncated = new Map<string, number[]>();
  readonly gone: LiveFile[] = [];
  private readonly major: BigInt64Array;
  private readonly minor: BigInt64Array;
  private readonly parts: Batch[] = [];
  private collected = 0;

  constructor(private readonly wanted: Wanted) {
    this.rowOf = new Int32Array(wanted.keys.length).fill(-1);
    this.fileOf = new Uint32Array(wanted.keys.length);
    this.placeOf = new Float64Array(wanted.keys.length);
    this.major = new BigInt64Array(wanted.keys.length);
    this.minor = new BigInt64Array(wanted.keys.length);
  }

  search(
    file: DataFile,
    batch: Batch,
    key: readonly Field[],
    within: { from: number; to: number },
    mask: Uint8Array | undefined,
    first: number,
  ): void {
    const keys = encodeKeys(selectFields(batch, [...key]).columns, batch.length);
    const positions = positionsOf(batch);
    const rows: number[] = [];
    if (this.files.at(-1) !== file) this.files.push(file);
    for (const [row, i] of matches(this.wanted.keys, within, keys)) {
      if (mask && !mask[row]) continue;
      this.note(i, positions(row), rows.length + this.collected, first + row);
      rows.push(row);
      const hit = this.hits.get(file.path) ?? { positions: [], keys: [] };
      this.hits.set(file.path, hit);
      hit.positions.push(first + row);
      hit.keys.push(i);
    }
    const { values } = this.wanted;
    if (values.length > 0 && rows.length > 0)
      this.parts.push(gatherBatch(selectFields(batch, values), Uint32Array.from(rows)));
    this.collected += rows.length;
    if (this.wanted.truncate) this.truncate(file, batch.length, positions, mask, first, this.wanted.truncate);
  }

  /** Of two rows of one key the later stands. */
  private note(i: number, at: Position, row: number, place: number): void {
    const known = this.rowOf[i]! >= 0;
    if (known && comparePositions(at, { major: this.major[i]!, minor: this.minor[i]! }) < 0) return;
    this.rowOf[i] = row;
    this.fileOf[i] = this.files.length - 1;
    this.placeOf[i] = place;
    this.major[i] = at.major;
    this.minor[i] = at.minor;
  }

  private truncate(
    file: DataFile,
    length: number,
    positions: (row: number) => Position,
    mask: Uint8Array | undefined,
    first: number,
    truncate: Position,
  ): void {
    const dropped = this.truncated.get(file.path) ?? [];
    for (let row = 0; row < length; row++) {
      if ((!mask || mask[row]) && comparePositions(positions(row), truncate) <= 0) dropped.push(first + row);
    }
    if (dropped.length > 0) this.truncated.set(file.path, dropped);
  }

  finish(): Located {
    return {
      wanted: this.wanted.keys,
      position: i => (this.rowOf[i]! < 0 ? undefined : { major: this.major[i]!, minor: this.minor[i]! }),
      place: i => ({ file: this.files[this.fileOf[i]!]!, row: this.placeOf[i]! }),
      rows: this.parts.length > 0 ? concatBatches(this.parts) : undefined,
      rowOf: i => this.rowOf[i]!,
      hits: this.hits,
      truncated: this.truncated,
      gone: this.gone,
    };
  }
}

/** Whether all rows of a file stand before a position, as its bounds say; those without a position do in any case. */
function isBefore({ metrics }: DataFile, fields: readonly Field[], { major }: Position): boolean {
  const own = ownField(fields, POS_MAJOR);
  const upper = metrics.upper.get(own.id);
  return upper !== undefined && (decodeValue(own.type, upper) as bigint) < major;
}

/** A NULL position (a foreign insert) is before every change. */
function positionsOf(batch: Batch): (row: number) => Position {
  const column = (name: string) => batch.columns[batch.fields.indexOf(ownField(batch.fields, name))]!;
  const majorColumn = column(POS_MAJOR);
  const major = longs(majorColumn);
  const minor = longs(column(POS_MINOR));
  return row =>
    majorColumn.valid && !majorColumn.valid[row] ? BEFORE_ALL : { major: major[row]!, minor: minor[row]! };
}

/** Pairs (row, index of the wanted key). Few keys in sorted rows: search the rows; else search the keys. */
function* matches(
  wanted: Keys,
  within: { from: number; to: number },
  rows: Keys,
): Generator<[number, number]> {
  if ((within.to - within.from) * 16 < rows.length && keysAreSorted(rows)) {
    for (let i = within.from; i < within.to; i++) {
      let row = lowerBoundOf(rows, wanted, i);
      while (row < rows.length && compareKeys(rows, row, wanted, i) === 0) yield [row++, i];
    }
    return;
  }
  for (let row = 0; row < rows.length; row++) {
    const i = lowerBoundOf(wanted, rows, row, within.from, within.to);
    if (i < within.to && compareKeys(wanted, i, rows, row) === 0) yield [row, i];
  }
}

/** What tells a row's key and position, and whether it stands. */
function searched(fields: readonly Field[], key: readonly Field[], { equalities }: FileDeletes): Field[] {
  const own = [ownField(fields, POS_MAJOR), ownField(fields, POS_MINOR)];
  return distinct([...key, ...own, ...equalities.flatMap(e => e.fields)]);
}

function distinct(fields: readonly Field[]): Field[] {
  return [...new Map(fields.map(f => [f.id, f])).values()];
}

/** The key columns of the rows beyond a position: what a late TRUNCATE of a partial table must refold. */
export async function keysBeyond(
  store: ObjectStore,
  { files, fields, key, deletes }: SearchedTable,
  beyond: Position,
): Promise<Batch | undefined> {
  const parts: Batch[] = [];
  for (const live of files.data) {
    const standing = deletes.for(live);
    const columns = searched(fields, key, standing);
    const file = await openFile(store, live.file);
    let first = 0;
    for await (const batch of allPieces(file, columns)) {
      const mask = liveMask(standing, batch, first);
      const positions = positionsOf(batch);
      const rows: number[] = [];
      for (let row = 0; row < batch.length; row++) {
        if ((!mask || mask[row]) && comparePositions(positions(row), beyond) > 0) rows.push(row);
      }
      if (rows.length > 0) parts.push(selectFields(gatherBatch(batch, Uint32Array.from(rows)), [...key]));
      first += batch.length;
    }
  }
  return parts.length > 0 ? concatBatches(parts) : undefined;
}

/** Sorted and without repetition, with the columns in the same order. */
export function sortedKeys(columns: readonly Column[], length: number): { keys: Keys; columns: Column[] } {
  const keys = encodeKeys(columns, length);
  const order = Uint32Array.from({ length }, (_, i) => i).sort((a, b) => compareKeys(keys, a, keys, b));
  const once = order.filter((row, i) => i === 0 || compareKeys(keys, order[i - 1]!, keys, row) !== 0);
  return { keys: takeKeys(keys, once), columns: columns.map(c => gather(c, once)) };
}
