import { type LocalLake as BoundLake, openLocalLake } from '../runtime/local';
import type { Whereabouts } from '../runtime/locate';

/** Hands rows on; with the last of them, or when the reader leaves, the lake they come from is closed. */
type Ending = <Row>(rows: AsyncIterable<Row>) => AsyncIterable<Row>;

/** Answers that are read while others are asked for: each from a lake opened for it, with an engine of its own. */
export class Streams {
  private readonly opened = new Set<BoundLake>();

  constructor(private readonly where: Whereabouts) {}

  async begin<T>(ask: (lake: BoundLake, ending: Ending) => Promise<T>): Promise<T> {
    const lake = await openLocalLake(this.where);
    this.opened.add(lake);
    try {
      return await ask(lake, rows => this.untilRead(rows, lake));
    } catch (error) {
      await this.end(lake);
      throw error;
    }
  }

  /** Ends those that nobody read to their end. */
  async close(): Promise<void> {
    for (const lake of [...this.opened]) await this.end(lake);
  }

  private async *untilRead<Row>(rows: AsyncIterable<Row>, lake: BoundLake): AsyncGenerator<Row> {
    try {
      yield* rows;
    } finally {
      await this.end(lake);
    }
  }

  private async end(lake: BoundLake): Promise<void> {
    if (this.opened.delete(lake)) await lake.close();
  }
}
