/** Names that differ; the others are the same in both (boolean, int, float, double, date, string, binary). */
const NAMES: Readonly<Record<string, string>> = {
  long: 'bigint',
  timestamptz: 'timestamp',
  time: 'string',
  uuid: 'string',
};

/** A type of Iceberg's JSON by the name that Hive, and so Glue, has for it, as Iceberg's own Glue catalog says it. */
export function hiveType(type: unknown): string {
  if (typeof type === 'string') {
    if (type.startsWith('fixed')) return 'binary';
    return NAMES[type] ?? type.replaceAll(' ', '');
  }
  const nested = type as NestedJson;
  if (nested.type === 'list') return `array<${hiveType(nested.element)}>`;
  if (nested.type === 'map') return `map<${hiveType(nested.key)},${hiveType(nested.value)}>`;
  return `struct<${nested.fields.map(field => `${field.name}:${hiveType(field.type)}`).join(',')}>`;
}

type NestedJson =
  | { readonly type: 'list'; readonly element: unknown }
  | { readonly type: 'map'; readonly key: unknown; readonly value: unknown }
  | {
      readonly type: 'struct';
      readonly fields: readonly { readonly name: string; readonly type: unknown }[];
    };
