/** What every Tidemark error is: a code to look up, what happened, where, and what to do next. */
export class TidemarkError extends Error {
  constructor(
    readonly code: `TM_${number}`,
    readonly what: string,
    readonly where: string,
    readonly next: string,
    options?: ErrorOptions,
  ) {
    super(`[${code}] ${what} · ${where} · ${next}`, options);
    this.name = 'TidemarkError';
  }
}
