import { widens } from '../../../columnar/kernels';
import type { PrimitiveType } from '../../../columnar/types';
import { mixedSchemas } from '../errors';
import type { Layout, StoredColumn } from './footers';

/**
 * The columns of a table whose files may differ in the order of columns and in how wide their types are. What most files
 * have is held to be right, and every other file is listed.
 * @throws TM_2712 when names differ or types do not widen to one
 */
export function oneLayout(table: string, layouts: readonly Layout[]): readonly StoredColumn[] {
  const [first, ...rest] = layouts;
  if (!first) return [];
  if (rest.length === 0) return first.columns;
  const usual = rest.reduce((most, layout) => (layout.uris.length > most.uris.length ? layout : most), first);
  const differences = layouts.flatMap(layout => {
    const found = differ(layout.columns, usual.columns);
    return found.length === 0 ? [] : layout.uris.map(uri => `${uri}: ${found.join(', ')}`);
  });
  if (differences.length > 0) throw mixedSchemas(table, differences);
  return usual.columns.map(({ name }) => ({ name, type: widest(name, layouts) }));
}

/** What the columns have that the usual ones have not, and the other way round. */
function differ(columns: readonly StoredColumn[], usual: readonly StoredColumn[]): string[] {
  const types = new Map(columns.map(c => [c.name, c.type]));
  const known = new Map(usual.map(c => [c.name, c.type]));
  const lacking = usual.filter(c => !types.has(c.name)).map(c => `no column ${c.name}`);
  const others = columns.flatMap(({ name, type }) => {
    const right = known.get(name);
    if (right === undefined) return [`a column ${name} of its own`];
    return widens(type, right) || widens(right, type) ? [] : [`column ${name} is ${type}, not ${right}`];
  });
  return [...lacking, ...others];
}

/** Types that each widen to or from the usual one stand in one line: the widest holds all. */
function widest(name: string, layouts: readonly Layout[]): PrimitiveType {
  const types = layouts.map(({ columns }) => columns.find(c => c.name === name)!.type);
  return types.reduce((wide, type) => (widens(wide, type) ? type : wide));
}
