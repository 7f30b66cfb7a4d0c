/**
 * One piece of work after the other, in the order they were asked for; one that fails does not hold up the next.
 * The views of a query are its connection's, and DuckDB ends an answer, without a word, when its connection is given
 * another statement.
 */
export class Turns {
  private last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work);
    this.last = mine.catch(() => undefined);
    return mine;
  }
}
