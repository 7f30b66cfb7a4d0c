// Athena's spelling of values and types in GetQueryResults: every value is a VarCharValue, NULL is none at all.

/** Trino's raw type -> Athena's name of it (data-types; `real` is shown as float). */
const NAMES = { real: 'float', row: 'row' };

/** ColumnInfo of a column of Trino. */
export function columnInfo({ name, type, typeSignature }) {
  const raw = typeSignature?.rawType ?? type;
  const [precision = 0, scale = 0] =
    raw === 'decimal' ? typeSignature.arguments.map(({ value }) => Number(value)) : [];
  return {
    CatalogName: 'hive',
    SchemaName: '',
    TableName: '',
    Name: name,
    Label: name,
    Type: NAMES[raw] ?? raw,
    Precision: raw === 'decimal' ? precision : (PRECISIONS[raw] ?? 0),
    Scale: scale,
    Nullable: 'UNKNOWN',
    CaseSensitive: raw === 'varchar' || raw === 'char',
  };
}

const PRECISIONS = {
  tinyint: 3,
  smallint: 5,
  integer: 10,
  bigint: 19,
  real: 17,
  double: 17,
  varchar: 2147483647,
  timestamp: 3,
};

/** One value as Athena shows it: {} for NULL. */
export function datum(value, column) {
  return value === null || value === undefined ? {} : { VarCharValue: text(value, column.typeSignature) };
}

function text(value, signature) {
  if (value === null || value === undefined) return 'null';
  const raw = signature?.rawType;
  const inner = signature?.arguments ?? [];
  if (raw === 'row')
    return `{${value.map((field, index) => rowField(field, inner[index].value, index)).join(', ')}}`;
  if (raw === 'array') return `[${value.map(item => text(item, inner[0].value)).join(', ')}]`;
  if (raw === 'map') {
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}=${text(item, inner[1].value)}`)
      .join(', ')}}`;
  }
  if (raw === 'varbinary') {
    return Buffer.from(value, 'base64')
      .toString('hex')
      .replace(/(..)(?=.)/g, '$1 ');
  }
  return String(value);
}

const rowField = (value, { fieldName, typeSignature }, index) =>
  `${fieldName?.name ?? `field${index}`}=${text(value, typeSignature)}`;
