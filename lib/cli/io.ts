import type { Readable } from 'node:stream';

/** What a command line run stands on: handed in, so that a test runs commands in its own process. */
export interface Io {
  readonly cwd: string;
  /** What the surroundings say: credentials, region, endpoints. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Rows and results. */
  readonly out: (text: string) => void;
  /** Messages and progress. */
  readonly err: (text: string) => void;
  readonly stdin: Readable;
  /** A person sits at both ends: questions may be asked. */
  readonly interactive: boolean;
  /** Messages go to a terminal: progress may move. */
  readonly live: boolean;
  /** Aborted by Ctrl-C: what runs finishes the piece in hand and stops. */
  readonly stop: AbortSignal;
}

/** The process's own ends. A second Ctrl-C ends the process where it stands; nothing is lost by it. */
export function processIo(environment: Io['environment'] = {}): Io {
  const stop = new AbortController();
  return {
    cwd: process.cwd(),
    environment,
    out: text => void process.stdout.write(text),
    err: text => void process.stderr.write(text),
    stdin: process.stdin,
    interactive: Boolean(process.stdin.isTTY && process.stderr.isTTY),
    live: Boolean(process.stderr.isTTY),
    get stop() {
      // Listening takes away Ctrl-C's own effect, so only who waits for the signal listens.
      if (process.listenerCount('SIGINT') === 0 && !stop.signal.aborted) {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
      }
      return stop.signal;
    },
  };
}
