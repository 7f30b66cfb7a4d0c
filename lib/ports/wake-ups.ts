/** What to look at next. Losing one, or sending it twice, changes nothing: what there is to do stands in the ledger. */
export interface WakeUps {
  /**
   * A table has deltas that wait: any number of these within one window makes one merge, after the window.
   * Sent after the transaction that made them wait (PROTOCOL.md, I7).
   */
  merge(table: string): Promise<void>;
  /** A merge took what it had time for and more waits; `after` makes the message differ from the one being answered. */
  mergeAgain(table: string, after: { readonly through: number; readonly id: bigint }): Promise<void>;
  /** A date of a report is to be built, or its query to be looked at. */
  report(report: string, date: string): Promise<void>;
  /** An object of the landing that no event announced is to be taken in. */
  ingest(key: string): Promise<void>;
}
