import { createHash } from 'node:crypto';
import type { Entry } from '../ledger/entries';
import type { ObjectStore } from '../ports/object-store';
import { openFile } from './data-file';
import { deltaDamaged, fileMissing } from './errors';
import { nameOfPieces, type Piece, piecesOf, type RowsFile } from './load-pieces';
import type { LogView } from './log';
import type { FoldPlace, Portion, PortionLimits } from './portion';
import { ChangeReader } from './read-changes';

/**
 * A load's rows in portions. In which order they are folded does not matter (PROTOCOL.md, P1), so it is that of their
 * keys: parts that overlap are folded together, and a file of the table is written once or twice, not once a part.
 * @param from row groups that are folded already. Where they are counted of others, as another engine has put the load's
 * rows into other files since, all are folded: to fold a row twice changes nothing (P1)
 * @throws TM_3004, TM_3012
 */
export async function* loadPortions(
  log: Pick<LogView, 'store' | 'fields' | 'key' | 'files'>,
  entry: Entry,
  limits: PortionLimits,
  from: Pick<FoldPlace, 'groups' | 'of'> = { groups: 0 },
): AsyncGenerator<Portion> {
  const pieces = await piecesOf(log, entry);
  const files = new Set(pieces.filter(({ file }) => file.alone).map(({ file }) => file.path));
  const of = nameOfPieces(pieces);
  // Whoever folds portions sees that the entry was one of them, though nothing is in it.
  if (pieces.length === 0) {
    const next = { after: entry.n, groups: 0 };
    yield { entries: [entry], next, files, read: async ({ fields }) => new ChangeReader(fields).finish() };
  }
  const checked = new Set<RowsFile>();
  for (let at = from.of === of ? from.groups : 0; at < pieces.length; ) {
    const own = piecesFrom(pieces, at, limits);
    at += own.length;
    for (const { file } of own) {
      if (!checked.has(file)) await checkPart(log.store, file);
      checked.add(file);
    }
    const next =
      at === pieces.length ? { after: entry.n, groups: 0 } : { after: entry.n - 1, groups: at, of };
    yield { entries: [entry], next, files, read: view => readPieces(view, entry, own) };
  }
}

/** What fits into a portion, one row group at least. */
function piecesFrom(pieces: readonly Piece[], from: number, limits: PortionLimits): Piece[] {
  let rows = 0;
  let bytes = 0;
  let to = from;
  for (; to < pieces.length; to++) {
    rows += pieces[to]!.rows;
    bytes += pieces[to]!.bytes;
    if (to > from && (rows > limits.mergeRowsMax || bytes > limits.mergeBytesMax)) break;
  }
  return pieces.slice(from, to);
}

/** A flipped byte in a data page would read as another value (PROTOCOL.md, M2). A part is too large to be held whole. */
async function checkPart(store: ObjectStore, { path, sha256 }: RowsFile): Promise<void> {
  if (sha256 === undefined) return;
  const key = store.keyOf(path);
  const found = await store.head(key);
  if (!found) throw fileMissing(key);
  const hash = createHash('sha256');
  for await (const piece of store.stream(key, found.etag)) hash.update(piece);
  if (hash.digest('hex') !== sha256) throw deltaDamaged(key);
}

async function readPieces({ store, fields }: LogView, entry: Entry, pieces: readonly Piece[]) {
  const reader = new ChangeReader(fields);
  const numbers = new Map([[entry.name, entry.n]]);
  for (const file of new Set(pieces.map(piece => piece.file))) {
    const opened = await openFile(store, file);
    for (const { group } of pieces.filter(piece => piece.file === file)) {
      const batch = await reader.read(opened, group);
      const added = reader.add(opened, batch, numbers);
      // Rows that bear another name than the load's would be left out in silence.
      if (file.sha256 !== undefined && added < batch.length) throw deltaDamaged(store.keyOf(file.path));
    }
  }
  return reader.finish();
}
