/**
 * One piece of work after the other, in the order they were asked for; one that fails does not hold up the next. Each
 * has the engine's whole memory, and closing waits for those that were asked for.
 */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work);
    this.last = mine.catch(() => undefined);
    return mine;
  }
}
