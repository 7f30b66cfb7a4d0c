import type { ResolvedLake } from '../../config/resolved';
import type { Listing } from '../../ledger/landing';
import type { ObjectStore } from '../../ports/object-store';
import type { WakeUps } from '../../ports/wake-ups';
import { type Due, dueReports } from '../athena-report/due';
import type { AthenaReportPorts } from '../athena-report/ports';
import { continueViews, refreshHistoryViews } from '../views';
import { beginListing, type LandingSweep, sweepLanding } from './landing';
import { sweepWaiting, type WaitingSweep } from './waiting';

export interface SweepPorts extends AthenaReportPorts {
  readonly landing: ObjectStore;
  readonly wakeUps: Pick<WakeUps, 'merge' | 'report' | 'ingest'>;
}

export interface SweepOrder {
  /** Begins a listing of the landing; this sweep and the following ones go through it. full: the day's. */
  readonly listing?: Listing['kind'];
  /** How long wake-ups of a table are gathered. */
  readonly windowMs: number;
  /** When to hand back, milliseconds since 1970. */
  readonly until: number;
}

/** What a sweep found, and what failed of it: one concern's failure stops no other. */
export interface Swept {
  readonly waiting?: WaitingSweep;
  /** Report dates that were woken. */
  readonly reports?: number;
  readonly landing?: LandingSweep;
  readonly failures: readonly { readonly what: string; readonly error: unknown }[];
}

/**
 * Finds what no event announced: tables with deltas that wait, reports that are due or whose query has ended, views
 * that are not as they should be, objects of the landing that were not dealt with. It wakes what does the work, so
 * that it may run at any time, twice at once, and be lost.
 */
export async function sweep(ports: SweepPorts, lake: ResolvedLake, order: SweepOrder): Promise<Swept> {
  const failures: { what: string; error: unknown }[] = [];
  const attempt = async <T>(what: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      failures.push({ what, error });
      return undefined;
    }
  };
  const waiting = await attempt('waiting tables', () => sweepWaiting(ports, lake, order.windowMs));
  const due = await attempt('reports', () => wakeReports(ports, lake));
  for (const { report, error } of due?.failures ?? []) failures.push({ what: `report ${report}`, error });
  await attempt('views', () =>
    // Once a day all of them: a view may have failed, or its table's last merge died before it.
    order.listing === 'full' ? refreshHistoryViews(ports, lake) : continueViews(ports, lake),
  );
  const landing = await attempt('the landing', async () => {
    if (order.listing) await beginListing(ports, order.listing);
    return sweepLanding(ports, order.until);
  });
  return { waiting, reports: due?.reports.length, landing, failures };
}

async function wakeReports(ports: SweepPorts, lake: ResolvedLake): Promise<Due> {
  const due = await dueReports(ports, lake);
  for (const { report, date } of due.reports) await ports.wakeUps.report(report, date);
  return due;
}
