import type { InferredTable } from './infer';

/** What goes into a first config: the lake's name and the tables inferred from sample files. */
export interface ConfigDraft {
  readonly name: string;
  readonly tables: readonly InferredTable[];
}

/**
 * The text of a commented tidemark.config.ts. A table without a key gets `key: [], // TODO`, which loads and
 * which ingest refuses (TM_1010). `from` is a table's key in the source's own spelling.
 */
export function configText(draft: ConfigDraft): string {
  return `import { defineLake } from 'tidemark';

// Every option: docs/config.md. Nothing has to be built: the command line reads this file as it is.
export default defineLake({
  name: ${quoted(draft.name)},
  timezone: 'UTC', // a date ends when it ends here
  tables: {
${draft.tables.map(tableText).join('')}  },
  reports: {
${draft.tables.map(reportText).join('')}  },
});
`;
}

function tableText(table: InferredTable): string {
  const lines = [
    table.from === undefined ? [] : `from: ${quoted(table.from)},`,
    keyText(table),
    'columns: {',
    table.columns.map(column => {
      const comment = column.unsure === undefined ? '' : ` // unsure: ${oneLine(column.unsure)}`;
      return `  ${property(column.name)}: ${quoted(column.type)},${comment}`;
    }),
    '},',
    table.omit.length === 0 ? [] : `omit: ${list(table.omit)}, // names the lake uses itself`,
    table.delimiter === undefined ? [] : `format: { delimiter: ${quoted(table.delimiter)} },`,
    "// partitionBy: ['month(<column>)'],",
    '// deletedWhen: { column: <column>, equals: true },',
  ].flat();
  return `    ${property(table.name)}: {\n${lines.map(line => `      ${line}\n`).join('')}    },\n`;
}

function keyText({ key, rows, chosen }: InferredTable): string {
  if (key.length === 0) return 'key: [], // TODO: name the columns that identify a row';
  const why = chosen ? 'as chosen' : `unique and not null in ${rows.toLocaleString('en')} rows`;
  return `key: ${list(key)}, // ${why}`;
}

function reportText({ name }: InferredTable): string {
  return `    // ${name}_daily: { table: ${quoted(name)}, schedule: 'daily' },\n`;
}

function list(names: readonly string[]): string {
  return `[${names.map(quoted).join(', ')}]`;
}

function property(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}

/** A string literal in single quotes; whatever stands in a header stays data. */
function quoted(text: string): string {
  const inner = JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'");
  return `'${inner.replace(/\u2028/g, '\\u2028').replace(/\u2029/g, '\\u2029')}'`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
