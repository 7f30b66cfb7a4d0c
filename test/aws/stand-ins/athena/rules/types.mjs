// Types that Trino takes and Athena does not, in what a statement writes or a view shows. Columns come from the engine
// itself, so a type inside an expression is judged as well as a named one.
import { isIceberg } from '../statement.mjs';
import { rule } from './rule.mjs';

/**
 * apache/iceberg#15761: `Unsupported Hive type: timestamp(6) with time zone` from CTAS, INSERT and views, while SELECT
 * reads such columns.
 */
const ZONED = /(?:timestamp|time)(?:\(\d+\))? with time zone/;

/** querying-iceberg-supported-data-types: no Athena type writes these to Iceberg. */
const NOT_IN_ICEBERG =
  /\b(?:tinyint|smallint|char(?:\(\d+\))|time\(\d+\)|interval [\w ]+|json|ipaddress|hyperloglog)/i;

const column = ({ columns }, refuses) => columns.find(({ type }) => refuses(type));

const writesIceberg = ({ statement }) => statement.sub === 'CREATE_TABLE_AS_SELECT' && isIceberg(statement);

/** Rules of { statement, columns: { name, type }[], target: those of an INSERT's table }. */
export const TYPE_RULES = [
  rule('types.zone.written', 'https://github.com/apache/iceberg/issues/15761', given => {
    if (!['CREATE_TABLE_AS_SELECT', 'CREATE_VIEW'].includes(given.statement.sub)) return undefined;
    const found = column(given, type => ZONED.test(type));
    return found && `NOT_SUPPORTED: Unsupported Hive type: ${ZONED.exec(found.type)[0]}`;
  }),

  rule('types.zone.target', 'https://github.com/apache/iceberg/issues/15761', given => {
    const found = column({ columns: given.target }, type => ZONED.test(type));
    return found && `NOT_SUPPORTED: Unsupported Hive type: ${ZONED.exec(found.type)[0]}`;
  }),

  rule('types.precision', 'querying-iceberg-considerations-limitations', given => {
    // now(), current_timestamp, from_unixtime and date_parse give 3. INSERT widens by itself, CTAS does not.
    if (!writesIceberg(given)) return undefined;
    const precision = type => /timestamp\((\d+)\)(?! with)/.exec(type)?.[1];
    const found = column(given, type => precision(type) !== undefined && precision(type) !== '6');
    return (
      found &&
      `NOT_SUPPORTED: Timestamp precision (${precision(found.type)}) not supported for Iceberg. Use "timestamp(6)" instead.`
    );
  }),

  rule('types.iceberg', 'querying-iceberg-supported-data-types', given => {
    if (!writesIceberg(given)) return undefined;
    const found = column(given, type => NOT_IN_ICEBERG.test(type));
    return found && `NOT_SUPPORTED: Type not supported for Iceberg: ${NOT_IN_ICEBERG.exec(found.type)[0]}`;
  }),

  rule('types.view', 'create-view', given => {
    const unknown = /\b(?:time\(\d+\)|interval [\w ]+|json|hyperloglog|uuid|ipaddress|unknown)/i;
    if (given.statement.sub !== 'CREATE_VIEW') return undefined;
    const found = column(given, type => unknown.test(type));
    return found && `NOT_SUPPORTED: Unsupported Hive type: ${unknown.exec(found.type)[0]}`;
  }),
];
