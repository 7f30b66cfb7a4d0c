import { OP_LETTERS } from '../../lib/change/op';
import { valueAt } from '../../lib/columnar/kernels';
import type { PrimitiveType, Scalar } from '../../lib/columnar/types';
import type { BadRow, DecodedBatch, FormatKind, FormatOptions, SourceFile } from '../../lib/formats/format';
import { formatOf } from '../../lib/formats/formats';

/** A file in memory, streamed in chunks of `chunkBytes`. */
export function memoryFile(name: string, content: string | Uint8Array, chunkBytes = 7): SourceFile {
  const bytes = typeof content === 'string' ? new Uint8Array(Buffer.from(content)) : content;
  return {
    name,
    size: bytes.length,
    stream: async function* () {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.slice(at, at + chunkBytes);
    },
    range: async (start, end) => bytes.slice(start, end),
  };
}

export interface Reading {
  readonly name?: string;
  readonly columns?: Record<string, PrimitiveType>;
  readonly options?: FormatOptions;
  readonly batchRows?: number;
  readonly batchBytes?: number;
  readonly chunkBytes?: number;
}

/** A decoded row: its values by column, absent ones left out. */
export type DecodedRow = Record<string, Scalar>;

export interface Decoded {
  readonly columns: Record<string, PrimitiveType>;
  readonly rows: DecodedRow[];
  readonly ops: string;
  readonly ordinals: number[];
  readonly lines: number[];
  readonly changedAt: Scalar[];
  readonly sequence: Scalar[];
  readonly before: DecodedRow[];
  /** line, column, code, reason, raw */
  readonly bad: BadRow[];
  readonly batches: number;
}

/** Opens and reads a whole file. */
export async function decode(
  kind: FormatKind,
  content: string | Uint8Array,
  reading: Reading = {},
): Promise<Decoded> {
  const {
    name = 'file',
    columns = {},
    options = {},
    batchRows = 3,
    batchBytes = 1 << 20,
    chunkBytes,
  } = reading;
  const declared = Object.entries(columns).map(([column, type]) => ({ name: column, type }));
  const file = memoryFile(name, content, chunkBytes);
  const opened = await formatOf(kind).open({ file, columns: declared, options, batchRows, batchBytes });
  const all: Decoded = {
    columns: Object.fromEntries(opened.columns.map(column => [column.name, column.type])),
    rows: [],
    ops: '',
    ordinals: [],
    lines: [],
    changedAt: [],
    sequence: [],
    before: [],
    bad: [],
    batches: 0,
  };
  const names = opened.columns.map(column => column.name);
  let { ops, batches } = all;
  for await (const batch of opened.batches()) {
    batches++;
    expect(batch.length + batch.bad.length).toBeLessThanOrEqual(batchRows);
    expect(batch.columns.map(column => column.type)).toEqual(opened.columns.map(column => column.type));
    for (const column of batch.columns) expect(column.length).toBe(batch.length);
    for (let i = 0; i < batch.length; i++) addRow(all, batch, names, i);
    ops += Array.from(batch.ops, op => OP_LETTERS[op]).join('');
    all.bad.push(...batch.bad);
  }
  return { ...all, ops, batches };
}

function addRow(all: Decoded, batch: DecodedBatch, names: readonly string[], i: number): void {
  const present = names.flatMap((name, c) =>
    batch.absent?.[c]?.[i] === 1 ? [] : [[name, valueAt(batch.columns[c]!, i)] as const],
  );
  all.rows.push(Object.fromEntries(present));
  all.ordinals.push(batch.row[i]!);
  all.lines.push(batch.line[i]!);
  if (batch.changedAt) all.changedAt.push(valueAt(batch.changedAt, i));
  if (batch.sequence) all.sequence.push(valueAt(batch.sequence, i));
  if (batch.before) {
    all.before.push(
      Object.fromEntries([...batch.before].map(([name, column]) => [name, valueAt(column, i)])),
    );
  }
}

/** What a bad row says, its raw bytes as text. */
export function shown({ line, column, code, reason, raw }: BadRow): unknown[] {
  return [line, column, code, reason, Buffer.from(raw).toString('latin1')];
}
