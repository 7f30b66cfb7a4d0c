import { TidemarkError } from '../../errors';
import { claimTask, failTask, LEASE_MS, renewTask, succeedTask } from '../../ledger/task-claims';
import type { Task } from '../../ledger/tasks';
import { packParts } from './pack';
import { type LoadPorts, type Recipe, type Step, scopeOf } from './recipe';
import { splitGroup } from './split';

/** How one worker does tasks of a step. */
export interface Shift {
  /** A name that no other worker has. */
  readonly owner: string;
  /** No task is begun that may not end before it; milliseconds since 1970. Default: there is time. */
  readonly until?: number;
  /** How long it stays where others hold all that is left, milliseconds. Default: to the end. */
  readonly patienceMs?: number;
  /** Once it is aborted, the task in hand is ended and no other is begun. */
  readonly stop?: AbortSignal | undefined;
  readonly onDone?: () => Promise<void>;
  /** Told at each look that finds nothing which may start: until when at least, milliseconds since 1970. */
  readonly onHeld?: ((until: number) => Promise<void>) | undefined;
  /** A task whose try failed: ignored when it was the last. */
  readonly onFailed?: ((step: Step, task: Task) => void) | undefined;
}

/** How long a worker waits before it looks again: a try that fails may come free at once, and nobody says when. */
const LOOK_MS = 250;
const LOOK_MS_MAX = 5000;

/**
 * Does tasks of a step, one after the other, until none is left that may start. What there is to do stands in the tracker
 * alone: a worker too many finds nothing, and what one that died held comes free with its lease. The next task is taken to
 * need twice as long as the slowest so far.
 * @returns whether tasks were left when its time was over
 */
export async function work(
  ports: LoadPorts,
  recipe: Recipe,
  step: Step,
  shift: Shift,
): Promise<{ readonly left: boolean }> {
  const { owner, until = Infinity, patienceMs = Infinity, stop, onDone, onHeld } = shift;
  const { items, clock } = ports;
  let slowest = 0;
  let idleSince = clock.now();
  while (!stop?.aborted) {
    const now = clock.now();
    if (now + 2 * slowest >= until) return { left: true };
    const claimed = await claimTask(items, scopeOf(recipe, step), { owner, now });
    if (claimed.outcome === 'done') break;
    if (claimed.outcome === 'claimed') {
      await attempt(ports, recipe, step, { task: claimed.task, shift });
      idleSince = clock.now();
      slowest = Math.max(slowest, idleSince - now);
      await onDone?.();
      continue;
    }
    const idle = now - idleSince;
    if (idle >= patienceMs) break;
    await onHeld?.(claimed.until);
    const look = Math.min(LOOK_MS + idle / 4, LOOK_MS_MAX, until - now);
    await clock.pause(Math.min(Math.max(claimed.until - now, 1), look));
  }
  return { left: false };
}

async function attempt(
  ports: LoadPorts,
  recipe: Recipe,
  step: Step,
  { task, shift }: { readonly task: Task; readonly shift: Shift },
): Promise<void> {
  const { items, clock } = ports;
  const scope = scopeOf(recipe, step);
  const lease = keep(ports, recipe, step, task);
  try {
    const does = step === 'split' ? splitGroup : packParts;
    const result = await does(ports, recipe, task);
    await succeedTask(items, scope, task, { now: clock.now(), result });
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    const why = { now: clock.now(), message, ...(stack ? { stack } : {}) };
    const failed = await failTask(items, scope, task, { ...why, waitMs: waitOf(error, task) });
    if (failed) shift.onFailed?.(step, failed);
  } finally {
    lease.end();
  }
}

/** Before the second try of what may be the machine's or a store's trouble, milliseconds; before the third thrice that. */
const WAIT_MS = 10_000;

/**
 * What a file, a row or the config says does not change by waiting (21xx to 27xx), nor does a file that is gone or another
 * (5002, 5003); a minute's trouble must not use up all tries.
 */
function waitOf(error: unknown, { retry }: Task): number {
  const lasting = error instanceof TidemarkError && /^TM_(2[1-7]|500[23])/.test(error.code);
  return lasting ? 0 : WAIT_MS * 3 ** retry;
}

/** Renews a task's lease until it is ended, or another has the task. */
function keep({ items, clock }: LoadPorts, recipe: Recipe, step: Step, task: Task): { end(): void } {
  const timer = setInterval(() => {
    renewTask(items, scopeOf(recipe, step), task, { now: clock.now() })
      .then(held => held ?? clearInterval(timer))
      // The next beat tries again; without any the lease ends, and another takes the task up.
      .catch(() => {});
  }, LEASE_MS / 3);
  return { end: () => clearInterval(timer) };
}
