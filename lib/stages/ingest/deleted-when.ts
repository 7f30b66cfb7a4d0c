import { ColumnBuilder } from '../../columnar/builder';
import { valueAt } from '../../columnar/kernels';
import { parseInto } from '../../columnar/parse-text';
import type { Field, PrimitiveType, Scalar } from '../../columnar/types';
import type { ResolvedTable } from '../../config/resolved';
import { deletedWhenUnfit } from './errors';

/** A misspelt column would let every delete through as a live row. @throws TM_2307 */
export function checkDeletedWhen(
  { deletedWhen }: ResolvedTable,
  fields: readonly Field[],
  where: string,
): void {
  if (!deletedWhen) return;
  const field = fields.find(f => f.name === deletedWhen.column);
  const fits = typeof deletedWhen.equals !== 'boolean' || field?.type === 'boolean';
  if (!field || !fits) throw deletedWhenUnfit(deletedWhen.column, field?.type, where);
}

/** The value of a row that the source has deleted, in a column of the type; undefined where no value is meant. */
export function deadValue(
  { equals }: NonNullable<ResolvedTable['deletedWhen']>,
  type: PrimitiveType,
): Scalar | undefined {
  if (equals === null) return null;
  if (type === 'binary') return undefined;
  const text = Buffer.from(String(equals));
  const builder = new ColumnBuilder(type, 1);
  const fault = parseInto(builder, type, text, 0, text.length);
  return fault ? undefined : valueAt(builder.finish(), 0);
}
