/**
 * Runs actors one at a time, from port call to port call, in an order that a seed decides. An actor waits at the
 * gate before each of its port calls until it is chosen; a crashed actor is never chosen again, as if its process
 * had been killed there.
 */
export class Scheduler {
  private readonly actors: Actor[] = [];
  private readonly random: () => number;
  /** Port calls let through so far. */
  steps = 0;

  constructor(seed: number) {
    this.random = randomOf(seed);
  }

  /** An actor that runs `work` when its turn comes; `work` gets the actor, to make its ports with. */
  spawn(name: string, work: (actor: Actor) => Promise<unknown>): Actor {
    const actor = new Actor(name, this);
    this.actors.push(actor);
    void actor
      .gate('start')
      .then(() => work(actor))
      .then(
        () => actor.end(undefined),
        error => actor.end(error),
      );
    return actor;
  }

  /** Until every actor has ended or crashed. */
  async run(): Promise<void> {
    for (;;) {
      const ready = this.actors.filter(a => a.waiting);
      if (ready.length === 0) return;
      const chosen = ready[Math.floor(this.random() * ready.length)]!;
      this.steps++;
      await chosen.step();
    }
  }

  chance(probability: number): boolean {
    return this.random() < probability;
  }

  pick<T>(among: readonly T[]): T {
    return among[Math.floor(this.random() * among.length)]!;
  }
}

export class Actor {
  private readonly calls: (() => void)[] = [];
  private parked: (() => void) | undefined;
  error: unknown;
  state: 'alive' | 'ended' | 'crashed' = 'alive';

  constructor(
    readonly name: string,
    readonly scheduler: Scheduler,
  ) {}

  get waiting(): boolean {
    return this.state === 'alive' && this.calls.length > 0;
  }

  /** Resolves when the scheduler lets this actor make its next port call. */
  gate(_call: string): Promise<void> {
    const turn = new Promise<void>(resolve => {
      this.calls.push(resolve);
    });
    this.parked?.();
    return turn;
  }

  /**
   * Lets the actor run to its next port call, its end, or its crash. Of calls that it has made at once it makes one: it
   * may have nothing else to do until the others are made too.
   */
  async step(): Promise<void> {
    const until = new Promise<void>(resolve => {
      this.parked = resolve;
    });
    this.calls.shift()!();
    const others = this.calls.length > 0 ? [new Promise<void>(resolve => setImmediate(resolve))] : [];
    await Promise.race([until, ...others]);
  }

  /** The process is gone: what awaits its port calls waits for ever. */
  crash(): Promise<never> {
    this.state = 'crashed';
    this.parked?.();
    return new Promise(() => {});
  }

  end(error: unknown): void {
    this.state = 'ended';
    this.error = error;
    this.parked?.();
  }
}

/** Mulberry32: small, seeded, good enough to shuffle with. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
