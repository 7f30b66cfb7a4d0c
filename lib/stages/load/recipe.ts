import { createHash } from 'node:crypto';
import type { Field } from '../../columnar/types';
import type { ResolvedTable } from '../../config/resolved';
import type { TaskScope } from '../../ledger/keys';
import type { Load } from '../../ledger/loads';
import type { CopyEngine, SortColumn } from '../../ports/copy-engine';
import type { LakePorts } from '../../ports/lake-ports';
import type { ObjectStore } from '../../ports/object-store';
import type { Scratch } from '../../ports/scratch';
import { type ColumnShape, userFields } from '../../table/columns';
import { loadFolder } from '../../table/load-files';
import type { WriteLimits } from '../../table/write-files';
import { checkCopy } from './check-copy';
import { unknownColumn } from './run-errors';
import type { LoadShape } from './shape';
import type { TableCopy } from './source/copy';

/** What the steps of a load stand on: the lake, the copy's store, an engine and files for it. */
export interface LoadPorts extends LakePorts {
  readonly copies: ObjectStore;
  readonly engine: CopyEngine;
  readonly scratch: Scratch;
}

/** A load with all that decides what comes out of it. */
export interface Recipe {
  readonly table: ResolvedTable;
  readonly load: Load;
  /** Its files are the groups'. */
  readonly copy: Omit<TableCopy, 'files'>;
  readonly shape: LoadShape;
  readonly limits: WriteLimits;
  /**
   * Of all of these: whoever finds another one begins the steps anew, under other names. A copy or a derivation that was
   * mended on the way must not meet what was made before.
   */
  readonly id: string;
}

export function recipeOf({
  copy,
  ...rest
}: Omit<Recipe, 'id' | 'copy'> & { readonly copy: TableCopy }): Recipe {
  const { table, shape, limits } = rest;
  // Columns that the log gains meanwhile are no reason to begin anew: the copy says nothing of them.
  const given = new Set(loadColumns(table, copy).map(({ name }) => name));
  const fields = shape.tableFields.filter(({ name }) => given.has(name));
  const decisive = [
    table.load,
    table.deletedWhen ?? null,
    copy.fingerprint,
    copy.columns,
    copy.format,
    fields,
    shape.spec,
    shape.partitionBy,
    shape.key,
    limits,
  ];
  const text = JSON.stringify(decisive, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  const id = createHash('sha256').update(text).digest('hex').slice(0, 8);
  const { files: _, ...bare } = copy;
  return { ...rest, copy: bare, id };
}

export const STEPS = ['split', 'pack'] as const;
export type Step = (typeof STEPS)[number];

export function scopeOf({ load, id }: Pick<Recipe, 'load' | 'id'>, step: Step): TaskScope {
  return { load: load.id, step: `${step}-${id}` };
}

/** Where the objects of a recipe stand. */
export function folderOf({ table, load, id }: Pick<Recipe, 'table' | 'load' | 'id'>): string {
  return `${loadFolder(table.name, load.id)}/${id}`;
}

/**
 * The columns that a load gives its table: declared ones of their type, and those that the copy has beyond them. Names
 * are told apart without case, as engines do.
 * @throws TM_2772, TM_2773 for a copy without the table's key
 */
export function loadColumns(table: ResolvedTable, copy: Pick<TableCopy, 'columns'>): ColumnShape[] {
  const declared = table.columns.filter(({ name }) => !table.omit.includes(name));
  const names = [
    ...table.columns.map(({ name }) => name),
    ...table.omit,
    ...Object.values(table.aliases).flat(),
  ];
  const taken = new Set(names.map(name => name.toLowerCase()));
  const extra =
    table.others === 'omit' ? [] : (copy.columns ?? []).filter(({ name }) => !taken.has(name.toLowerCase()));
  const columns = [...declared, ...extra.map(({ name, type }) => ({ name, type }))];
  checkCopy(table, copy, columns);
  return columns;
}

/**
 * Field ids of the log's columns that the rows of a load say nothing of: what stood in them stays. A replace says all,
 * and beside nothing there is nothing to stay.
 */
export function lackingOf({ table, copy, load, shape }: Recipe): number[] {
  if (load.replaces || load.holds) return [];
  const said = [...(copy.columns ?? []).map(c => c.name), ...Object.keys(table.load.derive)];
  const names = new Set(said.map(name => name.toLowerCase()));
  return userFields(shape.logFields)
    .filter(({ name }) => !names.has(name.toLowerCase()))
    .map(({ id }) => id);
}

/** In which order rows stand in a pack, before their key. */
export function sortOf({ table, shape }: Recipe): SortColumn[] {
  return table.load.sortBy.map(({ column, descending }) => ({ field: fieldOf(shape, column), descending }));
}

/** The column that is counted where it is not NULL. */
export function countedOf({ table, shape }: Recipe): Field {
  return table.load.countOn === undefined ? shape.key[0]! : fieldOf(shape, table.load.countOn);
}

/** @throws TM_2752 */
export function fieldOf({ tableFields }: LoadShape, name: string): Field {
  const field = tableFields.find(f => f.name === name);
  if (!field) throw unknownColumn(name);
  return field;
}
