import { parquetCorrupt, schemaDiffers } from './errors';
import { footerBytes, footerOf, footerOfFile, MAGIC, type ParquetFooter } from './footer';
import { ELEMENT, FILE } from './ids';
import { shiftRowGroup } from './offsets';
import type { ByteRange } from './ranges';
import { encodeThrift, type ThriftStruct, ThriftType } from './thrift';
import { fieldValue, structAt, structsOf, withField, withoutFields, withStructs } from './thrift-fields';

/**
 * Writes one Parquet file row group by row group, in bounded memory: what each method returns are the bytes that
 * come next. Row groups come encoded (`add`) or from another file whose bytes the caller copies as they are (`copy`).
 * All must have one schema: a reader trusts the footer's for every row group.
 */
export class FileAssembler {
  private offset = 0;
  private rows = 0;
  private first: { readonly tree: ThriftStruct; readonly identity: Uint8Array } | undefined;
  /** The tree that was compared last: of a source file it is the same for each row group. */
  private known: ThriftStruct | undefined;
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
    const group = footer.rowGroups[rowGroup];
    if (!group) throw parquetCorrupt(`no row group ${rowGroup} of ${footer.rowGroups.length}`);
    this.adopt(footer);
    const distance = this.offset - group.start;
    const struct = structAt(footer.tree, FILE.rowGroups, rowGroup);
    this.groups.push(shiftRowGroup(struct, () => distance, this.groups.length));
    this.offset += group.end - group.start;
    this.rows += group.rows;
    return { start: group.start, end: group.end };
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

  private adopt({ tree }: ParquetFooter): void {
    if (tree === this.known) return;
    const same = identity(tree);
    this.first ??= { tree, identity: same };
    if (Buffer.compare(this.first.identity, same) !== 0) throw schemaDiffers('parquet file');
    this.known = tree;
  }
}

/** True if row groups of the two files can stand in one. The root's name is the writer's taste. */
export function sameSchema(a: ParquetFooter, b: ParquetFooter): boolean {
  return Buffer.compare(identity(a.tree), identity(b.tree)) === 0;
}

/** Column orders belong to it: without them statistics mean nothing, and copied they would begin to. */
function identity(tree: ThriftStruct): Uint8Array {
  const [root, ...leaves] = structsOf(tree, FILE.schema);
  let schema = withStructs({ fields: [] }, FILE.schema, [withoutFields(root!, [ELEMENT.name]), ...leaves]);
  const orders = fieldValue(tree, FILE.columnOrders);
  if (orders !== undefined) schema = withField(schema, FILE.columnOrders, ThriftType.list, orders);
  return encodeThrift(schema);
}

function keyValue([key, value]: readonly [string, string]): ThriftStruct {
  const fields = [key, value].map((text, i) => ({
    id: i + 1,
    type: ThriftType.binary,
    value: Buffer.from(text),
  }));
  return { fields };
}
