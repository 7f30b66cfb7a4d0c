// What Athena refuses of tables to be made: the query fails, with the engine's words as its reason.
import { isIceberg, stringProperty } from '../statement.mjs';
import { closing, nameOf, splitAtCommas } from '../tokens.mjs';
import { rule } from './rule.mjs';

const isCtas = ({ sub }) => sub === 'CREATE_TABLE_AS_SELECT';
const isCreateTable = ({ sub }) => sub === 'CREATE_TABLE';

/** create-table-as: CTAS table properties. */
const CTAS_PROPERTIES = {
  both: [
    ...['table_type', 'is_external', 'format', 'write_compression', 'compression_level'],
    ...['orc_compression', 'parquet_compression', 'field_delimiter'],
  ],
  hive: ['external_location', 'partitioned_by', 'bucketed_by', 'bucket_count'],
  iceberg: [
    ...['location', 'partitioning', 'optimize_rewrite_min_data_file_size_bytes'],
    ...['optimize_rewrite_max_data_file_size_bytes', 'optimize_rewrite_data_file_threshold'],
    ...[
      'optimize_rewrite_delete_file_threshold',
      'vacuum_min_snapshots_to_keep',
      'vacuum_max_snapshot_age_seconds',
    ],
    'write_target_data_file_size_bytes',
  ],
};

/** querying-iceberg-creating-tables: "Athena allows only a predefined list of key-value pairs". */
const ICEBERG_TABLE_PROPERTIES = new Set([
  ...['table_type', 'format', 'write_compression', 'compression_level', 'write_target_data_file_size_bytes'],
  ...['optimize_rewrite_min_data_file_size_bytes', 'optimize_rewrite_max_data_file_size_bytes'],
  ...['optimize_rewrite_data_file_threshold', 'optimize_rewrite_delete_file_threshold'],
  ...['vacuum_min_snapshots_to_keep', 'vacuum_max_snapshot_age_seconds', 'vacuum_max_metadata_files_to_keep'],
]);

/** querying-iceberg-supported-data-types; data-types for decimal's precision. */
const ICEBERG_DDL_TYPES = new Set([
  ...['boolean', 'int', 'bigint', 'double', 'float', 'decimal', 'string', 'binary', 'date', 'timestamp'],
  ...['array', 'map', 'struct'],
]);
const DECIMAL_PRECISION_MAX = 38;

const TRANSFORMS = new Set(['year', 'month', 'day', 'hour', 'bucket', 'truncate']);

const shown = tokens => tokens.map(({ text }) => text).join(' ');

/** Rules of { statement, group }. */
export const TABLE_RULES = [
  rule('ctas.iceberg.external_location', 'create-table-as', ({ statement }) =>
    isCtas(statement) && isIceberg(statement) && statement.properties.has('external_location')
      ? "INVALID_TABLE_PROPERTY: Table property 'external_location' is not supported for Iceberg tables; use 'location'"
      : undefined,
  ),

  rule('ctas.iceberg.partitioned_by', 'create-table-as', ({ statement }) =>
    isCtas(statement) && isIceberg(statement) && statement.properties.has('partitioned_by')
      ? "INVALID_TABLE_PROPERTY: Table property 'partitioned_by' is not supported for Iceberg tables; use 'partitioning'"
      : undefined,
  ),

  rule('ctas.iceberg.is_external', 'create-table-as', ({ statement }) =>
    // "is_external ... default is true. For Iceberg tables, this must be set to false."
    isCtas(statement) &&
    isIceberg(statement) &&
    shown(statement.properties.get('is_external') ?? []) !== 'false'
      ? "INVALID_TABLE_PROPERTY: 'is_external' must be false for Iceberg tables"
      : undefined,
  ),

  rule('ctas.iceberg.location', 'create-table-as', ({ statement }) =>
    isCtas(statement) && isIceberg(statement) && !stringProperty(statement, 'location')?.startsWith('s3://')
      ? "INVALID_TABLE_PROPERTY: 'location' is required for Iceberg tables"
      : undefined,
  ),

  rule('ctas.hive.properties', 'create-table-as', ({ statement }) => {
    if (!isCtas(statement) || isIceberg(statement)) return undefined;
    const found = CTAS_PROPERTIES.iceberg.find(name => statement.properties.has(name));
    return found && `INVALID_TABLE_PROPERTY: Table property '${found}' is only supported for Iceberg tables`;
  }),

  rule('ctas.property.unknown', 'create-table-as', ({ statement }) => {
    if (!isCtas(statement)) return undefined;
    const known = Object.values(CTAS_PROPERTIES).flat();
    const found = [...statement.properties.keys()].find(name => !known.includes(name));
    return (
      found && `INVALID_TABLE_PROPERTY: Catalog 'awsdatacatalog' table property '${found}' does not exist`
    );
  }),

  rule('ctas.enforced.external_location', 'create-table-as', ({ statement, group }) =>
    isCtas(statement) &&
    statement.properties.has('external_location') &&
    group.Configuration.EnforceWorkGroupConfiguration
      ? 'The Create Table As Select query failed because it was submitted with an external_location property to an Athena Workgroup that enforces a centralized output location for all queries. Please remove the external_location property and resubmit the query.'
      : undefined,
  ),

  rule('names.special', 'tables-databases-columns-names', ({ statement }) => {
    const made = statement.sub?.startsWith('CREATE_') ? (statement.target ?? []) : [];
    const found = made.find(name => name !== undefined && !/^[a-z0-9_]+$/.test(name));
    return found && `Invalid name: '${found}' holds a special character other than underscore`;
  }),

  rule('create.external.iceberg', 'querying-iceberg-creating-tables', ({ statement }) =>
    isCreateTable(statement) && statement.external && isIceberg(statement)
      ? 'External keyword not supported for table type ICEBERG.'
      : undefined,
  ),

  rule('create.managed', 'create-table', ({ statement }) =>
    isCreateTable(statement) && !statement.external && !isIceberg(statement)
      ? 'Only external tables are supported except for Iceberg tables: use CREATE EXTERNAL TABLE, or table_type ICEBERG.'
      : undefined,
  ),

  rule('create.location', 'querying-iceberg-creating-tables', ({ statement }) =>
    isCreateTable(statement) &&
    !statement.tokens.slice(statement.rest).some(({ upper }) => upper === 'LOCATION')
      ? 'No location was specified for table. An S3 location must be specified'
      : undefined,
  ),

  rule('create.property.unknown', 'querying-iceberg-creating-tables', ({ statement }) => {
    if (!isCreateTable(statement) || !isIceberg(statement)) return undefined;
    const found = [...statement.properties.keys()].find(name => !ICEBERG_TABLE_PROPERTIES.has(name));
    return found && `Unsupported table property key: ${found}`;
  }),

  rule('create.types', 'querying-iceberg-supported-data-types', ({ statement }) => {
    if (!isCreateTable(statement) || !isIceberg(statement)) return undefined;
    for (const [, ...type] of statement.columns) {
      const found = unsupportedType(withoutComment(type));
      if (found !== undefined) return `Unsupported type for Iceberg: ${found}`;
    }
    return undefined;
  }),

  rule('create.transforms', 'querying-iceberg-creating-tables', ({ statement }) => {
    if (!isCreateTable(statement) || !isIceberg(statement)) return undefined;
    for (const part of partitionsOf(statement)) {
      if (part.length === 1) continue;
      if (part[1].text !== '(') return `Column type must not be specified in PARTITIONED BY: ${shown(part)}`;
      if (!TRANSFORMS.has(nameOf(part[0]))) return `Unknown partition transform: ${shown(part)}`;
    }
    return undefined;
  }),
];

function withoutComment(tokens) {
  const at = tokens.findIndex(({ upper }) => upper === 'COMMENT');
  return at < 0 ? tokens : tokens.slice(0, at);
}

/** The tokens of each entry of PARTITIONED BY. */
export function partitionsOf({ tokens, rest }) {
  const at = tokens.findIndex(({ upper }, index) => index >= rest && upper === 'PARTITIONED');
  return at < 0 ? [] : splitAtCommas(tokens.slice(at + 3, closing(tokens, at + 2)));
}

/** The part of a DDL type that Athena does not know, or undefined. */
function unsupportedType(tokens) {
  const name = nameOf(tokens[0]);
  if (!ICEBERG_DDL_TYPES.has(name)) return shown(tokens);
  if (name === 'decimal' && Number(tokens[2]?.text ?? 10) > DECIMAL_PRECISION_MAX) return shown(tokens);
  if (!['array', 'map', 'struct'].includes(name))
    return tokens.length > 1 && name !== 'decimal' ? shown(tokens) : undefined;
  const inner = splitAtCommas(tokens.slice(2, -1));
  const types = name === 'struct' ? inner.map(field => field.slice(2)) : inner;
  return types.map(unsupportedType).find(found => found !== undefined);
}
