import type { AwsLake } from '../../lib/runtime/aws';
import { land } from '../../lib/stages/land/land';
import { queueHandler } from '../queue';
import { count, logger } from '../telemetry';
import { createdKeys } from './s3-event';

/** Messages of the landing's bucket: each object that was created is taken in, or put aside with its reason. */
export function ingestFiles(
  lake: Pick<AwsLake, 'config' | 'ports' | 'landing' | 'landingBucket' | 'wakeUps'>,
) {
  const ports = { ...lake.ports, landing: lake.landing, wakeUps: lake.wakeUps };
  return queueHandler<object>(lake, async message => {
    for (const key of createdKeys(message, lake.landingBucket)) {
      const { object, outcome, table: name, rows = 0, error } = await land(ports, lake.config, key);
      const table = lake.config.tables.find(t => t.name === name);
      // Of an error only its code: the reason may quote a value.
      logger.info(outcome, { object, table: name, rows, code: error?.code });
      if (outcome === 'taken-in' || outcome === 'rows-quarantined') {
        count('filesTakenIn', 1);
        count('rowsTakenIn', rows, table);
      }
      if (outcome.endsWith('quarantined')) count('quarantined', 1, table);
    }
  });
}
