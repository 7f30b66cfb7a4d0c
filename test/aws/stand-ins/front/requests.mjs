/** So many requests are remembered, the newest. */
const REQUESTS_MAX = 200_000;

/** What was called. */
export class Requests {
  #kept = [];

  add(record) {
    this.#kept.push(record);
    if (this.#kept.length > REQUESTS_MAX) this.#kept.splice(0, REQUESTS_MAX / 10);
  }

  /** Of one principal, or of all. */
  of(principal) {
    return this.#kept.filter(record => principal === null || record.principal === principal);
  }

  forget(principal) {
    this.#kept = principal === null ? [] : this.#kept.filter(record => record.principal !== principal);
  }
}
