import { setTimeout as sleep } from 'node:timers/promises';
import { landedFile } from '../../adapters/local/landing';
import { detect } from '../../formats/detect';
import { readLanded } from '../../ledger/landed';
import { ingest } from '../../stages/ingest/ingest';
import { arrivalOf, isSettled } from '../../stages/land/arrival';
import { upload } from '../../stages/land/upload';
import type { AwsLake } from '../aws';
import type { Arrival, FileOptions, Lake } from '../lake';
import { addressElsewhere, notTakenIn } from '../lake-errors';

/** How often, and for how long, the functions are looked after. */
export const LOOK_MS = 1000;
export const WAIT_MINUTES_MAX = 15;

/**
 * Files go into the landing, and the functions of the lake take them in, as they do with everybody's; the command line
 * asks the ledger what became of them.
 */
export function landing(lake: AwsLake): Pick<Lake, 'announce' | 'ingest'> {
  const { config, ports, wakeUps } = lake;
  const seen = { items: ports.items, landing: lake.landing };
  const root = `s3://${lake.landingBucket}/`;

  const arrived = async (key: string, before: Awaited<ReturnType<typeof readLanded>>): Promise<Arrival> => {
    const until = ports.clock.now() + WAIT_MINUTES_MAX * 60_000;
    for (;;) {
      const became = await arrivalOf(seen, key, before);
      if (became) return became;
      if (ports.clock.now() > until) throw notTakenIn(root + key, WAIT_MINUTES_MAX);
      await sleep(LOOK_MS);
    }
  };
  /** An object that is there already: what became of it, once the functions have been told of it. */
  const there = async (key: string, wait: boolean): Promise<Arrival> => {
    if (await isSettled(seen, key)) return { ...(await arrived(key, undefined)), outcome: 'seen' };
    const before = await readLanded(ports.items, key);
    await wakeUps.ingest(key);
    return wait ? arrived(key, before) : { object: key, outcome: 'sent' };
  };

  return {
    async announce(address) {
      if (!address.startsWith(root) && `${address}/` !== root) throw addressElsewhere(address, config.name);
      const paths: string[] = [];
      for await (const { key } of lake.landing.list(address.slice(root.length))) {
        if (detect(key) === undefined) continue;
        paths.push(root + key);
        if (!(await isSettled(seen, key))) await wakeUps.ingest(key);
      }
      return paths;
    },
    async ingest(path, { onRead, wait = true, dryRun, ...options }: FileOptions = {}) {
      if (path.startsWith('s3://')) {
        if (!path.startsWith(root)) throw addressElsewhere(path, config.name);
        return there(path.slice(root.length), wait);
      }
      const { landing: from, key } = await landedFile(path, onRead);
      const { table, date } = options;
      if (dryRun) return ingest(ports, config, { landing: from, key, table, date, dryRun });
      const again = options.again ? ports.ids.fresh() : undefined;
      const put = await upload(lake.landing, { from, key, asked: { table, date, again } });
      if (!put.fresh) return there(put.key, wait);
      return wait ? arrived(put.key, undefined) : { object: put.key, outcome: 'sent' };
    },
  };
}
