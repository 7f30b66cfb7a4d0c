import type { ResolvedTable } from '../config/resolved';
import { currentSchema, type TableMetadata } from '../iceberg/metadata';
import { keyChanged } from './errors';

type Keyed = Pick<ResolvedTable, 'name' | 'key'>;

/**
 * The log's property that names the key its changes are folded by, a JSON array. Every stage looks at it before it does
 * anything by the config's key: a change that another key numbered would have none of its own, and stop every merge.
 */
export const KEY_PROPERTY = 'tidemark.key';

export function keyProperty({ key }: Keyed): Record<string, string> {
  return { [KEY_PROPERTY]: JSON.stringify(key) };
}

/** Whether the log was made for rows that have no key: an append table's, whoever declared it. */
export function isKeylessLog(log: TableMetadata): boolean {
  return log.properties[KEY_PROPERTY] === '[]';
}

/** Whether the current table's rows are those of a log without a key. */
export function isKeyless(metadata: TableMetadata): boolean {
  return currentSchema(metadata).identifierFieldIds.length === 0;
}

/** @throws TM_3010 when the log was made for another key than the config has */
export function checkLogKey(table: Keyed, log: TableMetadata): void {
  const noted = log.properties[KEY_PROPERTY];
  if (noted !== undefined) checkSame(table, JSON.parse(noted));
}

/** @throws TM_3010 when the current table stands with another key than the config has */
export function checkKey(table: Keyed, metadata: TableMetadata): void {
  const { fields, identifierFieldIds } = currentSchema(metadata);
  const was = fields.filter(f => identifierFieldIds.includes(f.id)).map(f => f.name);
  checkSame(table, was);
}

function checkSame({ name, key }: Keyed, was: readonly string[]): void {
  const same = was.length === key.length && was.every(column => key.includes(column));
  if (!same) throw keyChanged(name, was.join(', '), key.join(', '));
}
