/** A machine, or what a map does with each item. */
export interface Definition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** A state as it is written; `check` has held its fields against those that the runner goes by. */
export interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly End?: boolean;
  readonly InputPath?: string;
  readonly OutputPath?: string;
  readonly ResultPath?: string | null;
  readonly ResultSelector?: unknown;
  readonly Parameters?: unknown;
  readonly Result?: unknown;
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
  readonly Resource?: string;
  readonly TimeoutSeconds?: number;
  readonly Seconds?: number;
  readonly Choices?: readonly Rule[];
  readonly Default?: string;
  readonly Error?: string;
  readonly Cause?: string;
  readonly ItemsPath?: string;
  readonly ItemSelector?: unknown;
  readonly ItemProcessor?: Definition & { readonly ProcessorConfig: { readonly Mode: string } };
  readonly MaxConcurrency?: number;
  readonly ToleratedFailurePercentage?: number;
  readonly Label?: string;
}

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly MaxAttempts?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: string;
}

interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  readonly ResultPath?: string | null;
}

export interface Rule {
  readonly Variable: string;
  readonly BooleanEquals?: boolean;
  readonly StringEquals?: string;
  readonly NumericEquals?: number;
  readonly Next: string;
}

const FLOW = ['Type', 'Comment', 'Next', 'End', 'InputPath', 'OutputPath'];
const RESULT = ['ResultPath', 'ResultSelector', 'Retry', 'Catch'];

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Task: [...FLOW, ...RESULT, 'Resource', 'Parameters', 'TimeoutSeconds'],
  Map: [
    ...[...FLOW, ...RESULT, 'ItemsPath', 'ItemSelector', 'ItemProcessor', 'MaxConcurrency'],
    ...['ToleratedFailurePercentage', 'Label'],
  ],
  Choice: ['Type', 'Comment', 'InputPath', 'OutputPath', 'Choices', 'Default'],
  Pass: [...FLOW, 'ResultPath', 'Result', 'Parameters'],
  Wait: [...FLOW, 'Seconds'],
  Succeed: ['Type', 'Comment', 'InputPath', 'OutputPath'],
  Fail: ['Type', 'Comment', 'Error', 'Cause'],
};
const RULE = ['Variable', 'BooleanEquals', 'StringEquals', 'NumericEquals', 'Next'];
const RETRIER = [
  ...['ErrorEquals', 'IntervalSeconds', 'MaxAttempts', 'BackoffRate', 'MaxDelaySeconds', 'JitterStrategy'],
];
const CATCHER = ['ErrorEquals', 'Next', 'ResultPath'];

/** @throws for whatever the runner does not go by: a field that it left aside would pass for one that was tested */
export function check(definition: Definition): Definition {
  only(definition, ['StartAt', 'States', 'Comment', 'ProcessorConfig'], 'the machine');
  for (const [name, state] of Object.entries(definition.States)) {
    const known = FIELDS[state.Type];
    if (!known) throw new Error(`the runner knows no state ${state.Type} (${name})`);
    only(state, known, name);
    for (const rule of state.Choices ?? []) only(rule, RULE, name);
    for (const retrier of state.Retry ?? []) only(retrier, RETRIER, name);
    for (const catcher of state.Catch ?? []) only(catcher, CATCHER, name);
    const { ItemProcessor: processor } = state;
    if (state.Type === 'Map' && processor?.ProcessorConfig.Mode !== 'DISTRIBUTED')
      throw new Error(`the runner knows distributed maps alone (${name})`);
    if (state.Type === 'Task' && !state.Resource?.endsWith(':states:::lambda:invoke'))
      throw new Error(`the runner calls no ${state.Resource} (${name})`);
    if (processor) check(processor);
  }
  return definition;
}

function only(value: object, known: readonly string[], where: string): void {
  const strange = Object.keys(value).filter(name => !known.includes(name));
  if (strange.length > 0) throw new Error(`the runner knows no ${strange.join(', ')} (${where})`);
}
