import { type InferredType, TypeSample } from './infer-type';
import { singularsOf, tableNameOf } from './names';
import { isReservedColumn } from './reserved';

export interface InferredColumn extends InferredType {
  readonly name: string;
}

/** A table as its sample suggests it; `tidemark init` writes it into a config. */
export interface InferredTable {
  readonly name: string;
  /** The source's name where the table's differs. */
  readonly from?: string;
  readonly columns: readonly InferredColumn[];
  /** Columns of the sample whose names the lake uses itself. */
  readonly omit: readonly string[];
  /** One column, or none when no column qualifies: then somebody has to say. */
  readonly key: readonly string[];
  /** Whether a person named the key: then nothing says that it is unique. */
  readonly chosen?: boolean;
  readonly rows: number;
  /** Of its files, where it is no comma. */
  readonly delimiter?: string;
}

/** Rows of a table's first files: cells in the header's order, NULL as null. */
export interface Sample {
  /** The file's or source's table name. */
  readonly source: string;
  readonly header: readonly string[];
  readonly rows: Iterable<readonly (string | null)[]>;
}

/** Types that identify a row; the others repeat or do not compare exactly. */
const KEY_TYPES = /^(bigint|string|decimal\(\d+,0\))$/;

/**
 * Types for every column, and a key where a column is unique and not null in the sample and is named `id`,
 * `<table>_id`, or stands first (in this order). Cells beyond the header are ignored, missing ones are NULL.
 * Memory: the distinct values of three columns at most.
 */
export function inferTable(sample: Sample): InferredTable {
  const table = new TableSample(sample.source, sample.header);
  for (const row of sample.rows) table.add(row);
  return table.result();
}

/** inferTable row by row, for rows that come as a stream. */
export class TableSample {
  private readonly name: string;
  private readonly types: TypeSample[];
  private readonly candidates: { index: number; seen: Set<string>; unique: boolean }[];
  private rows = 0;

  constructor(
    private readonly source: string,
    private readonly header: readonly string[],
  ) {
    this.name = tableNameOf(source);
    this.types = header.map(() => new TypeSample());
    this.candidates = keyCandidates(this.name, header).map(index => ({
      index,
      seen: new Set<string>(),
      unique: true,
    }));
  }

  add(row: readonly (string | null)[]): void {
    this.rows++;
    for (const [i, type] of this.types.entries()) if (row[i] != null) type.add(row[i]);
    for (const candidate of this.candidates)
      if (candidate.unique) candidate.unique = isNew(candidate.seen, row[candidate.index]);
  }

  result(): InferredTable {
    const { source, name, header, rows } = this;
    const all = header.map((column, i) => ({ name: column, ...this.types[i]!.result() }));
    const key = this.candidates.find(({ index, unique }) => unique && KEY_TYPES.test(all[index]!.type));
    return {
      name,
      ...(source === name ? {} : { from: source }),
      columns: all.filter(column => !isReservedColumn(column.name)),
      omit: header.filter(isReservedColumn),
      key: key && rows > 0 ? [header[key.index]!] : [],
      rows,
    };
  }
}

/** Indexes of the columns that may be the key, likeliest first. */
function keyCandidates(table: string, header: readonly string[]): number[] {
  const names = ['id', ...singularsOf(table).map(form => `${form}_id`)];
  const columns = header.map(column => column.toLowerCase());
  const found = names.map(name => columns.indexOf(name)).filter(index => index >= 0);
  return [...new Set([...found, 0])].filter(
    index => index < header.length && !isReservedColumn(header[index]!),
  );
}

function isNew(seen: Set<string>, value: string | null | undefined): boolean {
  if (value == null || seen.has(value)) return false;
  seen.add(value);
  return true;
}
