import type { Clock } from '../../ports/clock';

/** The time that a run has. The next step is taken to need twice as long as the slowest so far. */
export class Pace {
  private slowest = 0;

  /** @param until when the run is over, milliseconds since 1970 */
  constructor(
    private readonly clock: Pick<Clock, 'now'>,
    private readonly until: number = Number.POSITIVE_INFINITY,
  ) {}

  async step<T>(work: () => Promise<T>): Promise<T> {
    const from = this.clock.now();
    const done = await work();
    this.slowest = Math.max(this.slowest, this.clock.now() - from);
    return done;
  }

  /** Whether another step might not end in time. */
  get over(): boolean {
    return this.clock.now() + 2 * this.slowest >= this.until;
  }
}
