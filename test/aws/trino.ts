import { setTimeout as pause } from 'node:timers/promises';
import { TRINO } from './endpoints';

/** A value of Trino's answer: numbers as their digits, so that none is lost in a JavaScript number. */
export type TrinoValue = string | boolean | null;

interface Page {
  readonly nextUri?: string;
  readonly columns?: readonly { readonly name: string }[];
  readonly data?: readonly (readonly TrinoValue[])[];
  readonly error?: { readonly message: string };
}

/** What Trino answered; a statement that gives no rows has none. */
export interface TrinoAnswer {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TrinoValue[])[];
}

/**
 * Runs a statement on Trino itself, as a lake's user with an engine of their own does: both catalogs of the stand-in
 * (`awsdatacatalog` for every kind of table, `iceberg` for statements that are not redirected) read the same Glue.
 * @throws Error with Trino's words
 */
export async function trino(sql: string, database: string): Promise<TrinoAnswer> {
  const headers = {
    'X-Trino-User': 'reader',
    'X-Trino-Catalog': 'awsdatacatalog',
    'X-Trino-Schema': database,
    'X-Trino-Time-Zone': 'UTC',
  };
  let answer = await fetch(`${TRINO}/v1/statement`, { method: 'POST', headers, body: sql });
  let columns: readonly string[] = [];
  const rows: (readonly TrinoValue[])[] = [];
  for (;;) {
    const page = exact(await answer.text());
    if (page.error) throw new Error(page.error.message);
    columns = page.columns?.map(c => c.name) ?? columns;
    rows.push(...(page.data ?? []));
    if (!page.nextUri) return { columns, rows };
    answer = await followed(page.nextUri, headers);
  }
}

/** Trino answers 503 while it is busy. */
async function followed(uri: string, headers: Record<string, string>): Promise<Response> {
  for (;;) {
    const answer = await fetch(uri, { headers });
    if (answer.status !== 503) return answer;
    await pause(50);
  }
}

const NUMBERS = /("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

function exact(text: string): Page {
  return JSON.parse(text.replace(NUMBERS, (_, string?: string, number?: string) => string ?? `"${number}"`));
}
