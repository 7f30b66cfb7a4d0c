import { Duration } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import {
  Choice,
  Condition,
  DistributedMap,
  type IChainable,
  JitterType,
  JsonPath,
  type RetryProps,
  StateMachineType,
  Succeed,
  TaskInput,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { TIMEOUT_SECONDS } from './timeouts';

/** Beyond the function's own time, after which nobody answers any more. */
const MARGIN_SECONDS = 60;

/** Lambda's own trouble, and that too much runs at once: it passes. */
const LAMBDA_TROUBLE: RetryProps = {
  errors: ['ServiceException', 'AWSLambdaException', 'SdkClientException', 'TooManyRequestsException'].map(
    error => `Lambda.${error}`,
  ),
  interval: Duration.seconds(2),
  backoffRate: 2,
  maxAttempts: 8,
  maxDelay: Duration.minutes(1),
  jitterStrategy: JitterType.FULL,
};

/**
 * A process that was cut off: called again, each step goes on where it stood. What a step refuses it would refuse again.
 * Source: Step Functions Developer Guide, concepts-error-handling.html.
 */
const CUT_OFF: RetryProps = {
  errors: ['Lambda.Unknown', 'Sandbox.Timedout', 'Runtime.ExitError', 'States.Timeout'],
  interval: Duration.seconds(5),
  backoffRate: 2,
  maxAttempts: 2,
};

/** A worker that died: its task comes free when its lease is over, and the next one takes it up. */
const WORKER_DIED: RetryProps = {
  errors: ['States.TaskFailed', 'States.Timeout'],
  interval: Duration.seconds(5),
  backoffRate: 2,
  maxAttempts: 2,
};

/**
 * The steps of a load, each a call of the function `load`: `{ do, asked }` (lambdas/load/handler.ts). What is left to do
 * is read from the tracker by the function itself, so that a call that is lost or doubled changes nothing.
 * Input: `PlanAsked`; output: what `commit` says (lib/stages/load/steps.ts).
 */
export function loadSteps(scope: Construct, lambda: IFunction, workers: number): IChainable {
  const steps = { scope, lambda, workers };
  return call(steps, 'Plan', 'plan')
    .next(fanOut(steps, 'Split', 'split'))
    .next(call(steps, 'PlanPacks', 'packs'))
    .next(fanOut(steps, 'Pack', 'pack'))
    .next(call(steps, 'Commit', 'commit'));
}

interface Steps {
  readonly scope: Construct;
  readonly lambda: IFunction;
  readonly workers: number;
}

/** A call with the state's input, whose answer is the next one's. */
function call({ scope, lambda }: Steps, id: string, what: 'plan' | 'packs' | 'commit'): LambdaInvoke {
  const step = new LambdaInvoke(scope, id, {
    ...OF_LOAD,
    lambdaFunction: lambda,
    payload: TaskInput.fromObject({ do: what, asked: JsonPath.entirePayload }),
    outputPath: '$.Payload',
  });
  step.addRetry(LAMBDA_TROUBLE);
  step.addRetry(CUT_OFF);
  return step;
}

/**
 * As many workers as the step can use, each an execution of its own. One that fails takes nothing along: what it could
 * not do stands in the tracker, and the next step refuses to go on without it.
 */
function fanOut(steps: Steps, id: string, step: 'split' | 'pack'): DistributedMap {
  const map = new DistributedMap(steps.scope, id, {
    label: step,
    mapExecutionType: StateMachineType.STANDARD,
    maxConcurrency: steps.workers,
    toleratedFailurePercentage: 100,
    itemsPath: '$.workers',
    itemSelector: {
      table: JsonPath.stringAt('$.table'),
      recipe: JsonPath.stringAt('$.recipe'),
      step,
      worker: JsonPath.numberAt('$$.Map.Item.Value'),
    },
    // The next step gets what this one got.
    resultPath: JsonPath.DISCARD,
  });
  return map.itemProcessor(worker(steps, id));
}

/** Called again as long as it had not the time for all that is left. */
function worker({ scope, lambda }: Steps, id: string): IChainable {
  const work = new LambdaInvoke(scope, `${id}Tasks`, {
    ...OF_LOAD,
    lambdaFunction: lambda,
    payload: TaskInput.fromObject({ do: 'work', asked: JsonPath.entirePayload }),
    resultSelector: { left: JsonPath.objectAt('$.Payload.left') },
    resultPath: '$.tasks',
  });
  work.addRetry(LAMBDA_TROUBLE);
  work.addRetry(WORKER_DIED);
  const over = new Succeed(scope, `${id}IsOver`);
  const isLeft = Condition.booleanEquals('$.tasks.left', true);
  return work.next(new Choice(scope, `${id}IsLeft`).when(isLeft, work).otherwise(over));
}

const OF_LOAD = {
  // Retries are stated above, one by one.
  retryOnServiceExceptions: false,
  taskTimeout: Timeout.duration(Duration.seconds(TIMEOUT_SECONDS.load + MARGIN_SECONDS)),
};
