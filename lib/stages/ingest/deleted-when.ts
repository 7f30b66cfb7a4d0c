import type { Field } from '../../columnar/types';
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
