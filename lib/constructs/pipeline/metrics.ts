import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { METRICS, METRICS_NAMESPACE, METRICS_SERVICE } from '../../config/metric-names';

export type LakeMetric = keyof typeof METRICS;

/** A figure of the lake as a whole, or of one of its tables. */
export function lakeMetric(lake: string, name: LakeMetric, table?: string): Metric {
  return new Metric({
    namespace: METRICS_NAMESPACE,
    metricName: METRICS[name],
    dimensionsMap: { service: METRICS_SERVICE, lake, ...(table === undefined ? {} : { table }) },
    statistic: name === 'secondsBehind' ? 'Maximum' : 'Sum',
    period: Duration.minutes(5),
  });
}
