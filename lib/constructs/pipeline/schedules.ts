import { Duration } from 'aws-cdk-lib';
import { type EventPattern, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { FunctionName } from './timeouts';

type Lambdas = ReadonlyMap<FunctionName, IFunction>;

/** What goes on by the clock, and by Athena's word that a statement has ended. */
export function schedules(scope: Construct, lambdas: Lambdas, workgroup: string): void {
  const every = (name: FunctionName, id: string, schedule: Schedule, input: object) =>
    start(scope, id, { schedule }, lambdas.get(name), RuleTargetInput.fromObject(input));
  every('sweep', 'EveryMinute', Schedule.rate(Duration.minutes(1)), {});
  every('sweep', 'EveryHour', Schedule.cron({ minute: '7' }), { listing: 'recent' });
  every('sweep', 'EveryDay', Schedule.cron({ minute: '37', hour: '2' }), { listing: 'full' });
  every('compact', 'Compaction', Schedule.cron({ minute: '22' }), {});
  every('vacuum', 'Vacuum', Schedule.cron({ minute: '52', hour: '3' }), {});
  // Best effort: a statement whose event is lost is found by the sweep.
  start(scope, 'QueryEnded', { eventPattern: queryEnded(workgroup) }, lambdas.get('report'));
}

const queryEnded = (workgroup: string): EventPattern => ({
  source: ['aws.athena'],
  detailType: ['Athena Query State Change'],
  detail: { workgroupName: [workgroup], currentState: ['SUCCEEDED', 'FAILED', 'CANCELLED'] },
});

function start(
  scope: Construct,
  id: string,
  when: { schedule: Schedule } | { eventPattern: EventPattern },
  lambda: IFunction | undefined,
  event?: RuleTargetInput,
): void {
  if (!lambda) return;
  new Rule(scope, id, { ...when, targets: [new LambdaFunction(lambda, { event })] });
}
