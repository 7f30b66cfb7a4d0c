import type { PrimitiveType } from '../../columnar/types';
import type { ResolvedTable } from '../../config/resolved';
import { currentSchema, schemaById, type TableMetadata } from '../../iceberg/metadata';
import type { LakePorts } from '../../ports/lake-ports';
import { userFields } from '../../table/columns';
import { namesBefore, openLog } from '../../table/renames';
import { castOf } from '../../table/retyped';

/** A column of a table, as its log has it. */
export interface ShownColumn {
  readonly name: string;
  readonly type: PrimitiveType;
  readonly fieldId: number;
  readonly isKey: boolean;
  /** Whether the config declares it; else a source brought it. */
  readonly declared: boolean;
  /** The first schema of the log that has it. */
  readonly sinceSchema: number;
  /** When the first retained snapshot was made that has it, milliseconds since 1970; undefined before the first. */
  readonly since?: number;
  readonly aliases: readonly string[];
  /** Names that it had before, the newest first. */
  readonly was: readonly string[];
  /** The log's column of its texts, of one that was retyped. */
  readonly textsIn?: string;
}

/** The user's columns; nothing before anything was received. */
export async function showSchema(ports: LakePorts, table: ResolvedTable): Promise<ShownColumn[]> {
  const log = await openLog(ports, table);
  if (!log) return [];
  const { metadata } = log;
  const { fields } = currentSchema(metadata);
  return userFields(fields).map(field => {
    const { id, name, type } = field;
    const since = firstSnapshotWith(metadata, id);
    const texts = fields.find(f => f.id === castOf(field))?.name;
    return {
      ...{ name, type, fieldId: id, isKey: table.key.includes(name) },
      declared: table.columns.some(c => c.name === name),
      sinceSchema: Math.min(...schemasWith(metadata, id)),
      ...(since === undefined ? {} : { since }),
      aliases: table.aliases[name] ?? [],
      was: namesBefore(metadata, field),
      ...(texts === undefined ? {} : { textsIn: texts }),
    };
  });
}

function schemasWith({ schemas }: TableMetadata, id: number): number[] {
  return schemas.filter(s => s.fields.some(f => f.id === id)).map(s => s['schema-id'] ?? 0);
}

function firstSnapshotWith(metadata: TableMetadata, id: number): number | undefined {
  const has = (schema: number) => schemaById(metadata, schema).fields.some(f => f.id === id);
  return metadata.snapshots.find(s => s['schema-id'] !== undefined && has(s['schema-id']))?.['timestamp-ms'];
}
