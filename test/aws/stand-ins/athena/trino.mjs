// Trino's client protocol: a statement is posted, its pages are followed to the end.
import { setTimeout as pause } from 'node:timers/promises';

/** What Trino says of a failed statement. */
export class TrinoError extends Error {
  constructor({ errorName, errorType, message }) {
    super(`${errorName}: ${message}`);
    this.isUserError = errorType === 'USER_ERROR';
    this.isSyntax = errorName === 'SYNTAX_ERROR';
  }
}

// A bigint loses digits as a JavaScript number and a double its spelling: every number of the answer becomes a string.
const NUMBERS = /("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;
const parsed = text => JSON.parse(text.replace(NUMBERS, (_, string, number) => string ?? `"${number}"`));

export class Trino {
  #url;

  /** @param {string} url */
  constructor(url) {
    this.#url = url;
  }

  /**
   * Runs a statement to its end.
   * @param {{ database?: string, session?: string[], isCancelled?: () => boolean }} [options]
   * @returns {Promise<{ columns: object[], rows: unknown[][], updateType?: string, updateCount?: string, stats: object }>}
   * @throws TrinoError
   */
  async run(sql, { database = 'default', session = [], isCancelled = () => false } = {}) {
    const headers = {
      'X-Trino-User': 'athena',
      'X-Trino-Catalog': 'awsdatacatalog',
      'X-Trino-Schema': database,
      'X-Trino-Time-Zone': 'UTC',
      'X-Trino-Client-Capabilities': 'PARAMETRIC_DATETIME', // without it timestamps come with three digits
      ...(session.length > 0 && { 'X-Trino-Session': session.join(',') }),
    };
    let columns = [];
    const rows = [];
    let answer = await fetch(`${this.#url}/v1/statement`, { method: 'POST', headers, body: sql });
    for (;;) {
      if ([502, 503, 504].includes(answer.status)) throw new Error(`Trino answers ${answer.status}`);
      const page = parsed(await answer.text());
      columns = page.columns ?? columns;
      rows.push(...(page.data ?? []));
      if (page.error) throw new TrinoError(page.error);
      if (page.nextUri === undefined) {
        return {
          columns,
          rows,
          updateType: page.updateType,
          updateCount: page.updateCount,
          stats: page.stats ?? {},
        };
      }
      if (isCancelled()) {
        await fetch(page.nextUri, { method: 'DELETE', headers });
        throw new TrinoError({
          errorName: 'USER_CANCELED',
          errorType: 'USER_ERROR',
          message: 'Query was canceled',
        });
      }
      answer = await this.#page(page.nextUri, headers);
    }
  }

  async #page(uri, headers) {
    for (;;) {
      const answer = await fetch(uri, { headers });
      if (answer.status !== 503) return answer;
      await pause(50);
    }
  }

  /** Refuses what the engine cannot read at all; other faults are for the run to find. @throws TrinoError with isSyntax */
  async parse(sql, options) {
    try {
      await this.run(`EXPLAIN (TYPE VALIDATE)\n${sql}`, options);
    } catch (error) {
      if (!error.isSyntax) return;
      error.message = error.message.replace(/line (\d+):/, (_, line) => `line ${line - 1}:`);
      throw error;
    }
  }

  /** Columns of a query: { name, type }[], types as Trino writes them. */
  async columnsOf(query, options) {
    const { columns } = await this.run(`SELECT * FROM (\n${query}\n) LIMIT 0`, options);
    return columns;
  }
}
