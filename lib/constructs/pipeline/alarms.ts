import { Duration, Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { pascal } from '../../config/deployed';
import type { ResolvedLake } from '../../config/resolved';
import type { Intake } from '../intake/intake';
import type { Storage } from '../storage/storage';
import { lakeMetric } from './metrics';
import type { Grounds } from './rights';
import type { FunctionName } from './timeouts';

/** What is watched over. */
export interface Watched {
  readonly lake: ResolvedLake;
  readonly storage: Storage;
  readonly queues: Grounds['queues'];
  readonly lambdas: ReadonlyMap<FunctionName, IFunction>;
  /** Records put aside, by the source of their stream. */
  readonly failedRecords: ReadonlyMap<string, IMetric>;
  /** By the name of their source. */
  readonly intakes: ReadonlyMap<string, Intake>;
  /** Where the config has loads in the account. */
  readonly loads?: IStateMachine;
}

interface AlarmRule {
  readonly metric: IMetric;
  /** It rings at this value and beyond. */
  readonly from: number;
  /** How many five minutes of the last `of` it takes. Default: 1 of 1. */
  readonly periods?: readonly [number, of: number];
  /** A heading of docs/runbook.md, as an anchor. */
  readonly runbook: string;
  /** Silence is a fault too, or no news. Default: false. */
  readonly silenceRings?: boolean;
}

/** Every alarm of a lake, to one topic; each says where in the runbook it is explained. */
export class Alarms extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, watched: Watched) {
    super(scope, id);
    this.topic = this.makeTopic(watched.lake.deploy.alarmEmail);
    this.watchQueues(watched);
    this.watchFunctions(watched);
    this.watchLake(watched.lake);
    this.watchStreams(watched);
    this.watchIntakes(watched);
    if (watched.loads) this.watchLoads(watched.loads);
  }

  /** Rings on a metric. The description is what the mail says. */
  add(id: string, says: string, { metric, from, periods = [1, 1], runbook, silenceRings }: AlarmRule): void {
    new Alarm(this, id, {
      metric,
      alarmDescription: `${says} What to do: docs/runbook.md#${runbook}`,
      threshold: from,
      comparisonOperator: silenceRings
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      datapointsToAlarm: periods[0],
      evaluationPeriods: periods[1],
      treatMissingData: silenceRings ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(new SnsAction(this.topic));
  }

  private makeTopic(email: string | undefined): Topic {
    const topic = new Topic(this, 'Topic', { enforceSSL: true });
    // A policy of one's own takes the place of the one by which the account's alarms may publish.
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
    return topic;
  }

  private watchQueues({ queues }: Watched): void {
    for (const [name, { queue, deadLetters }] of Object.entries(queues)) {
      this.add(`${pascal(name)}DeadLetters`, `Messages of the ${name} queue failed too often.`, {
        metric: deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum' }),
        from: 1,
        runbook: 'dead-letters',
      });
      this.add(`${pascal(name)}QueueAge`, `The oldest message of the ${name} queue waits for 15 minutes.`, {
        metric: queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum' }),
        from: 900,
        periods: [2, 3],
        runbook: 'a-queue-is-not-worked-off',
      });
    }
  }

  private watchFunctions({ lambdas }: Watched): void {
    for (const [name, lambda] of lambdas) {
      this.add(`${pascal(name)}Errors`, `The function ${name} fails.`, {
        metric: lambda.metricErrors(),
        from: 1,
        // Throttling and a lost connection mend themselves; what is scheduled seldom rings at once.
        periods: name === 'vacuum' || name === 'compact' ? [1, 1] : [2, 3],
        runbook: 'a-function-fails',
      });
    }
    const sweep = lambdas.get('sweep');
    if (!sweep) return;
    this.add('NoSweep', 'Nothing sweeps: what no event announces is not found.', {
      metric: sweep.metricInvocations({ period: Duration.minutes(5) }),
      from: 1,
      periods: [2, 2],
      runbook: 'nothing-sweeps',
      silenceRings: true,
    });
  }

  private watchLake({ name, tables }: ResolvedLake): void {
    this.add('Quarantined', 'A file, record or row went to quarantine.', {
      metric: lakeMetric(name, 'quarantined'),
      from: 1,
      runbook: 'something-is-in-quarantine',
    });
    this.add('Failures', 'Work on a table fails; other tables go on.', {
      metric: lakeMetric(name, 'failures'),
      from: 1,
      periods: [2, 3],
      runbook: 'work-on-a-table-fails',
    });
    this.add('ReportsFailed', 'A report failed; its last good date stays.', {
      metric: lakeMetric(name, 'reportsFailed'),
      from: 1,
      runbook: 'a-report-failed',
    });
    this.add('Behind', 'A table is 15 minutes further behind than its freshness allows.', {
      metric: lakeMetric(name, 'secondsBehind'),
      from: 900,
      periods: [2, 3],
      runbook: 'a-table-is-behind',
    });
    for (const table of tables.filter(({ watch }) => watch)) {
      this.add(
        `${pascal(table.name)}Behind`,
        `The table ${table.name} is 5 minutes further behind than it may be.`,
        {
          metric: lakeMetric(name, 'secondsBehind', table.name),
          from: 300,
          periods: [2, 3],
          runbook: 'a-watched-table-is-behind',
        },
      );
    }
  }

  private watchLoads(machine: IStateMachine): void {
    this.add('LoadsFailed', 'A load of a table failed; no reader sees any of it.', {
      metric: machine.metricFailed(),
      from: 1,
      runbook: 'a-load-failed',
    });
  }

  private watchIntakes({ intakes }: Watched): void {
    for (const [source, intake] of intakes) {
      this.add(`${pascal(source)}IntakeErrors`, `The function intake of ${source} fails.`, {
        metric: intake.function.lambda.metricErrors(),
        from: 1,
        periods: [2, 3],
        runbook: 'a-function-fails',
      });
      this.add(`${pascal(source)}IntakeFailures`, `Events posted to ${source} are not taken.`, {
        metric: intake.failures,
        from: 1,
        periods: [2, 3],
        runbook: 'events-are-not-taken',
      });
    }
  }

  private watchStreams({ storage, failedRecords }: Watched): void {
    for (const [source, stream] of Object.entries(storage.streams)) {
      this.add(`${pascal(source)}StreamAge`, `Records of ${source} wait for an hour.`, {
        metric: stream.metricGetRecordsIteratorAgeMilliseconds({ statistic: 'Maximum' }),
        from: 3_600_000,
        runbook: 'a-stream-is-behind',
      });
    }
    for (const [source, metric] of failedRecords) {
      this.add(
        `${pascal(source)}RecordsAside`,
        `Records of ${source} failed until they were too old, and were put aside.`,
        {
          metric,
          from: 1,
          runbook: 'records-were-put-aside',
        },
      );
    }
  }
}
