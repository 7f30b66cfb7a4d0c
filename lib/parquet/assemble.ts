import { parquetCorrupt, schemaDiffers } from './errors';
import {
  footerBytes,
  footerOf,
  footerOfFile,
  MAGIC,
  type ParquetFooter,
  type ParquetRowGroup,
} from './footer';
import { FILE, GROUP } from './ids';
import { shiftRowGroup } from './offsets';
import { type ByteRange, joined } from './ranges';
import { pickedSchema, schemaIdentity } from './schema-identity';
import type { ThriftStruct } from './thrift';
import { ThriftType } from './thrift';
import { structAt, structsOf, withField, withoutFields, withStructs } from './thrift-fields';

/**
 * Writes one Parquet file row group by row group, in bounded memory: what each method returns are the bytes that
 * come next. Row groups come encoded (`add`) or from another file whose bytes the caller copies as they are (`copy`).
 * All must have one schema: a reader trusts the footer's for every row group.
 */
export class FileAssembler {
  private offset = 0;
  private rows = 0;
  private first: { readonly tree: ThriftStruct; readonly identity: string } | undefined;
  /** What was compared last: of a source file it is the same for each row group. */
  private known: { readonly tree: ThriftStruct; readonly columns: readonly number[] | undefined } | undefined;
  private readonly groups: ThriftStruct[] = [];
  private finished: ParquetFooter | undefined;

  /** Bytes handed out so far. */
  get size(): number {
    return this.offset;
  }

  /** Rows so far. */
  get length(): number {
    return this.rows;
  }

  /** The finished file's footer. Throws TM_4201 before finish. */
  get footer(): ParquetFooter {
    if (!this.finished) throw parquetCorrupt('the file is not finished');
    return this.finished;
  }

  start(): Uint8Array {
    this.offset = MAGIC.length;
    return MAGIC.slice();
  }

  /** The row groups of a whole small file (encodeRowGroup). Throws TM_4203 if its schema is another. */
  add(rowGroupFile: Uint8Array): Uint8Array {
    const footer = footerOfFile(rowGroupFile);
    this.adopt(footer);
    const ranges = footer.rowGroups.map((_, i) => this.copy(footer, i));
    const parts = ranges.map(r => rowGroupFile.subarray(r.start, r.end));
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  /** The range of the other file whose bytes come next. Throws TM_4203 if its schema is another. */
  copy(footer: ParquetFooter, rowGroup: number): ByteRange {
    const group = rowGroupOf(footer, rowGroup);
    this.adopt(footer);
    const distance = this.offset - group.start;
    const struct = structAt(footer.tree, FILE.rowGroups, rowGroup);
    this.groups.push(shiftRowGroup(struct, () => distance, this.groups.length));
    this.offset += group.end - group.start;
    this.rows += group.rows;
    return { start: group.start, end: group.end };
  }

  /**
   * The same of some of the other file's columns, by their places there: they become this file's columns, in that order.
   * @returns the ranges whose bytes come next, one after the other
   */
  pick(footer: ParquetFooter, rowGroup: number, columns: readonly number[]): ByteRange[] {
    const group = rowGroupOf(footer, rowGroup);
    this.adopt(footer, columns);
    const chunks = columns.map(c => group.columns[c]!);
    const starts: number[] = [];
    for (const { size } of chunks) {
      starts.push(this.offset);
      this.offset += size;
    }
    const struct = structAt(footer.tree, FILE.rowGroups, rowGroup);
    const all = structsOf(struct, GROUP.columns);
    const picked = withStructs(
      sized(struct, chunks),
      GROUP.columns,
      columns.map(c => all[c]!),
    );
    this.groups.push(shiftRowGroup(picked, i => starts[i]! - chunks[i]!.start, this.groups.length));
    this.rows += group.rows;
    return joined(chunks.map(({ start, size }) => ({ start, end: start + size })));
  }

  /** The last bytes. Key-values are ours alone: `ARROW:schema` is dropped, the Parquet types say everything. */
  finish(keyValues: Record<string, string> = {}): Uint8Array {
    if (!this.first) throw parquetCorrupt('a file needs one row group file at least, if only for its schema');
    let tree = withoutFields(this.first.tree, [FILE.keyValues]);
    tree = withField(tree, FILE.rows, ThriftType.i64, this.rows);
    tree = withStructs(tree, FILE.rowGroups, this.groups);
    const pairs = Object.entries(keyValues);
    if (pairs.length > 0) tree = withStructs(tree, FILE.keyValues, pairs.map(keyValue));
    this.finished = footerOf(tree);
    const bytes = footerBytes(tree);
    this.offset += bytes.length;
    return bytes;
  }

  private adopt({ tree }: ParquetFooter, columns?: readonly number[]): void {
    if (tree === this.known?.tree && columns === this.known.columns) return;
    const schema = columns ? pickedSchema(tree, columns) : tree;
    const identity = schemaIdentity(schema);
    this.first ??= { tree: schema, identity };
    if (this.first.identity !== identity) throw schemaDiffers('parquet file');
    this.known = { tree, columns };
  }
}

/** True if row groups of the two files can stand in one. */
export function sameSchema(a: ParquetFooter, b: ParquetFooter): boolean {
  return schemaIdentity(a.tree) === schemaIdentity(b.tree);
}

function rowGroupOf(footer: ParquetFooter, rowGroup: number): ParquetRowGroup {
  const group = footer.rowGroups[rowGroup];
  if (!group) throw parquetCorrupt(`no row group ${rowGroup} of ${footer.rowGroups.length}`);
  return group;
}

/** A row group of fewer columns, which says nothing of the others. */
function sized(group: ThriftStruct, chunks: ParquetRowGroup['columns']): ThriftStruct {
  const sum = (sizes: readonly number[]) => sizes.reduce((a, b) => a + b, 0);
  const bare = withoutFields(group, [GROUP.sorting, GROUP.compressed]);
  return withField(bare, GROUP.bytes, ThriftType.i64, sum(chunks.map(c => c.uncompressed)));
}

function keyValue([key, value]: readonly [string, string]): ThriftStruct {
  const fields = [key, value].map((text, i) => ({
    id: i + 1,
    type: ThriftType.binary,
    value: Buffer.from(text),
  }));
  return { fields };
}
