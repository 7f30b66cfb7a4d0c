import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { duckdbType } from '../../columnar/type-map';
import type { Field } from '../../columnar/types';
import { compareValues } from '../../iceberg/single-value';
import { FileAssembler } from '../../parquet/assemble';
import { columnIndex, lakeTypeOf } from '../../parquet/column';
import type { ParquetFooter } from '../../parquet/footer';
import { pickedSchema, schemaIdentity } from '../../parquet/schema-identity';
import type { KeySpan, PackOrder, RowGroupLimits } from '../../ports/copy-engine';
import { guarded } from './file-errors';
import { openParquet, withParquet } from './parquet-file';
import { keySpan } from './part-file';

/** What deciding how to pack needs of a part; its footer is read again when its turn comes. */
export interface PartLook {
  readonly file: string;
  readonly span: KeySpan;
  readonly rowGroups: number;
  readonly rows: number;
  /** Of the columns that are asked for, as the footer counts them. */
  readonly bytes: number;
  /** The schema of those columns; undefined where one of them is missing, or of another name or type. */
  readonly schema: string | undefined;
}

/**
 * The parts so that each begins beyond the last key of the one before it, where the order asks for that and their bounds
 * say that they can stand so: a copy that was taken along its key needs no second sort. Each is sorted itself.
 */
export async function partsInKeyOrder({
  parts,
  key,
  sortBy,
  fields,
}: Pick<PackOrder, 'parts' | 'key' | 'sortBy' | 'fields'>): Promise<readonly PartLook[] | undefined> {
  const [first] = key;
  if (!first || sortBy.some((s, i) => s.descending || s.field.id !== key[i]?.id)) return undefined;
  const looks: PartLook[] = [];
  for (const file of parts) {
    const look = await withParquet(file, async ({ footer }) => lookAt(file, footer, first, fields));
    if (!look) return undefined;
    looks.push(look);
  }
  looks.sort((a, b) => compareValues(first.type, a.span.min, b.span.min));
  const apart = looks.every(
    ({ span }, i) => i === 0 || compareValues(first.type, looks[i - 1]!.span.max, span.min) < 0,
  );
  return apart ? looks : undefined;
}

function lookAt(
  file: string,
  footer: ParquetFooter,
  first: Field,
  fields: readonly Field[],
): PartLook | undefined {
  const span = keySpan(footer, first);
  const columns = placesOf(footer, fields);
  const bytes = footer.rowGroups.reduce(
    (sum, g) => sum + (columns ?? []).reduce((own, c) => own + g.columns[c]!.uncompressed, 0),
    0,
  );
  const schema = columns && schemaIdentity(pickedSchema(footer.tree, columns));
  return span && { file, span, rowGroups: footer.rowGroups.length, rows: footer.rows, bytes, schema };
}

/** Where the fields stand in the file; undefined if one is missing, or stands there under another name or type. */
function placesOf({ columns }: ParquetFooter, fields: readonly Field[]): readonly number[] | undefined {
  const places: number[] = [];
  for (const field of fields) {
    const at = columnIndex(columns, field);
    const column = at === undefined ? undefined : columns[at]!;
    const type = column && lakeTypeOf(column);
    // By the engine's names: one type may be written in two ways.
    if (!type || column.name !== field.name || duckdbType(type) !== duckdbType(field.type)) return undefined;
    places.push(at!);
  }
  return places;
}

/** A row group may be so many times smaller than one should be, on average, before reading it costs more than writing it anew. */
const SMALLER_MAX = 4;

/** Whether the parts' row groups may be copied: they have one schema, and are large enough to read well. */
export function worthJoining(
  looks: readonly PartLook[],
  { rowGroupRowsMax, rowGroupBytesMax }: RowGroupLimits,
): boolean {
  const sum = (of: (look: PartLook) => number) => looks.reduce((total, look) => total + of(look), 0);
  const groups = sum(l => l.rowGroups) / SMALLER_MAX;
  const large =
    sum(l => l.rows) >= groups * rowGroupRowsMax || sum(l => l.bytes) >= groups * rowGroupBytesMax;
  return large && looks.every(l => l.schema !== undefined && l.schema === looks[0]!.schema);
}

/** Bytes that are held at once. */
const PIECE_BYTES = 4 << 20;

/** Joins the parts, in their order, into one file of the fields by copying row groups as they are. A crash leaves some of it. */
export async function joinParts(
  parts: readonly string[],
  { fields, file }: Pick<PackOrder, 'fields' | 'file'>,
): Promise<{ rows: number; bytes: number }> {
  const assembler = new FileAssembler();
  const body = async function* () {
    yield assembler.start();
    for (const part of parts) yield* copiedGroups(part, fields, assembler);
    yield assembler.finish();
  };
  await guarded(file, () => mkdir(dirname(file), { recursive: true }));
  await guarded(file, () => pipeline(body(), createWriteStream(file)));
  return { rows: assembler.length, bytes: assembler.size };
}

async function* copiedGroups(
  part: string,
  fields: readonly Field[],
  assembler: FileAssembler,
): AsyncGenerator<Uint8Array> {
  const source = await openParquet(part);
  try {
    const columns = placesOf(source.footer, fields)!;
    for (let g = 0; g < source.footer.rowGroups.length; g++) {
      for (const { start, end } of assembler.pick(source.footer, g, columns))
        for (let at = start; at < end; at += PIECE_BYTES)
          yield source.bytes(at, Math.min(end, at + PIECE_BYTES));
    }
  } finally {
    await source.close();
  }
}
