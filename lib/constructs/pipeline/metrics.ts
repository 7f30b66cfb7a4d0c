import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';

/** What the functions count and an alarm or the dashboard shows (lambdas/metric-names.ts). */
export type LakeMetric =
  | 'FilesTakenIn'
  | 'RowsTakenIn'
  | 'Quarantined'
  | 'Merges'
  | 'SecondsBehind'
  | 'ObjectsMissed'
  | 'ReportsFailed'
  | 'Failures';

/** A figure of the lake as a whole, or of one of its tables. */
export function lakeMetric(lake: string, metricName: LakeMetric, table?: string): Metric {
  return new Metric({
    namespace: 'Tidemark',
    metricName,
    dimensionsMap: { service: 'tidemark', lake, ...(table === undefined ? {} : { table }) },
    statistic: metricName === 'SecondsBehind' ? 'Maximum' : 'Sum',
    period: Duration.minutes(5),
  });
}
