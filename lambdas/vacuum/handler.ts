import type { AwsLake } from '../../lib/runtime/aws';
import { forgetOldEvents } from '../../lib/stages/vacuum/forget-events';
import { vacuum as vacuumLake } from '../../lib/stages/vacuum/vacuum';
import { count, logger } from '../telemetry';
import { type Invocation, untilOf } from '../time';
import { withTables } from '../with-tables';

const MARGIN_MS = 30_000;

/** Once a day: removes what nothing has named for longer than any query or writer runs. */
export function vacuum(lake: Pick<AwsLake, 'config' | 'ports'>) {
  return (_event: unknown, invocation: Invocation): Promise<void> =>
    withTables(lake, async () => {
      const until = untilOf(lake.ports.clock, invocation).at(MARGIN_MS);
      const { clock } = lake.ports;
      await forgetOldEvents(lake.ports, lake.config, clock.now() + (until - clock.now()) / 3);
      const { waiting, objects, bytes, unfinished } = await vacuumLake(lake.ports, undefined, until);
      logger.info('vacuumed', { waiting, removed: objects, bytes, unfinished });
      count('objectsVacuumed', objects);
    });
}
