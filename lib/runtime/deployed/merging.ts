import { setTimeout as sleep } from 'node:timers/promises';
import { currentSnapshot } from '../../iceberg/metadata';
import { entriesAfter } from '../../ledger/entries';
import { pausedSince } from '../../ledger/paused';
import { readCursor, START } from '../../table/cursor';
import { openTable } from '../../table/open';
import type { AwsLake } from '../aws';
import type { Lake, Tally } from '../lake';
import { notMerged } from '../lake-errors';
import { LOOK_MS, WAIT_MINUTES_MAX } from './landing';

/** The functions merge; the command line wakes them and looks at the table. */
export function merging({ ports, wakeUps }: AwsLake): Pick<Lake, 'merge'> {
  const standing = async (name: string) => {
    const open = await openTable(ports, name);
    const { through } = open ? readCursor(name, open.metadata) : START;
    const summary = open ? (currentSnapshot(open.metadata)?.summary ?? {}) : {};
    return {
      through,
      rows: Number(summary['total-records'] ?? 0),
      size: Number(summary['total-files-size'] ?? 0),
    };
  };
  const tally = (table: string, entries: number, { through, rows, size }: Standing): Tally => ({
    ...{ table, merges: 1, entries, through },
    rows: { total: rows },
    bytes: { total: size },
  });
  return {
    async merge({ name }, { wait = true, after = 0 } = {}) {
      const before = await standing(name);
      let last = before.through;
      let entries = 0;
      for await (const entry of entriesAfter(ports.items, name, before.through)) {
        last = entry.n;
        entries++;
      }
      // The functions may have been faster than this look.
      if (entries === 0) return after > 0 && before.through >= after ? tally(name, 0, before) : undefined;
      if ((await pausedSince(ports.items, name)) !== undefined) return undefined;
      await wakeUps.merge(name);
      if (!wait) return undefined;
      const until = ports.clock.now() + WAIT_MINUTES_MAX * 60_000;
      for (;;) {
        const now = await standing(name);
        if (now.through >= last) return tally(name, entries, now);
        if (ports.clock.now() > until) throw notMerged(name, WAIT_MINUTES_MAX);
        await sleep(LOOK_MS);
      }
    },
  };
}

interface Standing {
  readonly through: number;
  readonly rows: number;
  readonly size: number;
}
