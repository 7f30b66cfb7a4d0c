import type { ResolvedTable } from '../config/resolved';
import { currentSchema } from '../iceberg/metadata';
import { readEntry } from '../ledger/entries';
import { EntryNumbers } from '../ledger/entry-numbers';
import { FILE_ID_CHARS, readReceived } from '../ledger/received';
import type { LakePorts } from '../ports/lake-ports';
import { keyArity, keyless, tableUnknown } from '../query/errors';
import type { TypedQuery } from '../query/history';
import { traceSql } from '../query/trace-sql';
import { openLog } from '../table/renames';

/** A change of one row: which file brought it, and as which entry of the log. */
export interface Touch {
  readonly op: string;
  /** `YYYY-MM-DD`. */
  readonly dateReceived: string;
  readonly entry: number;
  readonly object: string;
}

/**
 * Every change of a row that the log table has, in the order of positions; what is not merged yet is not there.
 * @param key the key's values as text, in the order of the table's key
 * @throws TM_6002 for a table without a log, TM_6017 for a key of another length, TM_6020 for a table
 * without one
 */
export async function traceKey(
  ports: LakePorts,
  { query, typeName }: TypedQuery,
  table: ResolvedTable,
  key: readonly string[],
): Promise<Touch[]> {
  if (table.key.length === 0) throw keyless(table.name, 'trace --key');
  if (key.length !== table.key.length) throw keyArity(table.name, table.key, key.length);
  const log = await openLog(ports, table);
  if (!log) throw tableUnknown(table.name, []);
  const { fields } = currentSchema(log.metadata);
  const fieldsOfKey = table.key.map(name => fields.find(f => f.name === name)!);
  const { rows } = await query.run(traceSql(table.name, fieldsOfKey, typeName), key);
  const numbers = await new EntryNumbers(ports.items, table.name, Number.POSITIVE_INFINITY).of(
    new Map(rows.flatMap(([, , source, entry]) => (entry === null ? [] : [[String(source), Number(entry)]]))),
  );
  const touches: Touch[] = [];
  for (const [op, dateReceived, source] of rows) {
    const n = numbers.get(String(source));
    const entry = n ? await readEntry(ports.items, table.name, n) : undefined;
    if (!entry) continue;
    const received = await readReceived(ports.items, entry.source.slice(0, FILE_ID_CHARS));
    const object = received?.object ?? entry.source;
    touches.push({ op: String(op), dateReceived: String(dateReceived), entry: entry.n, object });
  }
  return touches;
}
