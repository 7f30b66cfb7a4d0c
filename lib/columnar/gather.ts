import type { Column, FixedColumn, VarColumn } from './column';
import { columnsDiffer, columnTooLarge } from './errors';
import { allocateValues, type FixedType, VAR_DATA_BYTES_MAX, wordsOf } from './layout';

type Sources = Uint8Array | Uint16Array;

/** Shorter stretches are copied element by element: below this a call of `set` costs more than the loop. */
const RUN_ELEMENTS_MIN = 24;

/** The column's values at `rows`, in their order; a row may stand there more than once. */
export function gather(column: Column, rows: Uint32Array): Column {
  return gatherFrom([column], new Uint8Array(rows.length), rows);
}

/**
 * Interleaves columns of one type: value i of the result is value row[i] of sources[source[i]].
 * Stretches of consecutive rows of one source, the usual case of a merge, are copied whole.
 * Throws TM_4101 if types differ or `source` and `row` have different lengths, TM_4104 if strings pass 2 GiB.
 */
export function gatherFrom(sources: readonly Column[], source: Sources, row: Uint32Array): Column {
  const first = sources[0];
  if (!first) throw columnsDiffer('gather', 'at least one column', 'none');
  if (source.length !== row.length) throw columnsDiffer('gather', `${source.length} rows`, `${row.length}`);
  for (const s of sources) if (s.type !== first.type) throw columnsDiffer('gather', first.type, s.type);
  const length = row.length;
  const valid = gatherValid(sources, source, row);
  if (first.kind === 'var') {
    const { offsets, data } = gatherVar(sources as readonly VarColumn[], source, row);
    return { kind: 'var', type: first.type, length, valid, offsets, data };
  }
  const values = allocateValues(first.type as FixedType, length);
  const target = wordsOf(values);
  const parts = (sources as readonly FixedColumn[]).map(s => wordsOf(s.values));
  // Words a value, from the byte width: a decimal has four, a boolean one byte.
  const width = length === 0 ? 1 : target.length / length;
  if (width === 1) gatherWords(parts, source, row, target);
  else gatherWide(parts, source, row, target, width);
  return { kind: 'fixed', type: first.type, length, valid, values };
}

function gatherValid(sources: readonly Column[], source: Sources, row: Uint32Array): Uint8Array | undefined {
  if (sources.every(s => !s.valid)) return undefined;
  const valid = new Uint8Array(row.length);
  const parts = sources.map(s => s.valid);
  let nulls = 0;
  for (let i = 0; i < row.length; i++) {
    const part = parts[source[i]!];
    const v = part === undefined ? 1 : part[row[i]!]!;
    valid[i] = v;
    nulls += 1 - v;
  }
  return nulls === 0 ? undefined : valid;
}

/** The end of the stretch of consecutive rows of one source that starts at `i`. */
function runEnd(source: Sources, row: Uint32Array, i: number): number {
  const s = source[i]!;
  let next = row[i]! + 1;
  let j = i + 1;
  while (j < row.length && source[j] === s && row[j] === next) {
    j++;
    next++;
  }
  return j;
}

type Words = Uint8Array | Int32Array;

function gatherWords(parts: readonly Words[], source: Sources, row: Uint32Array, target: Words): void {
  for (let i = 0; i < row.length; ) {
    const end = runEnd(source, row, i);
    const part = parts[source[i]!]!;
    let from = row[i]!;
    if (end - i >= RUN_ELEMENTS_MIN) {
      target.set(part.subarray(from, from + end - i), i);
      i = end;
    } else while (i < end) target[i++] = part[from++]!;
  }
}

function gatherWide(
  parts: readonly Words[],
  source: Sources,
  row: Uint32Array,
  target: Words,
  width: number,
): void {
  for (let i = 0; i < row.length; ) {
    const end = runEnd(source, row, i);
    const part = parts[source[i]!]!;
    let from = row[i]! * width;
    const words = (end - i) * width;
    let at = i * width;
    if (words >= RUN_ELEMENTS_MIN) target.set(part.subarray(from, from + words), at);
    else for (const stop = at + words; at < stop; ) target[at++] = part[from++]!;
    i = end;
  }
}

/** Two passes: the offsets first, so the data is allocated once and exactly. */
function gatherVar(
  parts: readonly VarColumn[],
  source: Sources,
  row: Uint32Array,
): { offsets: Int32Array; data: Uint8Array } {
  const offsets = new Int32Array(row.length + 1);
  const starts = parts.map(p => p.offsets);
  let bytes = 0;
  for (let i = 0; i < row.length; i++) {
    const start = starts[source[i]!]!;
    const r = row[i]!;
    bytes += start[r + 1]! - start[r]!;
    offsets[i + 1] = bytes;
  }
  if (bytes > VAR_DATA_BYTES_MAX) throw columnTooLarge(bytes);
  const data = new Uint8Array(bytes);
  for (let i = 0; i < row.length; ) {
    const end = runEnd(source, row, i);
    const part = parts[source[i]!]!;
    let from = part.offsets[row[i]!]!;
    const stop = part.offsets[row[i]! + end - i]!;
    let at = offsets[i]!;
    if (stop - from >= RUN_ELEMENTS_MIN) data.set(part.data.subarray(from, stop), at);
    else while (from < stop) data[at++] = part.data[from++]!;
    i = end;
  }
  return { offsets, data };
}
