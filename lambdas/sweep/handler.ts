import type { AwsQueryLake } from '../../lib/runtime/aws-queries';
import { type SweepOrder, sweep as sweepLake } from '../../lib/stages/sweep/sweep';
import { count, failed, logger, seconds } from '../telemetry';
import { type Invocation, untilOf } from '../time';
import { withTables } from '../with-tables';

const MARGIN_MS = 10_000;

/** The schedules' input: nothing every minute, `recent` every hour, `full` once a day. */
export type SweepEvent = Pick<SweepOrder, 'listing'>;

/** Finds what no event announced and wakes what deals with it. */
export function sweep({
  config,
  queryPorts,
  landing,
  wakeUps,
  windowMs,
}: Pick<AwsQueryLake, 'config' | 'queryPorts' | 'landing' | 'wakeUps' | 'windowMs'>) {
  const ports = { ...queryPorts, landing, wakeUps };
  return ({ listing }: SweepEvent, invocation: Invocation): Promise<void> =>
    withTables({ config, ports }, async () => {
      const until = untilOf(ports.clock, invocation).at(MARGIN_MS);
      const swept = await sweepLake(ports, config, { listing, windowMs, until });
      for (const { what, error } of swept.failures) failed(`the sweep of ${what} failed`, error);
      const { woken, behind } = swept.waiting ?? { woken: [], behind: [] };
      logger.info('swept', { woken, reports: swept.reports, landing: swept.landing });
      if (behind.length === 0) seconds('secondsBehind', 0);
      for (const { table, ms } of behind) seconds('secondsBehind', ms / 1000, table);
      count('objectsMissed', swept.landing?.announced ?? 0);
    });
}
