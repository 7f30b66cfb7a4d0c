export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  /** Waits for about so many milliseconds. */
  pause(ms: number): Promise<void>;
}
