import { createHash } from 'node:crypto';
import { compareKeys, encodeKeys } from '../change/key-order';
import type { Batch } from '../columnar/column';
import { columnFromScalars, valueAt } from '../columnar/kernels';
import type { Scalar } from '../columnar/types';
import type { Entry } from '../ledger/entries';
import { rowGroupBounds } from '../parquet/metrics';
import { FOOTERS_AT_ONCE, mapAtOnce } from './at-once';
import { ownField, SOURCE } from './columns';
import { openFile } from './data-file';
import { readLoadFiles } from './load-files';
import type { LogView } from './log';
import { filesWithRowsOf, unlessGone } from './moved-deltas';

/** A file that rows of a load are read from. */
export interface RowsFile {
  readonly path: string;
  readonly size: number;
  /** SHA-256 of a part, hex. Another engine's file is not known by one. */
  readonly sha256?: string;
  /** Whether it has rows of the load alone: another engine may have put what deletes them into the same file. */
  readonly alone: boolean;
}

/** A row group of such a file. */
export interface Piece {
  readonly file: RowsFile;
  readonly group: number;
  readonly rows: number;
  /** As in memory. */
  readonly bytes: number;
  /** No key of it is less. NULL: unknown, or it has none, as a TRUNCATE. */
  readonly least: Scalar;
  /** Whether it has the load's TRUNCATE, which would drop what was folded of the load before. */
  readonly truncates: boolean;
}

/** What rows of a load are looked for in. */
type LoadLog = Pick<LogView, 'store' | 'fields' | 'key' | 'files'>;

/**
 * The load's row groups by their least keys, those without any first, and before all the one with its TRUNCATE. They are
 * those of its parts, or where some are gone those of the log's files.
 * @throws TM_3004, TM_3012
 */
export async function piecesOf(log: LoadLog, entry: Entry): Promise<Piece[]> {
  const { parts } = await readLoadFiles(log, entry);
  const own = parts.map(({ key, bytes, sha256 }) => {
    return { path: log.store.uri(key), size: bytes, sha256, alone: true };
  });
  const lookAt = (files: readonly RowsFile[]) =>
    mapAtOnce(files, FOOTERS_AT_ONCE, file => piecesIn(log, entry, file));
  const moved = async () =>
    (await filesWithRowsOf(log, entry)).map(({ file: { path, size }, alone }) => ({ path, size, alone }));
  const found = (await unlessGone(lookAt(own))) ?? (await lookAt(await moved()));
  const pieces = found.flat();
  const leasts = pieces.map(piece => piece.least);
  const keys = encodeKeys([columnFromScalars(log.key[0]!.type, leasts)], pieces.length);
  const order = [...pieces.keys()].sort(
    (a, b) =>
      Number(pieces[b]!.truncates) - Number(pieces[a]!.truncates) ||
      Number(leasts[a] !== null) - Number(leasts[b] !== null) ||
      compareKeys(keys, a, keys, b) ||
      a - b,
  );
  return order.map(i => pieces[i]!);
}

/** Another name wherever a count of the row groups would mean others. */
export function nameOfPieces(pieces: readonly Piece[]): string {
  const hash = createHash('sha256');
  for (const { file, group } of pieces) hash.update(`${file.path} ${file.size} ${group}\n`);
  return hash.digest('hex');
}

async function piecesIn({ store, fields, key }: LoadLog, { name }: Entry, file: RowsFile): Promise<Piece[]> {
  const opened = await openFile(store, file);
  const { footer } = opened;
  const first = key[0]!;
  const column = footer.columns.findIndex(c => c.fieldId === first.id);
  const pieces: Piece[] = [];
  for (const [group, { rows, columns }] of footer.rowGroups.entries()) {
    const bytes = columns.reduce((sum, c) => sum + c.uncompressed, 0);
    const mayTruncate = columns[column]?.nulls !== 0;
    const truncates =
      mayTruncate && hasTruncate(await opened.read(group, [first, ownField(fields, SOURCE)]), name);
    const least = rowGroupBounds(footer, group, first)?.min ?? null;
    pieces.push({ file, group, rows, bytes, least, truncates });
  }
  return pieces;
}

/** A TRUNCATE is a row without a key. @param batch the key's first column and whose rows they are */
function hasTruncate({ columns: [keys, sources], length }: Batch, name: string): boolean {
  for (let row = 0; row < length; row++)
    if (valueAt(keys!, row) === null && valueAt(sources!, row) === name) return true;
  return false;
}
