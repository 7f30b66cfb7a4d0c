import type { Field } from '../columnar/types';
import type { ResolvedTable } from '../config/resolved';
import { renameColumns, setProperties } from '../iceberg/evolution';
import { currentSchema, type TableMetadata } from '../iceberg/metadata';
import { knownFields } from '../iceberg/schema';
import type { LakePorts } from '../ports/lake-ports';
import { logTableOf, userFields } from './columns';
import { KEY_PROPERTY } from './key';
import { type OpenTable, openTable } from './open';

/** What the config says of columns' names. */
export type Named = Pick<ResolvedTable, 'name'> & Partial<Pick<ResolvedTable, 'aliases'>>;

/** A column that stands under a name that the config calls an alias, while none has the lake's own name for it. */
export interface Rename {
  readonly id: number;
  readonly was: string;
  readonly name: string;
}

/** The renames that the config declares and the table's columns have not followed yet. */
export function renamesIn(metadata: TableMetadata, { aliases = {} }: Named): Rename[] {
  const fields = userFields(currentSchema(metadata).fields);
  return Object.entries(aliases).flatMap(([name, others]) => {
    if (fields.some(f => f.name === name)) return [];
    const found = others.flatMap(other => fields.filter(f => f.name === other))[0];
    return found ? [{ id: found.id, was: found.name, name }] : [];
  });
}

/**
 * The table with its columns called as the config calls them, their ids as they were, and its note of the key too. It is
 * not committed: whatever commits on it next does that. The metadata comes back as it is where nothing is renamed.
 */
export function renamed(metadata: TableMetadata, named: Named, now: number): TableMetadata {
  const renames = renamesIn(metadata, named);
  if (renames.length === 0) return metadata;
  const evolved = renameColumns(metadata, new Map(renames.map(({ id, name }) => [id, name])), now);
  const noted = evolved.properties[KEY_PROPERTY];
  if (noted === undefined) return evolved;
  const key = (JSON.parse(noted) as string[]).map(
    column => renames.find(r => r.was === column)?.name ?? column,
  );
  return setProperties(evolved, { [KEY_PROPERTY]: JSON.stringify(key) }, [], now);
}

/** The table's log as it stands, its columns called as the config calls them. */
export async function openLog(
  ports: Pick<LakePorts, 'catalog' | 'store'>,
  table: Named,
): Promise<OpenTable | undefined> {
  const open = await openTable(ports, logTableOf(table.name));
  return open && called(open, table);
}

/** An opened table with its columns called as the config calls them. */
export function called(open: OpenTable, table: Named): OpenTable {
  return { ...open, metadata: renamed(open.metadata, table, open.metadata['last-updated-ms'] + 1) };
}

/** Names that a column had before, the newest first. */
export function namesBefore({ schemas }: TableMetadata, { id, name }: Pick<Field, 'id' | 'name'>): string[] {
  const byAge = [...schemas].sort((a, b) => (b['schema-id'] ?? 0) - (a['schema-id'] ?? 0));
  const names = byAge.flatMap(s =>
    knownFields(s)
      .filter(f => f.id === id)
      .map(f => f.name),
  );
  return [...new Set(names)].filter(was => was !== name);
}
