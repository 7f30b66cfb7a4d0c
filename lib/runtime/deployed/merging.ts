import { setTimeout as sleep } from 'node:timers/promises';
import { entriesAfter } from '../../ledger/entries';
import { pausedSince } from '../../ledger/paused';
import type { AwsLake } from '../aws';
import type { Lake } from '../lake';
import { notMerged } from '../lake-errors';
import { standingOf, tallyThere } from '../standing';
import { LOOK_MS, WAIT_MINUTES_MAX } from './landing';

/** The functions merge; the command line wakes them and looks at the table. */
export function merging({ ports, wakeUps }: AwsLake): Pick<Lake, 'merge'> {
  return {
    async merge({ name }, { wait = true, after = 0 } = {}) {
      const before = await standingOf(ports, name);
      let last = before.through;
      let entries = 0;
      for await (const entry of entriesAfter(ports.items, name, before.through)) {
        last = entry.n;
        entries++;
      }
      // The functions may have been faster than this look.
      if (entries === 0)
        return after > 0 && before.through >= after ? tallyThere(name, 0, before) : undefined;
      if ((await pausedSince(ports.items, name)) !== undefined) return undefined;
      await wakeUps.merge(name);
      if (!wait) return undefined;
      const until = ports.clock.now() + WAIT_MINUTES_MAX * 60_000;
      for (;;) {
        const now = await standingOf(ports, name);
        if (now.through >= last) return tallyThere(name, entries, now);
        if (ports.clock.now() > until) throw notMerged(name, WAIT_MINUTES_MAX);
        await sleep(LOOK_MS);
      }
    },
  };
}
