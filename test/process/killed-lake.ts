import { systemClock } from '../../lib/adapters/local/clock';
import { randomIds } from '../../lib/adapters/local/ids';
import { localStore } from '../../lib/adapters/local/object-store';
import { catalogOverStore } from '../../lib/adapters/store-catalog';
import { resolveLake } from '../../lib/config/resolve';
import type { ResolvedLake } from '../../lib/config/resolved';
import type { Items } from '../../lib/ports/items';
import type { LakePorts } from '../../lib/ports/lake-ports';

/** The lake that processes are killed in: the world of the simulation, on a disk. */
export const TABLES = ['one', 'two'] as const;

const TABLE = {
  key: ['id'],
  columns: { id: 'bigint', a: 'int', b: 'string' },
  format: { opColumn: 'op', sequenceColumn: 'at' },
};

export function killedLake(): ResolvedLake {
  const tables = { one: { ...TABLE, partitionBy: ['bucket(2, id)'] }, two: TABLE };
  return resolveLake({ name: 'killed', tables }, '/config/tidemark.config.ts');
}

/** The table of each file comes from the file itself, so that its number is all a process must know. */
export const fileName = (i: number) => `${i}/${TABLES[i % 3 === 2 ? 1 : 0]}.jsonl`;

/** @param watched stands between the stages and each port */
export function localPorts(
  folder: string,
  items: Items,
  watched: <T extends object>(port: T) => T = port => port,
): LakePorts {
  const store = watched(localStore(folder));
  return {
    store,
    items: watched(items),
    catalog: catalogOverStore(store),
    clock: systemClock(),
    ids: randomIds(),
  };
}
