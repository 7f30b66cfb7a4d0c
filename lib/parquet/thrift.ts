/**
 * Thrift compact protocol to a tree of tagged values and back, without knowing any schema: what is not touched is
 * encoded to the same bytes, fields of later versions included. (A reader that maps the footer to objects of its
 * own loses bits of statistics; a filtered query then misses rows.)
 * @see https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
export { decodeThrift } from './thrift-decode';
export { encodeThrift } from './thrift-encode';
export {
  type ThriftList,
  type ThriftStruct,
  ThriftType,
  type ThriftValue,
} from './thrift-types';
