import type { OwnTally } from '../runtime/lake';
import type { LocalLake as BoundLake } from '../runtime/local';
import type { AppliedSchema, ApplyOptions } from '../stages/schema/apply';
import { isFolded, type SchemaChange } from '../stages/schema/change';
import type { ShownColumn } from '../stages/schema/show';
import { tableOf, tablesOf } from './names';

/** What was done to one table, and the merge of what waited then. */
export interface SchemaApplied extends AppliedSchema {
  readonly merged?: OwnTally;
}

export interface LakeSchemas {
  /** A table's columns as its log has them; none before anything was received. */
  showSchema(table: string): Promise<ShownColumn[]>;
  /** What the config declares otherwise than the log has it, of one table or of all. */
  diffSchema(table?: string): Promise<SchemaChange[]>;
  /**
   * Makes one table, or all, as the config declares them; what is `refused` stays as it is. Where texts do not cast,
   * nothing is retyped, and `stopped` says so. @throws TM_3099 while a load is under way
   */
  applySchema(table?: string, options?: ApplyOptions): Promise<SchemaApplied[]>;
}

export function schemasIn(lake: BoundLake): LakeSchemas {
  const { config, schema } = lake;
  return {
    showSchema: async name => schema.show(tableOf(config, name)),
    async diffSchema(name) {
      const changes: SchemaChange[] = [];
      for (const table of tablesOf(config, name)) changes.push(...(await schema.diff(table)));
      return changes;
    },
    async applySchema(name, options) {
      const all: SchemaApplied[] = [];
      for (const table of tablesOf(config, name)) {
        const applied = await schema.apply(table, options);
        const folded = applied.changes.some(isFolded);
        const isDone = folded && !applied.stopped && !options?.dryRun;
        const merged = isDone ? await lake.merge(table) : undefined;
        all.push({ ...applied, ...(merged ? { merged } : {}) });
      }
      return all;
    },
  };
}
