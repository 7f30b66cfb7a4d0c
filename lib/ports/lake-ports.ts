import type { Catalog } from './catalog';
import type { Clock } from './clock';
import type { Ids } from './ids';
import type { Items } from './items';
import type { ObjectStore } from './object-store';

/** What every stage stands on: the lake's objects, ledger and catalog, the time and fresh names. */
export interface LakePorts {
  readonly store: ObjectStore;
  readonly items: Items;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly ids: Ids;
}
