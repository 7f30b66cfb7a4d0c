import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../../ports/clock';

/** The machine's clock. */
export function systemClock(): Clock {
  return { now: () => Date.now(), pause: ms => setTimeout(ms) };
}
