import { type ResolvedLake, type ResolvedTable, type SourceTable, tablesFor } from '../../config/resolved';
import type { DmsSource } from './source';

/** DMS counts its rules; names of rules are their numbers. */
type Rule = Readonly<Record<string, unknown>>;

const EVERYTHING = { 'schema-name': '%', 'table-name': '%' };

/**
 * Which tables are replicated, and what is added to their rows and left out of them.
 *
 * `AR_H_CHANGE_SEQ` orders the changes of a table whatever file they come in. Before-images of the key are what a
 * key change is recognised by: without them the row under the old key would stay for ever.
 */
export function tableMappings(lake: ResolvedLake, source: DmsSource): { rules: Rule[] } {
  const tables = Object.entries(source.schemas).flatMap(([schema, names]) =>
    names.map(table => ({ schema, table })),
  );
  const rules = [
    ...tables.map(include),
    changeSequence,
    ...(source.kind === 'dms-s3' ? [beforeImages] : tables.map(inOneShard)),
    ...tables.flatMap(table => omittedBy(tablesFor(lake, table)).map(column => leaveOut(table, column))),
  ];
  return {
    rules: rules.map((rule, i) => ({ 'rule-id': String(i + 1), 'rule-name': String(i + 1), ...rule })),
  };
}

/** What none of the tables takes, nor needs to tell its rows from those of others. */
function omittedBy([first, ...others]: readonly ResolvedTable[]): string[] {
  const all = [first, ...others].flatMap(table => table ?? []);
  return (first?.omit ?? []).filter(column =>
    all.every(({ omit, where = {} }) => omit.includes(column) && !Object.hasOwn(where, column)),
  );
}

const locator = ({ schema, table }: SourceTable) => ({ 'schema-name': schema, 'table-name': table });

const include = (table: SourceTable): Rule => ({
  'rule-type': 'selection',
  'rule-action': 'include',
  'object-locator': locator(table),
  filters: [],
});

const changeSequence: Rule = {
  'rule-type': 'transformation',
  'rule-target': 'column',
  'rule-action': 'add-column',
  'object-locator': EVERYTHING,
  value: 'AR_H_CHANGE_SEQ',
  expression: '$AR_H_CHANGE_SEQ',
  'data-type': { type: 'string', length: 50 },
};

/** Of the key alone. The task setting of the same purpose does nothing on an S3 target. */
const beforeImages: Rule = {
  'rule-type': 'transformation',
  'rule-target': 'column',
  'rule-action': 'add-before-image-columns',
  'object-locator': EVERYTHING,
  'before-image-def': { prefix: 'BI_', suffix: '', 'column-filter': 'pk-only' },
};

/** A table's records share a partition key: another table's may overtake them, their own never. */
const inOneShard = (table: SourceTable): Rule => ({
  'rule-type': 'object-mapping',
  'rule-action': 'map-record-to-record',
  'object-locator': locator(table),
  'mapping-parameters': { 'partition-key-type': 'schema-table' },
});

/** What never enters the lake does not leave the database either. */
const leaveOut = (table: SourceTable, column: string): Rule => ({
  'rule-type': 'transformation',
  'rule-target': 'column',
  'rule-action': 'remove-column',
  'object-locator': { ...locator(table), 'column-name': column },
});
