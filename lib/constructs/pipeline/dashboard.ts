import { Dashboard, GraphWidget, type IMetric, type IWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { Watched } from './alarms';
import { type LakeMetric, lakeMetric } from './metrics';

/** The lake at a glance: what came in, what waits, what failed, and each watched table. */
export function dashboard(scope: Construct, { lake, queues, lambdas, storage, loads }: Watched): void {
  const figures = (...names: LakeMetric[]) => names.map(name => lakeMetric(lake.name, name));
  const work = Object.values(queues);
  const streams = Object.values(storage.streams);
  const watched = lake.tables.filter(({ watch }) => watch);
  new Dashboard(scope, 'Dashboard', {
    widgets: [
      [
        graph('Taken in', figures('filesTakenIn', 'rowsTakenIn', 'merges')),
        graph('Seconds behind', [
          ...figures('secondsBehind'),
          ...watched.map(({ name }) => lakeMetric(lake.name, 'secondsBehind', name)),
        ]),
        graph('Put aside and failed', figures('quarantined', 'failures', 'reportsFailed', 'objectsMissed')),
      ],
      [
        graph(
          'Seconds the oldest message waits',
          work.map(({ queue }) => queue.metricApproximateAgeOfOldestMessage()),
        ),
        graph(
          'Dead letters',
          work.map(({ deadLetters }) => deadLetters.metricApproximateNumberOfMessagesVisible()),
        ),
        graph(
          'Milliseconds the oldest record waits',
          streams.map(stream => stream.metricGetRecordsIteratorAgeMilliseconds()),
        ),
      ],
      [
        graph(
          'Runs',
          [...lambdas.values()].map(lambda => lambda.metricInvocations()),
        ),
        graph(
          'Errors',
          [...lambdas.values()].map(lambda => lambda.metricErrors()),
        ),
        graph(
          'Milliseconds a run takes',
          [...lambdas.values()].map(lambda => lambda.metricDuration({ statistic: 'p95' })),
        ),
      ],
      ...(loads
        ? [[graph('Loads', [loads.metricStarted(), loads.metricSucceeded(), loads.metricFailed()])]]
        : []),
    ].map(row => row.filter(widget => widget !== undefined)),
  });
}

function graph(title: string, left: IMetric[]): IWidget | undefined {
  return left.length === 0 ? undefined : new GraphWidget({ title, left, width: 8 });
}
