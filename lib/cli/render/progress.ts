import type { Io } from '../io';

interface Spinner {
  update(options: { text: string }): unknown;
  stop(): unknown;
  clear(): unknown;
}

/** How long something may take before it is worth a word, and how often a plain log hears of it. */
const QUIET_MS = 1000;
const PLAIN_QUIET_MS = 2000;
const PLAIN_EVERY_MS = 10_000;

/** What goes on, while it goes on: a spinner on a terminal, a line now and then elsewhere. */
export class Progress {
  private timer: NodeJS.Timeout | undefined;
  private spinner: Spinner | undefined;
  private ended = false;

  constructor(
    private readonly io: Io,
    private what: string,
  ) {
    this.wait(io.live ? QUIET_MS : PLAIN_QUIET_MS);
  }

  update(what: string): void {
    this.what = what;
    this.spinner?.update({ text: what });
  }

  stop(): void {
    this.ended = true;
    clearTimeout(this.timer);
    this.spinner?.stop();
    this.spinner?.clear();
    if (this.spinner) this.io.err('\x1b[?25h');
  }

  private wait(ms: number): void {
    this.timer = setTimeout(() => void this.show(), ms);
    this.timer.unref();
  }

  private async show(): Promise<void> {
    if (!this.io.live) {
      this.io.err(`${this.what} ...\n`);
      this.wait(PLAIN_EVERY_MS);
      return;
    }
    const { createSpinner } = await import('nanospinner');
    if (!this.ended) this.spinner = createSpinner(this.what, { stream: process.stderr }).start();
  }
}
