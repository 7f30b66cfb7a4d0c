import type { Batch } from '../../columnar/column';
import type { Field } from '../../columnar/types';
import type { DataFile } from '../../iceberg/data-file';
import type { Entry, Joined } from '../../ledger/entries';
import type { LakePorts } from '../../ports/lake-ports';
import { lackingIn, withAbsent } from '../../table/absent';
import { daysOf } from '../../table/columns';
import { openDelta } from '../../table/data-file';
import { rowsDoNotAddUp } from '../../table/errors';
import { joinedFolder } from '../../table/joined-deltas';
import { type WriteLimits, writeFiles } from '../../table/write-files';

export interface JoinedDeltas {
  readonly file: DataFile;
  /** Where each entry's rows stand in the file, by its number. */
  readonly marks: ReadonlyMap<number, Joined>;
}

/**
 * Writes the deltas of one day into one file, row after row as they are, and checks their bytes. What a delta lacks
 * altogether is written down row by row, as the file has all columns (PROTOCOL.md, I6). Memory holds a delta and a
 * row group.
 * @param fields the log table's
 */
export async function joinDeltas(
  ports: LakePorts,
  table: string,
  fields: readonly Field[],
  entries: readonly Entry[],
  limits: WriteLimits,
): Promise<JoinedDeltas> {
  const place = {
    folder: joinedFolder(table),
    fields,
    specId: 0,
    partition: [daysOf(entries[0]!.dateReceived)],
    sortOrderId: null,
  };
  const whole = { ...limits, fileBytesMax: Number.POSITIVE_INFINITY };
  const [file] = await writeFiles(ports, place, rowsOf(ports, fields, entries), whole);
  const rows = entries.reduce((sum, entry) => sum + entry.rows, 0);
  if (file?.recordCount !== rows) throw rowsDoNotAddUp(table, rows, file?.recordCount ?? 0);
  const marks = new Map<number, Joined>();
  let first = 0;
  for (const entry of entries) {
    marks.set(entry.n, { key: ports.store.keyOf(file.path), bytes: file.size, first });
    first += entry.rows;
  }
  return { file, marks };
}

async function* rowsOf(
  { store }: LakePorts,
  fields: readonly Field[],
  entries: readonly Entry[],
): AsyncGenerator<Batch> {
  for (const entry of entries) {
    const file = await openDelta(store, entry);
    const lacking = lackingIn(file, fields);
    for (let g = 0; g < file.footer.rowGroups.length; g++)
      yield withAbsent(await file.read(g, fields), lacking);
  }
}
