import { nameFault } from './reserved';

/** A table name made of a file's or a source's: `Order Items` -> `order_items`. Always one the lake accepts. */
export function tableNameOf(source: string): string {
  const words = source
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .slice(0, 90);
  if (words === '') return 'table_1';
  const name = /^[0-9]/.test(words) ? `t_${words}` : words;
  return nameFault(name) ? `${name}_table` : name;
}

/** The names one thing of a table may go by, the table's own first: employees -> employees, employee. */
export function singularsOf(table: string): string[] {
  const forms = [table];
  if (/ies$/.test(table)) forms.push(table.replace(/ies$/, 'y'));
  if (/(?:s|x|z|ch|sh)es$/.test(table)) forms.push(table.replace(/es$/, ''));
  if (/[^s]s$/.test(table)) forms.push(table.replace(/s$/, ''));
  return forms;
}
