import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { METRICS, METRICS_NAMESPACE, METRICS_SERVICE } from '../lib/config/metric-names';
import { safeError } from './safe-error';

export const logger = new Logger({ serviceName: METRICS_SERVICE });
const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName: METRICS_SERVICE });

/** A table as far as its metrics are concerned: of a watched one they are written apart too. */
export interface Watched {
  readonly name: string;
  readonly watch: boolean;
}

/** Counts something; it is written with the invocation's end. */
export function count(name: keyof typeof METRICS, value: number, table?: Watched): void {
  if (value > 0) add(name, MetricUnit.Count, value, table);
}

/** A level, which says something at 0 too. */
export function seconds(name: keyof typeof METRICS, value: number, table?: Watched): void {
  add(name, MetricUnit.Seconds, value, table);
}

function add(
  name: keyof typeof METRICS,
  unit: (typeof MetricUnit)[keyof typeof MetricUnit],
  value: number,
  table?: Watched,
) {
  metrics.addMetric(METRICS[name], unit, value);
  // A metric of its own costs by the month: only where it was asked for.
  if (table?.watch)
    metrics.singleMetric().addDimension('table', table.name).addMetric(METRICS[name], unit, value);
}

/** Something failed, and the invocation goes on with what does not depend on it. */
export function failed(what: string, error: unknown): void {
  logger.error(what, safeError(error));
  count('failures', 1);
}

let dimension: string | undefined;

/**
 * Runs an invocation of a lake's function and writes what it counted, whether it fails or not. What it fails with is
 * logged by the runtime.
 */
export async function counted<T>(lake: string, work: () => Promise<T>): Promise<T> {
  if (dimension !== lake) metrics.setDefaultDimensions({ lake });
  dimension = lake;
  try {
    return await work();
  } catch (error) {
    throw safeError(error);
  } finally {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  }
}
