import { randomUUID } from 'node:crypto';
import type { Deployed } from '../../deployer/deploy';
import { ofType, type Resource } from '../../deployer/resource';
import type { Chances } from '../chances';
import type { Invoked } from '../environment';
import type { Fleet } from '../fleet';
import { check, type Definition } from './definition';
import type { Scope } from './paths';
import { run, StateFailed } from './runner';

/** An execution of a machine, of whichever level. */
export interface Execution {
  readonly arn: string;
  readonly name: string;
  readonly machineArn: string;
  /** Of an item of a distributed map: the map's label, and the execution that has it. */
  readonly item?: { readonly label: string; readonly of: string };
  readonly input: string;
  readonly startDate: number;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';
  stopDate?: number;
  output?: string;
  error?: string;
  cause?: string;
}

/** An answer of Step Functions that is an error. */
export class Refused extends Error {
  constructor(
    readonly type: string,
    message = '',
  ) {
    super(message);
  }
}

/** The state machines of a lake, and all that they ever ran. */
export interface Executions {
  /** @throws Refused */
  start(machineArn: string, name: string | undefined, input: string): Execution;
  /** @throws Refused */
  find(arn: string): Execution;
  /** Newest first; without those of items. */
  list(machineArn: string): Execution[];
  /** What it has begun goes on to its end; nothing new is begun. @throws Refused */
  stop(arn: string, why: { readonly error?: string; readonly cause?: string }): Execution;
  /** Those of all machines and items, oldest first. */
  readonly all: readonly Execution[];
  /** Functions that machines called. */
  readonly invoked: ReadonlySet<string>;
  /** When it has ended. */
  ended(arn: string): Promise<Execution>;
}

export function executionsOf({ resources }: Deployed, fleet: Fleet, chances: Chances): Executions {
  const machines = new Map(
    ofType(resources, 'AWS::StepFunctions::StateMachine').map(resource => [
      resource.ref,
      definitionOf(resource),
    ]),
  );
  const all: Execution[] = [];
  const invoked = new Set<string>();
  const ends = new Map<string, Promise<void>>();
  const find = (arn: string) => {
    const found = all.find(one => one.arn === arn);
    if (!found) throw new Refused('ExecutionDoesNotExist', arn);
    return found;
  };
  const begin = (machineArn: string, name: string, input: unknown, item?: Execution['item']): Execution => {
    const of = machineArn.replace(':stateMachine:', ':execution:');
    const execution: Execution = {
      arn: item ? `${of}/${item.label}:${name}` : `${of}:${name}`,
      name,
      machineArn,
      input: JSON.stringify(input),
      startDate: fleet.now(),
      status: 'RUNNING',
      ...(item ? { item } : {}),
    };
    all.push(execution);
    return execution;
  };
  /** @throws StateFailed when it did not succeed */
  const follow = async (execution: Execution, definition: Definition, scope: Scope): Promise<unknown> => {
    const { machineArn } = execution;
    const goOn = () => {
      if (execution.status === 'ABORTED') throw new StateFailed('States.Aborted', '');
    };
    const invoke = async (functionArn: string, payload: unknown) => {
      invoked.add(functionArn);
      const { name } = fleet.byArn(functionArn);
      // Step Functions may call a function twice for one answer.
      const calls = Array.from({ length: chances.twiceAtOnce() ? 2 : 1 }, () => fleet.invoke(name, payload));
      const [answer] = (await Promise.all(calls)) as [Invoked];
      if (answer.ok) return answer.answer;
      const { type: errorType = 'Runtime.ExitError', message: errorMessage = answer.error } = answer;
      throw new StateFailed(errorType, JSON.stringify({ errorType, errorMessage }));
    };
    const child = async (map: { label: string; processor: Definition }, of: Scope) => {
      goOn();
      const item = { label: map.label, of: execution.arn };
      const one = begin(machineArn, randomUUID(), of.input, item);
      return follow(one, map.processor, of);
    };
    try {
      const output = await run(definition, scope, { goOn, invoke, child });
      goOn();
      end(execution, 'SUCCEEDED', { output: JSON.stringify(output) });
      return output;
    } catch (error) {
      const failed = error instanceof StateFailed ? error : new StateFailed('States.Runtime', String(error));
      if (execution.status === 'RUNNING')
        end(execution, 'FAILED', { error: failed.error, cause: failed.cause });
      throw failed;
    }
  };
  const end = (execution: Execution, status: Execution['status'], what: Partial<Execution>) =>
    Object.assign(execution, { status, stopDate: fleet.now(), ...what });
  return {
    start(machineArn, given, input) {
      const definition = machines.get(machineArn);
      if (!definition) throw new Refused('StateMachineDoesNotExist', machineArn);
      const name = given ?? randomUUID();
      const same = all.find(e => e.machineArn === machineArn && !e.item && e.name === name);
      const asked: unknown = JSON.parse(input);
      if (same?.status === 'RUNNING' && same.input === JSON.stringify(asked)) return same;
      if (same) throw new Refused('ExecutionAlreadyExists', name);
      const execution = begin(machineArn, name, asked);
      const context = { Execution: { Id: execution.arn, Name: name, Input: asked } };
      // How it ended stands in the execution itself.
      const over = follow(execution, definition, { input: asked, context }).then(
        () => {},
        () => {},
      );
      ends.set(execution.arn, over);
      return execution;
    },
    find,
    list: machineArn => all.filter(e => e.machineArn === machineArn && !e.item).reverse(),
    stop(arn, why) {
      const execution = find(arn);
      const own = all.filter(one => one === execution || one.item?.of === arn);
      for (const one of own) if (one.status === 'RUNNING') end(one, 'ABORTED', why);
      return execution;
    },
    all,
    invoked,
    async ended(arn) {
      await ends.get(find(arn).arn);
      return find(arn);
    },
  };
}

const definitionOf = ({ properties }: Resource): Definition =>
  check(JSON.parse(properties.DefinitionString as string) as Definition);
