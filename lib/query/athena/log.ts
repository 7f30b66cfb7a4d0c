import type { Field } from '../../columnar/types';
import type { ResolvedTable } from '../../config/resolved';
import { currentSchema } from '../../iceberg/metadata';
import type { LakePorts } from '../../ports/lake-ports';
import { START, statedCursor } from '../../table/cursor';
import { checkLogKey } from '../../table/key';
import { liveFiles } from '../../table/live-files';
import { openTable } from '../../table/open';
import { openLog } from '../../table/renames';
import { lackingSql } from './lacking';

/**
 * A table's log as Athena reads it: `<table>_deltas` alone. The ledger is not asked, as `_entry` orders the rows of
 * one position.
 */
export interface AthenaLog {
  /** The log table's fields. */
  readonly fields: readonly Field[];
  /** The last entry whose rows stand in it; 0 where its cursor is lost. */
  readonly through: number;
  /** By column id, a condition that holds for the rows of files that lack the column altogether. */
  readonly lacking: ReadonlyMap<number, string>;
  /** Whether any change merged so far says nothing about some column: else a fold takes whole rows, which is cheaper. */
  readonly partial: boolean;
}

/**
 * Undefined before anything of the table was received.
 * @throws TM_3010 when its changes stand under another key than the config's
 */
export async function readAthenaLog(
  ports: Pick<LakePorts, 'store' | 'catalog'>,
  table: ResolvedTable,
): Promise<AthenaLog | undefined> {
  // The table first: the log is never behind it, so what its flag speaks of is there.
  const current = await openTable(ports, table.name);
  const open = await openLog(ports, table);
  if (!open) return undefined;
  checkLogKey(table, open.metadata);
  const { fields } = currentSchema(open.metadata);
  const { data } = await liveFiles(ports.store, open.metadata);
  const lacking = await lackingSql(ports.store, data, fields);
  // A lost cursor says nothing: then the way that is always right.
  const stated = current && statedCursor(current.metadata);
  const { through } = statedCursor(open.metadata) ?? START;
  return { fields, through, lacking, partial: lacking.size > 0 || !stated || stated.partial };
}
