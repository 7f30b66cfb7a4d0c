import type { ResolvedTable } from '../config/resolved';
import type { Clock } from '../ports/clock';

export interface DueMerges {
  /** Something of the table waits: it is merged once its freshness is over. */
  wake(table: ResolvedTable): void;
  /** Merges at once what waits, and nothing from then on. */
  finish(): Promise<void>;
}

export interface DueMergesProps {
  readonly clock: Pick<Clock, 'now'>;
  readonly merge: (table: ResolvedTable) => Promise<unknown>;
  /** Told of a merge that failed; it is tried again when its freshness is over once more. */
  readonly onFailure: (table: ResolvedTable, error: unknown) => void;
}

/** Merges tables in this process, each when its deltas have waited for as long as they may, one at a time. */
export function dueMerges({ clock, merge, onFailure }: DueMergesProps): DueMerges {
  const due = new Map<ResolvedTable, number>();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  let finished = false;

  const mergeOne = async (table: ResolvedTable) => {
    // What comes in meanwhile asks for the next one.
    due.delete(table);
    try {
      await merge(table);
    } catch (error) {
      onFailure(table, error);
      wake(table);
    }
  };
  const round = async () => {
    for (const [table, at] of due) if (at <= clock.now()) await mergeOne(table);
  };
  /** One round after the other: what is woken meanwhile is looked at when it ends. */
  const schedule = () => {
    clearTimeout(timer);
    if (due.size === 0 || busy || finished) return;
    const wait = Math.min(...due.values()) - clock.now();
    timer = setTimeout(
      () => {
        busy = true;
        running = round().finally(() => {
          busy = false;
          schedule();
        });
      },
      Math.max(0, wait),
    );
  };
  const wake = (table: ResolvedTable) => {
    if (finished || due.has(table)) return;
    due.set(table, clock.now() + table.freshnessMs);
    schedule();
  };
  return {
    wake,
    async finish() {
      finished = true;
      clearTimeout(timer);
      await running;
      for (const table of [...due.keys()]) await mergeOne(table);
    },
  };
}
