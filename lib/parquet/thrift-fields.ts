import { parquetCorrupt } from './errors';
import { type ThriftList, type ThriftStruct, ThriftType, type ThriftValue } from './thrift';

/** The value of field `id`; undefined if the struct has none. */
export function fieldValue(struct: ThriftStruct, id: number): ThriftValue | undefined {
  return struct.fields.find(f => f.id === id)?.value;
}

/** An integer field as a safe number. Throws TM_4201 if it is another kind of value or past 2^53. */
export function integerOf(struct: ThriftStruct, id: number): number | undefined {
  const value = fieldValue(struct, id);
  if (value === undefined || typeof value === 'number') return value;
  throw parquetCorrupt(`field ${id} is no safe integer`);
}

/** A size, count or offset: an integer field that must be there and not negative. */
export function countOf(struct: ThriftStruct, id: number, what: string): number {
  const value = integerOf(struct, id);
  if (value === undefined || value < 0) throw parquetCorrupt(`${what} is ${value ?? 'missing'}`);
  return value;
}

export function binaryOf(struct: ThriftStruct, id: number): Uint8Array | undefined {
  const value = fieldValue(struct, id);
  if (value === undefined || value instanceof Uint8Array) return value;
  throw parquetCorrupt(`field ${id} is no binary`);
}

export function textOf(struct: ThriftStruct, id: number): string | undefined {
  const bytes = binaryOf(struct, id);
  return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

export function structOf(struct: ThriftStruct, id: number): ThriftStruct | undefined {
  const value = fieldValue(struct, id);
  if (value === undefined || isStruct(value)) return value;
  throw parquetCorrupt(`field ${id} is no struct`);
}

/** A field that is a list of structs; empty if it is missing. */
export function structsOf(struct: ThriftStruct, id: number): ThriftStruct[] {
  return itemsOf(struct, id).map(item => {
    if (isStruct(item)) return item;
    throw parquetCorrupt(`field ${id} is no list of structs`);
  });
}

/** Item `i` of a field that is a list of structs. Throws TM_4201 if there is none. */
export function structAt(struct: ThriftStruct, id: number, i: number): ThriftStruct {
  const item = itemsOf(struct, id)[i];
  if (item !== undefined && isStruct(item)) return item;
  throw parquetCorrupt(`field ${id} has no struct ${i}`);
}

export function itemsOf(struct: ThriftStruct, id: number): readonly ThriftValue[] {
  const value = fieldValue(struct, id);
  if (value === undefined) return [];
  if (typeof value === 'object' && 'items' in value) return value.items;
  throw parquetCorrupt(`field ${id} is no list`);
}

function isStruct(value: ThriftValue): value is ThriftStruct {
  return typeof value === 'object' && 'fields' in value;
}

/** The struct with the field set to a value, in id order. */
export function withField(struct: ThriftStruct, id: number, type: number, value: ThriftValue): ThriftStruct {
  const fields = struct.fields.filter(f => f.id !== id);
  const at = fields.findIndex(f => f.id > id);
  fields.splice(at < 0 ? fields.length : at, 0, { id, type, value });
  return { fields };
}

/** The struct without the fields. */
export function withoutFields(struct: ThriftStruct, ids: readonly number[]): ThriftStruct {
  return { fields: struct.fields.filter(f => !ids.includes(f.id)) };
}

export function withStructs(struct: ThriftStruct, id: number, items: readonly ThriftStruct[]): ThriftStruct {
  const list: ThriftList = { element: ThriftType.struct, items };
  return withField(struct, id, ThriftType.list, list);
}
