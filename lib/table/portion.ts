import { createHash } from 'node:crypto';
import type { Changes } from '../change/changes';
import type { Entry } from '../ledger/entries';
import type { LakePorts } from '../ports/lake-ports';
import type { ObjectStore } from '../ports/object-store';
import { openFile } from './data-file';
import { deltaDamaged, fileMissing } from './errors';
import { type LoadFile, readLoadFiles } from './load-files';
import { type LogView, readSlice } from './log';
import { ChangeReader } from './read-changes';

/** Changes that one step of a fold takes on. */
export interface Portion {
  /** The entries that they are of. */
  readonly entries: readonly Entry[];
  read(log: LogView): Promise<Changes>;
}

/** What one step takes on at most, one row group at least. Bytes as in memory. */
export interface PortionLimits {
  readonly mergeRowsMax: number;
  readonly mergeBytesMax: number;
}

/** All changes of some deltas. */
export function deltasPortion(entries: readonly Entry[]): Portion {
  return { entries, read: log => readSlice(log, entries) };
}

/**
 * A load's rows in portions, in the order of its files: in which order they are folded does not matter (PROTOCOL.md, P1).
 * @throws TM_3004, TM_3005
 */
export async function* loadPortions(
  { store }: Pick<LakePorts, 'store'>,
  entry: Entry,
  limits: PortionLimits,
): AsyncGenerator<Portion> {
  const { parts } = await readLoadFiles({ store }, entry);
  // Whoever folds portions sees that the entry was one of them, though nothing is in it.
  if (parts.length === 0)
    yield { entries: [entry], read: async ({ fields }) => new ChangeReader(fields).finish() };
  for (const part of parts) {
    await checkPart(store, part);
    const { footer } = await openFile(store, { path: store.uri(part.key), size: part.bytes });
    let from = 0;
    let rows = 0;
    let bytes = 0;
    for (const [g, group] of footer.rowGroups.entries()) {
      const size = group.columns.reduce((sum, c) => sum + c.uncompressed, 0);
      const full = rows + group.rows > limits.mergeRowsMax || bytes + size > limits.mergeBytesMax;
      if (g > from && full) {
        yield partPortion(entry, part, from, g);
        [from, rows, bytes] = [g, 0, 0];
      }
      rows += group.rows;
      bytes += size;
    }
    if (footer.rowGroups.length > from) yield partPortion(entry, part, from, footer.rowGroups.length);
  }
}

/** A flipped byte in a data page would read as another value (PROTOCOL.md, M2). A part is too large to be held whole. */
async function checkPart(store: ObjectStore, { key, sha256 }: LoadFile): Promise<void> {
  const found = await store.head(key);
  if (!found) throw fileMissing(key);
  const hash = createHash('sha256');
  for await (const piece of store.stream(key, found.etag)) hash.update(piece);
  if (hash.digest('hex') !== sha256) throw deltaDamaged(key);
}

/** The rows of a part's row groups [from, to). */
function partPortion(entry: Entry, part: LoadFile, from: number, to: number): Portion {
  return {
    entries: [entry],
    async read({ store, fields }) {
      const file = await openFile(store, { path: store.uri(part.key), size: part.bytes });
      const reader = new ChangeReader(fields);
      const numbers = new Map([[entry.name, entry.n]]);
      let missing = 0;
      for (let g = from; g < to; g++) {
        const batch = await reader.read(file, g);
        missing += batch.length - reader.add(file, batch, numbers);
      }
      // Rows that bear another name than the load's would be left out in silence.
      if (missing > 0) throw deltaDamaged(part.key);
      return reader.finish();
    },
  };
}
