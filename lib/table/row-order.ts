import type { Field } from '../columnar/types';
import { ownField, POS_MAJOR, POS_MINOR } from './columns';

/** What the rows of a current table's files are sorted by: its key, or their position where it has none. */
export function rowOrder(fields: readonly Field[], key: readonly string[]): Field[] {
  return key.length > 0
    ? key.map(name => fields.find(f => f.name === name)!)
    : [POS_MAJOR, POS_MINOR].map(name => ownField(fields, name));
}
