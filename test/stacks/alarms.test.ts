import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { METRICS, METRICS_NAMESPACE, METRICS_SERVICE } from '../../lib/config/metric-names';
import { templates } from '../constructs/app';

const { pipeline } = templates({
  sources: { events: { kind: 'kinesis' }, web: { kind: 'http', stream: 'events' } },
  deploy: { loads: { from: ['s3://exports/shop/'] } },
});

interface Alarm {
  readonly AlarmActions: unknown;
  readonly AlarmDescription: string;
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Statistic: string;
  readonly Period: number;
  readonly ComparisonOperator: string;
  readonly Threshold: number;
  readonly DatapointsToAlarm: number;
  readonly EvaluationPeriods: number;
  readonly TreatMissingData: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
}

/** By the id it has within its construct. */
const alarms = new Map(
  Object.entries(pipeline.findResources('AWS::CloudWatch::Alarm')).map(([id, { Properties }]) => [
    /^PipelineAlarms(\w+)[0-9A-F]{8}$/.exec(id)![1]!,
    Properties as Alarm,
  ]),
);

const anchorOf = ({ AlarmDescription }: Alarm) =>
  / What to do: docs\/runbook\.md#([a-z0-9-]+)$/.exec(AlarmDescription)?.[1];

/** When it rings, in a line. */
function rule(alarm: Alarm): string {
  const { Namespace, MetricName, Statistic, Threshold, DatapointsToAlarm, EvaluationPeriods } = alarm;
  const is = alarm.ComparisonOperator === 'GreaterThanOrEqualToThreshold' ? '>=' : '<';
  const silence = alarm.TreatMissingData === 'breaching' ? ', or silent' : '';
  const times = `${DatapointsToAlarm} of ${EvaluationPeriods} x ${alarm.Period} s`;
  return `${Namespace} ${Statistic} ${MetricName} ${is} ${Threshold}${silence}, ${times}: ${anchorOf(alarm)}`;
}

const DEAD = 'AWS/SQS Maximum ApproximateNumberOfMessagesVisible >= 1, 1 of 1 x 300 s: dead-letters';
const AGE = 'AWS/SQS Maximum ApproximateAgeOfOldestMessage >= 900, 2 of 3 x 300 s: a-queue-is-not-worked-off';
const ERRORS = 'AWS/Lambda Sum Errors >= 1, 2 of 3 x 300 s: a-function-fails';
const SELDOM = 'AWS/Lambda Sum Errors >= 1, 1 of 1 x 300 s: a-function-fails';

/** All there are: one that vanishes is missed here. */
const RULES: Readonly<Record<string, string>> = {
  IngestDeadLetters: DEAD,
  IngestQueueAge: AGE,
  MergeDeadLetters: DEAD,
  MergeQueueAge: AGE,
  ReportDeadLetters: DEAD,
  ReportQueueAge: AGE,
  IngestFilesErrors: ERRORS,
  IngestStreamErrors: ERRORS,
  MergeErrors: ERRORS,
  ReportErrors: ERRORS,
  SweepErrors: ERRORS,
  CompactErrors: SELDOM,
  VacuumErrors: SELDOM,
  LoadErrors: ERRORS,
  LoadsFailed: 'AWS/States Sum ExecutionsFailed >= 1, 1 of 1 x 300 s: a-load-failed',
  NoSweep: 'AWS/Lambda Sum Invocations < 1, or silent, 2 of 2 x 300 s: nothing-sweeps',
  Quarantined: 'Tidemark Sum Quarantined >= 1, 1 of 1 x 300 s: something-is-in-quarantine',
  Failures: 'Tidemark Sum Failures >= 1, 2 of 3 x 300 s: work-on-a-table-fails',
  ReportsFailed: 'Tidemark Sum ReportsFailed >= 1, 1 of 1 x 300 s: a-report-failed',
  Behind: 'Tidemark Maximum SecondsBehind >= 900, 2 of 3 x 300 s: a-table-is-behind',
  OrdersBehind: 'Tidemark Maximum SecondsBehind >= 300, 2 of 3 x 300 s: a-watched-table-is-behind',
  EventsStreamAge:
    'AWS/Kinesis Maximum GetRecords.IteratorAgeMilliseconds >= 3600000, 1 of 1 x 300 s: a-stream-is-behind',
  WebIntakeErrors: ERRORS,
  WebIntakeFailures: 'AWS/ApiGateway Sum 5xx >= 1, 2 of 3 x 300 s: events-are-not-taken',
  EventsRecordsAside:
    'AWS/Lambda Sum OnFailureDestinationDeliveredEventCount >= 1, 1 of 1 x 300 s: records-were-put-aside',
};

test('alarms.rules: what rings, when, and where it is explained', () => {
  expect(Object.fromEntries([...alarms].map(([name, alarm]) => [name, rule(alarm)]))).toEqual(RULES);
  for (const { AlarmActions } of alarms.values())
    expect(AlarmActions).toEqual([{ Ref: expect.stringMatching(/^PipelineAlarmsTopic/) }]);
  pipeline.resourceCountIs('AWS::SNS::Topic', 1);
});

test('alarms.dimensions: each looks at what it is named after', () => {
  const about = Object.fromEntries(
    [...alarms]
      .filter(([, { Namespace }]) => Namespace !== METRICS_NAMESPACE)
      .map(([name, { Dimensions }]) => [name, Dimensions.map(d => [d.Name, JSON.stringify(d.Value)])]),
  );
  for (const queue of ['Ingest', 'Merge', 'Report']) {
    const [letters, age] = ['DeadLetters', 'QueueAge'].map(of => about[`${queue}${of}`]);
    expect(letters).toEqual([['QueueName', expect.stringContaining(`${queue}QueueDeadLetters`)]]);
    expect(age).toEqual([['QueueName', expect.stringContaining(`${queue}Queue`)]]);
    expect(JSON.stringify(age)).not.toContain('DeadLetters');
  }
  const functions = Object.entries(about).filter(([, [first]]) => first?.[0] === 'FunctionName');
  expect(functions).toHaveLength(10);
  for (const [name, [[, value] = []]] of functions) {
    const named = { NoSweep: 'sweep', WebIntakeErrors: 'IntakesWebintake' }[name];
    expect(value).toContain(`Pipeline${named ?? name.replace('Errors', '').toLowerCase()}Function`);
  }
  expect(about.EventsStreamAge).toEqual([['StreamName', expect.stringContaining('StreamEvents')]]);
});

test('alarms.records aside: the mapping publishes what its alarm looks at', () => {
  const { Dimensions } = alarms.get('EventsRecordsAside')!;
  expect(Dimensions).toEqual([{ Name: 'EventSourceMappingUUID', Value: { Ref: expect.any(String) } }]);
  const { Ref } = Dimensions[0]!.Value as { Ref: string };
  // Lambda publishes counts of events only for a mapping that asks for them.
  expect(pipeline.findResources('AWS::Lambda::EventSourceMapping')[Ref]!.Properties).toMatchObject({
    StartingPosition: 'TRIM_HORIZON',
    MetricsConfig: { Metrics: ['EventCount'] },
  });
});

test('alarms.runbook: each kind has an entry of its own, and no entry is left over', () => {
  const runbook = readFileSync(join(__dirname, '../../docs/runbook.md'), 'utf8');
  const headings = Array.from(runbook.matchAll(/^## (.*)$/gm), ([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  );
  const named = new Set([...alarms.values()].map(anchorOf));
  expect([...named].filter(anchor => !anchor || !headings.includes(anchor))).toEqual([]);
  // The replication's is a rule of its own; that a view is gone a query says.
  const beside = ['a-replication-stopped', 'a-history-view-is-gone'];
  expect(headings.filter(heading => !named.has(heading) && !beside.includes(heading))).toEqual([]);
  const kinds = new Set(
    [...alarms.values()].map(a => [a.MetricName, a.Threshold, a.Dimensions.length].join()),
  );
  expect(named.size).toBe(kinds.size);
});

test('alarms.topic: lets alarms publish, and nobody without TLS', () => {
  pipeline.hasResourceProperties('AWS::SNS::TopicPolicy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        Match.objectLike({ Effect: 'Allow', Principal: { Service: 'cloudwatch.amazonaws.com' } }),
      ]),
    },
  });
  const mail = templates({ deploy: { alarmEmail: 'lake@example.com' } }).pipeline;
  mail.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'lake@example.com' });
});

test('alarms.figures: those that the functions count; of a table only where it is watched', () => {
  const own = [...alarms.values()].filter(({ Namespace }) => Namespace === METRICS_NAMESPACE);
  expect(
    own.map(({ MetricName }) => MetricName).filter(n => !Object.values<string>(METRICS).includes(n)),
  ).toEqual([]);
  const dimensions = own.map(({ Dimensions }) => Object.fromEntries(Dimensions.map(d => [d.Name, d.Value])));
  const lake = { service: METRICS_SERVICE, lake: 'my-shop' };
  for (const d of dimensions) expect(d).toMatchObject(lake);
  expect(dimensions.filter(d => 'table' in d)).toEqual([{ ...lake, table: 'orders' }]);
});
