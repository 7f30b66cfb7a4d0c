import { join } from 'node:path';
import type { Chances } from './chances';
import { type Environment, type Invoked, startEnvironment } from './environment';
import type { LambdaFunction } from './functions';

/** The functions of a lake, each with as many processes as it runs at once. */
export interface Fleet {
  invoke(name: string, event: unknown): Promise<Invoked>;
  /** Kills whatever processes of a function are at work. */
  kill(name: string): void;
  byArn(arn: string): LambdaFunction;
  named(name: string): LambdaFunction;
  /** The principal that the calls of a function bear. */
  principal(name: string): string;
  /** The most memory that a process of a function ever held, in MB. */
  readonly memoryMb: ReadonlyMap<string, number>;
  /** What failed invocations said, killed ones left out. */
  readonly errors: readonly { readonly name: string; readonly error: string }[];
  /** Invocations that were killed. */
  readonly killed: number;
  /**
   * Moves the lake's clock on. Trino has the machine's, and refuses to write to a table whose last commit is more than a
   * minute ahead of it: where it goes on writing, the lake's clock begins in the past.
   */
  pass(ms: number): void;
  /** The lake's clock, milliseconds since 1970. */
  now(): number;
  stop(): void;
}

export interface FleetOptions {
  readonly node: string;
  /** Distinguishes the calls of this lake from those of others on the same stand-ins. */
  readonly lake: string;
  /** The folder of the functions' logs. */
  readonly logs: string;
  readonly chances: Chances;
  /** How far the lake's clock is before this machine's at first; see `pass`. */
  readonly aheadMs?: number;
}

export function openFleet(lambdas: readonly LambdaFunction[], options: FleetOptions): Fleet {
  const { node, lake, logs, chances } = options;
  const idle = new Map<string, Environment[]>(lambdas.map(({ name }) => [name, []]));
  const all = new Set<Environment>();
  const memoryMb = new Map<string, number>();
  const errors: { name: string; error: string }[] = [];
  const working = new Map<Environment, string>();
  let killed = 0;
  let { aheadMs = 0 } = options;
  let stopped = false;
  const principal = (name: string) => `${lake}-${name}`;
  const named = (name: string) => {
    const lambda = lambdas.find(one => one.name === name);
    if (!lambda) throw new Error(`no function ${name}`);
    return lambda;
  };
  const start = (name: string) => {
    const lambda = named(name);
    const machine = { node, principal: principal(name), log: join(logs, `${name}.log`) };
    const environment = startEnvironment(lambda, machine);
    all.add(environment);
    return environment;
  };
  return {
    async invoke(name, event) {
      if (stopped) throw new Error('the lake is stopped');
      const waiting = idle.get(name)!;
      while (waiting.at(-1)?.alive === false) waiting.pop();
      const environment = waiting.pop() ?? start(name);
      const killAfterMs = chances.killAfterMs();
      working.set(environment, name);
      const invoked = await environment.invoke({ event, aheadMs, killAfterMs });
      working.delete(environment);
      if (environment.alive) waiting.push(environment);
      if (invoked.memoryMb) memoryMb.set(name, Math.max(memoryMb.get(name) ?? 0, invoked.memoryMb));
      if (!invoked.ok && invoked.error.endsWith('SIGKILL')) killed++;
      else if (!invoked.ok) errors.push({ name, error: invoked.error });
      return invoked;
    },
    kill(name) {
      for (const [environment, of] of working) if (of === name) environment.kill();
    },
    byArn(arn) {
      const found = lambdas.find(lambda => lambda.arn === arn || lambda.ref === arn);
      if (!found) throw new Error(`no function ${arn}`);
      return found;
    },
    named,
    principal,
    memoryMb,
    errors,
    get killed() {
      return killed;
    },
    pass(ms) {
      aheadMs += ms;
    },
    now: () => Date.now() + aheadMs,
    stop() {
      stopped = true;
      for (const environment of all) environment.kill();
    },
  };
}
