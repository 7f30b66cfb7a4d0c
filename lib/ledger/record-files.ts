import type { ItemKey, Items } from '../ports/items';
import { newestFileKey, RECORD_FILES_PARTITION, recordFileKey } from './keys';
import { type StreamRef, streamId } from './streams';

/**
 * The stream that files of records of one source are: each of them a shard, the child of the one that was begun before
 * it. So cursors tell what of a file was taken in, positions count on from file to file, and those of a binlog are told
 * from those of a clock, as on any stream (docs/decisions/0023).
 */
export const streamOfFiles = (source: string): StreamRef => ({ name: source, createdAt: 0 });

/** A file of records as the ledger knows it. */
export interface RecordFile {
  /** Its shard: the files of a source are numbered as they are begun, so that their ids stand in that order. */
  readonly shard: string;
  /** When it was first seen, milliseconds since 1970: all its records arrived then, however often it comes. */
  readonly arrivedAt: number;
  /** The tables that had records in it, once all of them were dealt with. */
  readonly done?: readonly string[];
}

export interface BegunFile {
  readonly key: ItemKey;
  readonly file: RecordFile;
}

const NUMBER_DIGITS = 12;

/**
 * Begins a file, or finds it begun. Once more (`again`), it is another file behind all others: the first that was not
 * dealt with to its end, so that one which a crash cut short goes on.
 * @param content what its bytes are known by
 */
export async function beginRecordFile(
  items: Items,
  stream: StreamRef,
  content: string,
  { now, again }: { readonly now: number; readonly again: boolean },
): Promise<BegunFile> {
  for (let times = 0; ; ) {
    const key = recordFileKey(streamId(stream), times === 0 ? content : `${content}#${times}`);
    const known = (await items.get(key))?.value as unknown as RecordFile | undefined;
    if (known?.done && again) times++;
    else if (known) return { key, file: known };
    else {
      const newest = await items.get(newestFileKey(stream.name));
      const n = ((newest?.value.files as number | undefined) ?? 0) + 1;
      const shard = `${String(n).padStart(NUMBER_DIGITS, '0')}-${content}`;
      const file = { shard, arrivedAt: now } satisfies RecordFile;
      const begun = await items.transact([
        { put: key, value: file, if: 'absent' },
        { put: newestFileKey(stream.name), value: { files: n, at: now }, if: newest?.version ?? 'absent' },
      ]);
      if (begun.done) return { key, file };
    }
  }
}

/** Notes that all of the file was dealt with. A crash before it has the file read again, and nothing taken in twice. */
export async function endRecordFile(
  items: Items,
  { key, file }: BegunFile,
  tables: readonly string[],
): Promise<void> {
  await items.transact([{ put: key, value: { ...file, done: [...tables] } }]);
}

const PAGE = 500;

/** The sources that files of records came from, and when the newest of each was begun, milliseconds since 1970. */
export async function sourcesOfFiles(items: Items): Promise<{ source: string; at: number }[]> {
  const found: { source: string; at: number }[] = [];
  for (let after: string | undefined; ; ) {
    const from = after === undefined ? {} : { after };
    const page = await items.query(RECORD_FILES_PARTITION, '', { limit: PAGE, ...from });
    for (const { sort, value } of page) found.push({ source: sort, at: value.at as number });
    if (page.length < PAGE) return found;
    after = page.at(-1)!.sort;
  }
}
