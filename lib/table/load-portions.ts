import { createHash } from 'node:crypto';
import { compareKeys, encodeKeys } from '../change/key-order';
import { columnFromScalars } from '../columnar/kernels';
import type { Field, Scalar } from '../columnar/types';
import type { Entry } from '../ledger/entries';
import { rowGroupBounds } from '../parquet/metrics';
import type { ObjectStore } from '../ports/object-store';
import { FOOTERS_AT_ONCE, mapAtOnce } from './at-once';
import { openFile } from './data-file';
import { deltaDamaged, fileMissing } from './errors';
import { readLoadFiles } from './load-files';
import type { LogView } from './log';
import { filesWithRowsOf, unlessGone } from './moved-deltas';
import type { Portion, PortionLimits } from './portion';
import { ChangeReader } from './read-changes';

/** A file that rows of a load are read from. */
interface RowsFile {
  readonly path: string;
  readonly size: number;
  /** SHA-256 of a part, hex. Another engine's file is not known by one. */
  readonly sha256?: string;
}

/** A row group of such a file. */
interface Piece {
  readonly file: RowsFile;
  readonly group: number;
  readonly rows: number;
  /** As in memory. */
  readonly bytes: number;
  /** No key of it is less. NULL: unknown, or it has none, as a TRUNCATE. */
  readonly least: Scalar;
}

/**
 * A load's rows in portions. In which order they are folded does not matter (PROTOCOL.md, P1), so it is that of their
 * keys: parts that overlap are folded together, and a file of the table is written once or twice, not once a part.
 * @param from row groups that are folded already
 * @throws TM_3004, TM_3012
 */
export async function* loadPortions(
  log: Pick<LogView, 'store' | 'fields' | 'key' | 'files'>,
  entry: Entry,
  limits: PortionLimits,
  from = 0,
): AsyncGenerator<Portion> {
  const pieces = await piecesOf(log, entry);
  const files = new Set(pieces.map(({ file }) => file.path));
  // Whoever folds portions sees that the entry was one of them, though nothing is in it.
  if (pieces.length === 0) {
    const next = { after: entry.n, groups: 0 };
    yield { entries: [entry], next, files, read: async ({ fields }) => new ChangeReader(fields).finish() };
  }
  const checked = new Set<RowsFile>();
  for (let at = from; at < pieces.length; ) {
    const own = piecesFrom(pieces, at, limits);
    at += own.length;
    for (const { file } of own) {
      if (!checked.has(file)) await checkPart(log.store, file);
      checked.add(file);
    }
    const next = at === pieces.length ? { after: entry.n, groups: 0 } : { after: entry.n - 1, groups: at };
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

/** The load's row groups by their least keys, those without any first. */
async function piecesOf(
  log: Pick<LogView, 'store' | 'fields' | 'key' | 'files'>,
  entry: Entry,
): Promise<Piece[]> {
  const first = log.key[0]!;
  const { parts } = await readLoadFiles(log, entry);
  const own = parts.map(({ key, bytes, sha256 }) => ({ path: log.store.uri(key), size: bytes, sha256 }));
  const lookAt = (files: readonly RowsFile[]) =>
    mapAtOnce(files, FOOTERS_AT_ONCE, file => piecesIn(log.store, file, first));
  const found = (await unlessGone(lookAt(own))) ?? (await lookAt(await filesWithRowsOf(log, entry)));
  const pieces = found.flat();
  const leasts = pieces.map(piece => piece.least);
  const keys = encodeKeys([columnFromScalars(first.type, leasts)], pieces.length);
  const order = [...pieces.keys()].sort(
    (a, b) =>
      Number(leasts[a] !== null) - Number(leasts[b] !== null) || compareKeys(keys, a, keys, b) || a - b,
  );
  return order.map(i => pieces[i]!);
}

async function piecesIn(store: ObjectStore, file: RowsFile, first: Field): Promise<Piece[]> {
  const { footer } = await openFile(store, file);
  return footer.rowGroups.map(({ rows, columns }, group) => {
    const bytes = columns.reduce((sum, c) => sum + c.uncompressed, 0);
    return { file, group, rows, bytes, least: rowGroupBounds(footer, group, first)?.min ?? null };
  });
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
