import { type LogicalType, readColumns } from './column';
import { ELEMENT, FILE } from './ids';
import { encodeThrift, type ThriftStruct, ThriftType } from './thrift';
import { fieldValue, itemsOf, structsOf, withField, withoutFields, withStructs } from './thrift-fields';

/**
 * Of a footer's schema, the same for two files whose row groups can stand in one. Writers say one thing in several ways:
 * the root is called as they like, and a type stands in its older form, its newer one or both.
 */
export function schemaIdentity(tree: ThriftStruct): string {
  const elements = structsOf(tree, FILE.schema);
  const columns = readColumns(elements);
  const leaves = elements.slice(1).map((element, i) => {
    const meant = meaning(columns[i]!.logical);
    const said = meant === undefined ? element : withoutFields(element, [ELEMENT.converted, ELEMENT.logical]);
    return [meant ?? null, Buffer.from(encodeThrift(said)).toString('latin1')];
  });
  // Without column orders statistics mean nothing, and copied they would begin to.
  const orders = fieldValue(tree, FILE.columnOrders);
  const ordered = orders && withField({ fields: [] }, FILE.columnOrders, ThriftType.list, orders);
  return JSON.stringify([leaves, ordered ? Buffer.from(encodeThrift(ordered)).toString('latin1') : null]);
}

/** Undefined: only the element itself says what it means. */
function meaning(logical: LogicalType): LogicalType | undefined {
  if (logical.kind === 'other') return undefined;
  // A signed integer as wide as its physical type is what that type is without a word.
  if (logical.kind === 'integer' && logical.signed && logical.bits >= 32) return { kind: 'plain' };
  return logical;
}

/** A footer of no row groups, with the schema of some of its columns, by their places and in the order given. */
export function pickedSchema(tree: ThriftStruct, columns: readonly number[]): ThriftStruct {
  const [root, ...leaves] = structsOf(tree, FILE.schema);
  const schema = [
    withField(root!, ELEMENT.children, ThriftType.i32, columns.length),
    ...columns.map(c => leaves[c]!),
  ];
  const picked = withStructs(withoutFields(tree, [FILE.keyValues, FILE.rowGroups]), FILE.schema, schema);
  const orders = itemsOf(tree, FILE.columnOrders);
  if (orders.length !== leaves.length) return withoutFields(picked, [FILE.columnOrders]);
  const items = columns.map(c => orders[c]!);
  return withField(picked, FILE.columnOrders, ThriftType.list, { element: ThriftType.struct, items });
}
