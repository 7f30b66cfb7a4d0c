import type { ResolvedLake, SourceTable } from '../config/resolved';
import { tablesFor } from '../config/resolved';
import { tableOfStrings, undeclaredFault, undeclaredName } from '../config/undeclared';
import { listUndeclared, noteUndeclared } from '../ledger/undeclared-tables';
import type { LakePorts } from '../ports/lake-ports';

type Ledger = Pick<LakePorts, 'items'>;

/**
 * Gives the lake the tables that came in undeclared, whoever noted them, so that every stage knows them as it knows the
 * declared ones, which come first where two have a name. Each run of a function asks, as the config of its process may be
 * hours old. The lake's own list grows: all that holds the config sees them. Nothing is asked where they are refused.
 * @returns how many the ledger has
 */
export async function learnUndeclared({ items }: Ledger, lake: ResolvedLake): Promise<number> {
  if (lake.undeclared !== 'strings') return 0;
  const noted = await listUndeclared(items);
  for (const { name, schema, table } of noted) {
    if (lake.tables.some(known => known.name === name)) continue;
    const from = { ...(schema === undefined ? {} : { schema }), table };
    lake.tables.push(tableOfStrings(lake, name, from));
  }
  return noted.length;
}

/**
 * Notes source tables that no table takes in, each before its first record, and gives them to the lake. Where one cannot
 * be, the lake stays without it (undeclaredFault). A crash leaves a table to which nothing has come.
 */
export async function noteSources(
  ports: Pick<LakePorts, 'items' | 'clock'>,
  lake: ResolvedLake,
  sources: readonly SourceTable[],
): Promise<void> {
  let listed = await learnUndeclared(ports, lake);
  for (const source of sources) {
    while (tablesFor(lake, source).length === 0 && undeclaredFault(lake, source) === undefined) {
      const name = undeclaredName(source)!;
      const noted = await noteUndeclared(ports.items, listed, { ...source, name, at: ports.clock.now() });
      if (noted) lake.tables.push(tableOfStrings(lake, name, source));
      listed = noted ? listed + 1 : await learnUndeclared(ports, lake);
    }
  }
}
