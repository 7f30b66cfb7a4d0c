import { setTimeout as pause } from 'node:timers/promises';
import type { Definition, Retrier, Rule, State } from './definition';
import { fill, put, read, type Scope } from './paths';

/** How a state ended that did not succeed, in Step Functions' words. */
export class StateFailed extends Error {
  constructor(
    readonly error: string,
    override readonly cause: string,
  ) {
    super(`${error}: ${cause}`);
  }
}

/** What a machine runs on. */
export interface Surroundings {
  /** @throws StateFailed */
  invoke(functionArn: string, payload: unknown): Promise<unknown>;
  /** Runs an item of a map as an execution of its own. @throws StateFailed */
  child(map: { readonly label: string; readonly processor: Definition }, scope: Scope): Promise<unknown>;
  /** Throws once the execution was stopped. */
  goOn(): void;
}

/** Two processors: more executions at once than the machine can run prove nothing more. */
const CHILDREN_MAX = 2;
/** Nobody here waits for minutes. */
const SHORTENED = 0.02;

/** Runs a checked definition from its first state to its end. @throws StateFailed */
export async function run(definition: Definition, start: Scope, around: Surroundings): Promise<unknown> {
  const { context } = start;
  let name = definition.StartAt;
  let { input } = start;
  for (;;) {
    around.goOn();
    const state = definition.States[name];
    if (!state) throw new Error(`no state ${name}`);
    if (state.Type === 'Fail') throw new StateFailed(state.Error ?? '', state.Cause ?? '');
    const scope = { input: read(state.InputPath ?? '$', { input, context }), context };
    const { output, next } = await step(state, scope, around);
    input = output;
    if (next === undefined) return input;
    name = next;
  }
}

interface Done {
  readonly output: unknown;
  readonly next?: string | undefined;
}

async function step(state: State, scope: Scope, around: Surroundings): Promise<Done> {
  const { context } = scope;
  const out = (output: unknown) => read(state.OutputPath ?? '$', { input: output, context });
  if (state.Type === 'Choice') return { output: out(scope.input), next: chosen(state, scope) };
  try {
    const output = await tried(state, scope, around);
    return { output: out(output), next: state.Next };
  } catch (error) {
    const caught = error instanceof StateFailed && state.Catch?.find(c => fits(c.ErrorEquals, error.error));
    if (!caught) throw error;
    const { error: named, cause } = error as StateFailed;
    return { output: put(caught.ResultPath, scope, { Error: named, Cause: cause }), next: caught.Next };
  }
}

function chosen({ Choices = [], Default }: State, scope: Scope): string {
  const next = Choices.find(rule => holds(rule, scope))?.Next ?? Default;
  if (next === undefined) throw new StateFailed('States.NoChoiceMatched', '');
  return next;
}

function holds({ Variable, BooleanEquals, StringEquals, NumericEquals }: Rule, scope: Scope): boolean {
  return read(Variable, scope) === (BooleanEquals ?? StringEquals ?? NumericEquals);
}

/** As often as its retriers allow, each by a count of its own. */
async function tried(state: State, scope: Scope, around: Surroundings): Promise<unknown> {
  const tries = new Map<Retrier, number>();
  for (;;) {
    try {
      return await once(state, scope, around);
    } catch (error) {
      const retrier =
        error instanceof StateFailed && state.Retry?.find(r => fits(r.ErrorEquals, error.error));
      if (!retrier) throw error;
      const before = tries.get(retrier) ?? 0;
      if (before >= (retrier.MaxAttempts ?? 3)) throw error;
      tries.set(retrier, before + 1);
      const { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Infinity } = retrier;
      await pause(Math.min(IntervalSeconds * BackoffRate ** before, MaxDelaySeconds) * 1000 * SHORTENED);
      around.goOn();
    }
  }
}

const fits = (errors: readonly string[], error: string) =>
  errors.some(
    one =>
      one === error || one === 'States.ALL' || (one === 'States.TaskFailed' && error !== 'States.Timeout'),
  );

async function once(state: State, scope: Scope, around: Surroundings): Promise<unknown> {
  const result = await resultOf(state, scope, around);
  const { ResultSelector: selector } = state;
  const selected = selector === undefined ? result : fill(selector, { ...scope, input: result });
  return put(state.ResultPath, scope, selected);
}

async function resultOf(state: State, scope: Scope, around: Surroundings): Promise<unknown> {
  switch (state.Type) {
    case 'Task':
      return task(state, scope, around);
    case 'Map':
      return map(state, scope, around);
    case 'Pass':
      return state.Parameters === undefined ? (state.Result ?? scope.input) : fill(state.Parameters, scope);
    case 'Wait':
      await pause(state.Seconds! * 1000 * SHORTENED);
      return scope.input;
    default:
      return scope.input;
  }
}

/** Lambda's answer, as `lambda:invoke` hands it on. */
async function task(
  { Parameters, TimeoutSeconds }: State,
  scope: Scope,
  around: Surroundings,
): Promise<unknown> {
  const { FunctionName, Payload } = fill(Parameters, scope) as { FunctionName: string; Payload: unknown };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    if (TimeoutSeconds === undefined) return;
    timer = setTimeout(() => fail(new StateFailed('States.Timeout', '')), TimeoutSeconds * 1000);
  });
  try {
    return { StatusCode: 200, Payload: await Promise.race([around.invoke(FunctionName, Payload), late]) };
  } finally {
    clearTimeout(timer);
  }
}

async function map(state: State, scope: Scope, around: Surroundings): Promise<unknown> {
  const items = read(state.ItemsPath ?? '$', scope);
  if (!Array.isArray(items)) throw new StateFailed('States.Runtime', `${state.ItemsPath} is no list`);
  const { ItemProcessor: processor, Label: label, ItemSelector: selector } = state;
  const results: unknown[] = [];
  const failures: StateFailed[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [Index, Value] of queue) {
      const context = { ...(scope.context as object), Map: { Item: { Index, Value } } };
      const input = selector === undefined ? Value : fill(selector, { input: scope.input, context });
      try {
        results[Index] = await around.child({ label: label!, processor: processor! }, { input, context });
      } catch (error) {
        if (!(error instanceof StateFailed)) throw error;
        failures.push(error);
      }
    }
  };
  const atOnce = Math.min(state.MaxConcurrency || CHILDREN_MAX, CHILDREN_MAX);
  await Promise.all(Array.from({ length: atOnce }, worker));
  around.goOn();
  if ((failures.length / items.length) * 100 > (state.ToleratedFailurePercentage ?? 0))
    throw new StateFailed('States.ExceedToleratedFailureThreshold', failures[0]!.message);
  return results.filter(result => result !== undefined);
}
