import type { ResolvedLake } from '../config/resolved';
import { currentSchema } from '../iceberg/metadata';
import type { LakePorts } from '../ports/lake-ports';
import { openTable } from '../table/open';

/** A table whose key is another one in the config than in the lake. */
export interface KeyChange {
  readonly table: string;
  readonly stands: readonly string[];
  readonly asked: readonly string[];
}

/**
 * Tables that stand with another key than the config has. Rows that were one by the old key may be several by the new
 * one, and the log does not say which: every stage refuses such a table.
 */
export async function keyChanges(ports: Pick<LakePorts, 'catalog'>, lake: ResolvedLake): Promise<KeyChange[]> {
  const changes: KeyChange[] = [];
  for (const { name: table, key: asked } of lake.tables) {
    const open = await openTable(ports, table);
    if (!open) continue;
    const schema = currentSchema(open.metadata);
    const ids = schema['identifier-field-ids'] ?? [];
    const stands = ids.flatMap(id => schema.fields.filter(f => f.id === id).map(f => f.name));
    if (!same(stands, asked)) changes.push({ table, stands, asked });
  }
  return changes;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every(name => b.includes(name));
}
