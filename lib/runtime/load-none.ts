import type { TidemarkError } from '../errors';
import { pastLoads } from '../ledger/loads';
import { heldObjects } from '../ledger/reloads';
import type { Items } from '../ports/items';
import { noLoad } from '../stages/load/run-errors';

/** For a command that only looks at a load, or ends it: how it stands with those that were. */
export async function noneUnderWay(items: Items, table: string): Promise<TidemarkError> {
  const [last] = await pastLoads(items, table, 1);
  const became = last?.n === undefined ? 'was given up' : `was committed as entry ${last.n}`;
  const state = last ? `the last one ${became}` : 'the table was never loaded';
  return noLoad(table, state, `nothing is to be done; see: tidemark load status ${table}`);
}

/** For one that goes on with a load, or begins it, and was told of no copy. */
export async function noneToGoOn(items: Items, table: string, replaces: boolean): Promise<TidemarkError> {
  const begin = `begin one: tidemark load run ${table} <where the copy is>${replaces ? ' --replace' : ''}`;
  const from = new Set<string>();
  if (replaces)
    for await (const { object } of heldObjects(items, table))
      from.add(object.slice(0, object.lastIndexOf('/') + 1));
  // A lake in a folder knows of a path its last folders alone.
  const held =
    from.size === 0 ? '' : `; the LOAD files that are held came from .../${[...from].join(', .../')}`;
  return noLoad(table, 'and no copy is named', begin + held);
}
