import type { AwsLake } from '../../lib/runtime/aws';
import { type LandedObject, land } from '../../lib/stages/land/land';
import { batchHandler } from '../batch';
import { hasTime } from '../queue';
import { count, logger } from '../telemetry';
import { createdKeys } from './s3-event';

/**
 * Messages of the landing's bucket: each object that was created is taken in, or put aside with its reason. All of one
 * batch are taken in together. What it has no time for is announced anew, or comes again if it came before: so often,
 * and no more.
 */
export function ingestFiles(
  lake: Pick<AwsLake, 'config' | 'ports' | 'landing' | 'landingBucket' | 'wakeUps'>,
) {
  const ports = { ...lake.ports, landing: lake.landing, wakeUps: lake.wakeUps };
  return batchHandler<object>(lake, async (received, until) => {
    const keysOf = (message: object) => createdKeys(message, lake.landingBucket);
    const keys = received.flatMap(({ message }) => readable(() => keysOf(message)));
    const landed = await land(ports, lake.config, keys, () => hasTime(until));
    for (const landing of landed.values()) if ('done' in landing) report(lake, landing.done);
    return async ({ message, isFirst }) => {
      for (const key of keysOf(message)) {
        const landing = landed.get(key)!;
        if ('error' in landing) throw landing.error;
        if ('done' in landing) continue;
        if (isFirst) await lake.wakeUps.ingest(key);
        else throw new Error('there was no time for it');
      }
    };
  });
}

/** The keys, none of a message that says none: it fails by itself. */
function readable(keys: () => string[]): string[] {
  try {
    return keys();
  } catch {
    return [];
  }
}

function report(
  { config }: Pick<AwsLake, 'config'>,
  { object, outcome, table: name, rows = 0, error, newColumns, lacking }: LandedObject,
): void {
  const table = config.tables.find(t => t.name === name);
  // Of an error only its code: the reason may quote a value. Of columns their names.
  logger.info(outcome, { object, table: name, rows, code: error?.code, newColumns, lacking });
  if (outcome === 'taken-in' || outcome === 'rows-quarantined') {
    count('filesTakenIn', 1);
    count('rowsTakenIn', rows, table);
  }
  if (outcome.endsWith('quarantined')) count('quarantined', 1, table);
}
