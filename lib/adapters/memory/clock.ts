import type { Clock } from '../../ports/clock';

/** A clock that stands still until it is moved. Who waits moves it. */
export interface FixedClock extends Clock {
  set(milliseconds: number): void;
  advance(milliseconds: number): void;
}

/** @param start milliseconds since 1970, UTC */
export function fixedClock(start = 0): FixedClock {
  let now = start;
  return {
    now: () => now,
    async pause(ms) {
      now += ms;
    },
    set(milliseconds) {
      now = milliseconds;
    },
    advance(milliseconds) {
      now += milliseconds;
    },
  };
}
