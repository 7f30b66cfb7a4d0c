import type { Invocation } from '../../lambdas/time';
import type { AwsQueryLake } from '../../lib/runtime/aws-queries';
import type { AwsStreamLake } from '../../lib/runtime/aws-streams';
import type { Actor } from './scheduler';

/** A lake as each of its functions sees it. */
export type SimulatedLake = AwsQueryLake & AwsStreamLake;

/**
 * What befalls a call of AWS. before, after: the process is killed then. refused, lost: an error that the SDK gave up
 * on, of a call that did nothing, or did it. throttled, unclear: the same, but the SDK tries again, and it works out.
 */
export type AwsFault = 'none' | 'before' | 'after' | 'refused' | 'lost' | 'throttled' | 'unclear';

/** One invocation of a function. */
export interface Process {
  readonly actor: Actor;
  /** Decides the fault of the next call. */
  readonly fault: (call: string) => AwsFault;
  /** Told when the process is killed. */
  readonly killed: () => void;
  /** Its clock, and how long it may run. */
  readonly invocation: Invocation;
}

type Call = <T>(name: string, effect: () => Promise<T>) => Promise<T>;

/** What answers a repeated call as it did the first time: by its request token, or by a look at what stands there. */
const SETTLED = ['items.transact', 'store.putIfAbsent'];

/** Every call waits for its turn and may meet a fault; a process whose time is over is killed at its next call. */
function callOf({ actor, fault, killed, invocation }: Process): Call {
  const kill = () => {
    killed();
    return actor.crash();
  };
  return async <T>(name: string, effect: () => Promise<T>): Promise<T> => {
    let first: { readonly answer: T } | undefined;
    for (;;) {
      await actor.gate(name);
      if (invocation.getRemainingTimeInMillis() <= 0) return kill();
      const met = fault(name);
      if (met === 'before') return kill();
      if (met === 'refused') throw new Error(`simulated: ${name} was refused`);
      if (met === 'throttled') continue;
      const answer = first && SETTLED.includes(name) ? first.answer : await effect();
      if (met === 'after') return kill();
      if (met === 'lost') throw new Error(`simulated: the answer of ${name} was lost`);
      if (met !== 'unclear') return answer;
      first ??= { answer };
    }
  };
}

/** The lake of one invocation. */
export function portsOf(lake: SimulatedLake, process: Process): SimulatedLake {
  const call = callOf(process);
  const ports = {
    ...lake.ports,
    store: through('store', lake.ports.store, call),
    items: through('items', lake.ports.items, call),
    catalog: through('catalog', lake.ports.catalog, call),
  };
  const queryPorts = {
    ...lake.queryPorts,
    ...ports,
    jobs: through('jobs', lake.queryPorts.jobs, call),
    staging: through('staging', lake.queryPorts.staging, call),
  };
  return {
    ...lake,
    ports,
    queryPorts,
    landing: through('landing', lake.landing, call),
    wakeUps: through('wakeUps', lake.wakeUps, call),
  };
}

type Members = Readonly<Record<string, unknown>>;
type Method = (...args: readonly unknown[]) => unknown;

/** Members that call nothing. */
const PLAIN = ['uri', 'keyOf'];
/** Members whose answer comes in pieces: their first request is the one that fails. */
const STREAMED = ['list', 'stream'];

/** A port, each of whose methods is a call. */
function through<Port extends object>(name: string, port: Port, call: Call): Port {
  const members = Object.entries(port as Members).map(([member, value]) => {
    if (typeof value !== 'function' || PLAIN.includes(member)) return [member, value];
    const method = value as Method;
    const full = `${name}.${member}`;
    if (STREAMED.includes(member) && (name === 'store' || name === 'landing')) {
      const streamed = async function* (...args: readonly unknown[]) {
        await call(full, async () => undefined);
        yield* method(...args) as AsyncIterable<unknown>;
      };
      return [member, streamed];
    }
    return [member, (...args: readonly unknown[]) => call(full, async () => method(...args))];
  });
  return Object.fromEntries(members) as Port;
}
