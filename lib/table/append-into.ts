import { putEach } from '../change/fold';
import { maxPosition } from '../change/position';
import type { DataFile } from '../iceberg/data-file';
import type { LakePorts } from '../ports/lake-ports';
import { rowsDoNotAddUp } from './errors';
import { filePlace } from './file-place';
import type { FoldResult, TableState } from './fold-into';
import { NO_ROWS } from './folded-rows';
import type { LogView } from './log';
import { byPartition } from './plan';
import type { Portion } from './portion';
import { upsertsOf } from './upserts';
import { type WriteLimits, writeFiles } from './write-files';

/** What a row of the log lacks is NULL, so none that stands is asked for it. */
const NOTHING_STANDS = {
  ...NO_ROWS,
  place(): never {
    throw new Error('a row without a key has none before it');
  },
};

/**
 * The rows of a portion of the log as new files of a table without a key: a file a partition, in the order of changes.
 * Nothing that stands is looked for or written anew. That each row comes once is said by the cursor alone, which the
 * commit that names these files states (PROTOCOL.md, M1, M4).
 */
export async function appendInto(
  ports: LakePorts,
  state: TableState,
  { log, portion }: { readonly log: LogView; readonly portion: Portion },
  limits: WriteLimits,
): Promise<FoldResult> {
  const changes = await portion.read(log);
  const slice = { changes, folded: putEach(changes), located: NOTHING_STANDS };
  const upserts = upsertsOf(ports.store, state, slice, []);
  const added: DataFile[] = [];
  for (const { partition, rows } of byPartition(upserts.placing, state.spec).values()) {
    const pieces = upserts.pieces(Uint32Array.from(rows));
    added.push(...(await writeFiles(ports, filePlace(state, partition), pieces, limits)));
  }
  const written = added.reduce((sum, file) => sum + file.recordCount, 0);
  const { entries } = portion;
  const expected = entries.reduce((sum, entry) => sum + entry.rows, 0);
  if (written !== expected) throw rowsDoNotAddUp(state.name, expected, written);
  const { n, name } = entries.at(-1)!;
  const greatest = entries.reduce((most, entry) => maxPosition(most, entry.greatest), state.cursor.greatest);
  return {
    added,
    removed: new Set(),
    cursor: { ...state.cursor, through: n, entry: name, greatest },
    rows: { new: written, changed: 0, deleted: 0 },
  };
}
