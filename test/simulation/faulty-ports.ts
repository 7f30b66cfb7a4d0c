import type { LakePorts } from '../../lib/ports/lake-ports';
import type { ObjectStore } from '../../lib/ports/object-store';
import type { Actor } from './scheduler';

/**
 * What befalls a port call. before: the process dies and nothing happens. after: it happens, then the process dies.
 * lost: it happens, but the answer is an error. refused: an error, and nothing happens.
 */
export type Fault = 'none' | 'before' | 'after' | 'lost' | 'refused';

/** Decides the fault of the actor's next call. */
export type FaultPlan = (call: string, actor: Actor) => Fault;

export const NO_FAULTS: FaultPlan = () => 'none';

/** The ports of one actor: every call waits for its turn and may meet a fault. */
export function faultyPorts(ports: LakePorts, actor: Actor, plan: FaultPlan): LakePorts {
  const call = async <T>(name: string, effect: () => Promise<T>): Promise<T> => {
    await actor.gate(name);
    const fault = plan(name, actor);
    if (fault === 'before') return actor.crash();
    if (fault === 'refused') throw new Error(`simulated: ${name} was refused`);
    const answer = await effect();
    if (fault === 'after') return actor.crash();
    if (fault === 'lost') throw new Error(`simulated: the answer of ${name} was lost`);
    return answer;
  };
  const { items, catalog, clock } = ports;
  return {
    ...ports,
    clock: { now: () => clock.now(), pause: ms => call('clock.pause', () => clock.pause(ms)) },
    store: faultyStore(ports.store, call),
    items: {
      get: key => call('items.get', () => items.get(key)),
      query: (partition, prefix, options) =>
        call('items.query', () => items.query(partition, prefix, options)),
      transact: actions => call('items.transact', () => items.transact(actions)),
    },
    catalog: {
      load: table => call('catalog.load', () => catalog.load(table)),
      create: (table, metadata) => call('catalog.create', () => catalog.create(table, metadata)),
      swap: (table, base, metadata) => call('catalog.swap', () => catalog.swap(table, base, metadata)),
      list: () => call('catalog.list', () => catalog.list()),
    },
  };
}

function faultyStore(
  store: ObjectStore,
  call: <T>(name: string, effect: () => Promise<T>) => Promise<T>,
): ObjectStore {
  return {
    uri: key => store.uri(key),
    keyOf: uri => store.keyOf(uri),
    head: key => call('store.head', () => store.head(key)),
    get: key => call('store.get', () => store.get(key)),
    range: (key, start, end) => call('store.range', () => store.range(key, start, end)),
    stream: (key, etag) => store.stream(key, etag),
    putIfAbsent: (key, body) => call('store.putIfAbsent', () => store.putIfAbsent(key, body)),
    put: (key, body) => call('store.put', () => store.put(key, body)),
    list: (prefix, after) => store.list(prefix, after),
    delete: key => call('store.delete', () => store.delete(key)),
    deleteMany: keys => call('store.deleteMany', () => store.deleteMany(keys)),
  };
}
