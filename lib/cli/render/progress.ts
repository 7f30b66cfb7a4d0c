import type { Io } from '../io';
import { plain } from './table';

/** How long something may take before it is worth a word. */
const QUIET_MS = 1000;
const PLAIN_QUIET_MS = 2000;
/** How often it is said again. */
const FRAME_MS = 80;
const PLAIN_EVERY_MS = 10_000;
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Back to the start of the line, and away with what stands there. */
const CLEAR = '\r\x1b[K';

/**
 * What goes on, while it goes on: one moving line on a terminal, a line now and then elsewhere. It takes no signal,
 * so Ctrl-C means what the command says it means.
 */
export class Progress {
  private timer: NodeJS.Timeout | undefined;
  private frame = 0;

  constructor(
    private readonly io: Io,
    private what: string,
  ) {
    this.wait(io.live ? QUIET_MS : PLAIN_QUIET_MS);
  }

  update(what: string): void {
    this.what = what;
  }

  stop(): void {
    clearTimeout(this.timer);
    if (this.frame > 0) this.io.err(CLEAR);
    this.frame = 0;
  }

  private wait(ms: number): void {
    this.timer = setTimeout(() => this.show(), ms);
    this.timer.unref();
  }

  private show(): void {
    if (this.io.live) this.io.err(`${CLEAR}${FRAMES[this.frame++ % FRAMES.length]} ${plain(this.what)}`);
    else this.io.err(`${this.what} ...\n`);
    this.wait(this.io.live ? FRAME_MS : PLAIN_EVERY_MS);
  }
}
