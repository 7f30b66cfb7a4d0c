import type { ResolvedLake, ResolvedReport, ResolvedTable } from '../config/resolved';
import { tableUnknown } from '../query/errors';
import { notADate } from './errors';
import type { KeyValue } from './lake';

/** @throws TM_6002 */
export function tableOf(config: ResolvedLake, name: string): ResolvedTable {
  return named(config.tables, name);
}

/** The table of this name alone; all without one. @throws TM_6002 */
export function tablesOf(config: ResolvedLake, name: string | undefined): readonly ResolvedTable[] {
  return name === undefined ? config.tables : [tableOf(config, name)];
}

/** @throws TM_6002 */
export function reportOf(config: ResolvedLake, name: string): ResolvedReport {
  return named(config.reports, name);
}

function named<T extends { readonly name: string }>(all: readonly T[], name: string): T {
  const found = all.find(one => one.name === name);
  if (found) return found;
  throw tableUnknown(
    name,
    all.map(one => one.name),
  );
}

/** The date as it is, if a calendar has it: it becomes a partition's value. @throws TM_7101 */
export function dateOf(text: string): string {
  const day = new Date(`${text}T00:00:00Z`);
  const real = !Number.isNaN(day.getTime()) && day.toISOString().slice(0, 10) === text;
  if (!real) throw notADate(text);
  return text;
}

/** A key's values as text, which the query casts to their types. */
export function keyOf(key: KeyValue | readonly KeyValue[]): string[] {
  const values: readonly KeyValue[] = Array.isArray(key) ? key : [key as KeyValue];
  return values.map(String);
}
