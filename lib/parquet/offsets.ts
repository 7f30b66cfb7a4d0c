import { CHUNK, GROUP, META } from './ids';
import { type ThriftStruct, ThriftType } from './thrift';
import { integerOf, structOf, structsOf, withField, withoutFields, withStructs } from './thrift-fields';

const ORDINAL_MAX = 32_767;

/**
 * A row group's metadata for the same bytes standing elsewhere. Page indexes and bloom filters stand outside the
 * row group's bytes and are left behind: a reader that follows a wrong offset skips rows without an error.
 * `distance` is added to the chunk at place i of the row group (`at(i)`), in bytes.
 */
export function shiftRowGroup(
  group: ThriftStruct,
  at: (column: number) => number,
  ordinal: number,
): ThriftStruct {
  const columns = structsOf(group, GROUP.columns).map((chunk, i) => shiftChunk(chunk, at(i)));
  let moved = shiftField(withStructs(group, GROUP.columns, columns), GROUP.fileOffset, at(0));
  if (integerOf(group, GROUP.ordinal) === undefined) return moved;
  // A 16-bit integer: a file of more row groups does without.
  moved = withoutFields(moved, [GROUP.ordinal]);
  return ordinal > ORDINAL_MAX ? moved : withField(moved, GROUP.ordinal, ThriftType.i16, ordinal);
}

function shiftChunk(chunk: ThriftStruct, distance: number): ThriftStruct {
  let meta = withoutFields(structOf(chunk, CHUNK.meta)!, META.bloom);
  for (const id of [META.dataPage, META.indexPage, META.dictionaryPage])
    meta = shiftField(meta, id, distance);
  const bare = shiftField(withoutFields(chunk, CHUNK.indexes), CHUNK.fileOffset, distance);
  return withField(bare, CHUNK.meta, ThriftType.struct, meta);
}

/** 0 stands for "none" in writers that state every offset. */
function shiftField(struct: ThriftStruct, id: number, distance: number): ThriftStruct {
  const offset = integerOf(struct, id);
  return offset ? withField(struct, id, ThriftType.i64, offset + distance) : struct;
}
