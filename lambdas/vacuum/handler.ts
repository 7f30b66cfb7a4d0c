import type { AwsLake } from '../../lib/runtime/aws';
import { vacuum as vacuumLake } from '../../lib/stages/vacuum/vacuum';
import { count, counted, logger } from '../telemetry';
import { type Invocation, untilOf } from '../time';

const MARGIN_MS = 30_000;

/** Once a day: removes what nothing has named for longer than any query or writer runs. */
export function vacuum(lake: Pick<AwsLake, 'config' | 'ports'>) {
  return (_event: unknown, invocation: Invocation): Promise<void> =>
    counted(lake.config.name, async () => {
      const until = untilOf(lake.ports.clock, invocation).at(MARGIN_MS);
      const { waiting, objects, bytes, unfinished } = await vacuumLake(lake.ports, undefined, until);
      logger.info('vacuumed', { waiting, removed: objects, bytes, unfinished });
      count('objectsVacuumed', objects);
    });
}
