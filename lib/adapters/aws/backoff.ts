import { randomInt } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';

const FIRST_MS = 50;
const LONGEST_MS = 4000;

/**
 * Waits before the next try, longer each time and never as long as the others who wait: writers that met once must
 * not meet again. `attempt` counts from 0.
 */
export async function pause(attempt: number): Promise<void> {
  await setTimeout(randomInt(1, Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 16)) + 1));
}
