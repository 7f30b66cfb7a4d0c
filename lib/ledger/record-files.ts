import type { Items, ItemValue } from '../ports/items';
import {
  newestFileKey,
  RECORD_FILE_PREFIX,
  RECORD_FILES_PARTITION,
  recordFileKey,
  streamPartition,
} from './keys';
import { type ListShards, type StreamRef, streamId } from './streams';

/**
 * The stream that files of records of one source are: each of them a shard, the child of the one that was begun before
 * it. So cursors tell what of a file was taken in, positions count on from file to file, and those of a binlog are told
 * from those of a clock, as on any stream (docs/decisions/0023).
 */
export const streamOfFiles = (source: string): StreamRef => ({ name: source, createdAt: 0 });

/** A file of records as the ledger knows it. */
export interface RecordFile {
  /** When it was first seen, milliseconds since 1970: all its records arrived then, however often it comes. */
  readonly arrivedAt: number;
  /** The file that was begun before it; null for the first. */
  readonly before: string | null;
  /** The tables that had records in it, once all of them were dealt with. */
  readonly done?: readonly string[];
}

/** Begins a file, or finds it begun. @param shard what its bytes are known by */
export async function beginRecordFile(
  items: Items,
  stream: StreamRef,
  shard: string,
  now: number,
): Promise<RecordFile> {
  const id = streamId(stream);
  for (;;) {
    const known = await items.get(recordFileKey(id, shard));
    if (known) return known.value as unknown as RecordFile;
    const newest = await items.get(newestFileKey(stream.name));
    const file: RecordFile = {
      arrivedAt: now,
      before: (newest?.value.shard as string | undefined) ?? null,
    };
    await items.transact([
      { put: recordFileKey(id, shard), value: { ...file }, if: 'absent' },
      { put: newestFileKey(stream.name), value: { shard, at: now }, if: newest?.version ?? 'absent' },
    ]);
  }
}

/** Notes that all of the file was dealt with. A crash before it has the file read again, and nothing taken in twice. */
export async function endRecordFile(
  items: Items,
  stream: StreamRef,
  shard: string,
  file: RecordFile,
): Promise<void> {
  const value = { ...file, done: [...(file.done ?? [])] } satisfies ItemValue;
  await items.transact([{ put: recordFileKey(streamId(stream), shard), value }]);
}

const PAGE = 500;

/** The sources that files of records came from, and when the newest of each was begun, milliseconds since 1970. */
export async function sourcesOfFiles(items: Items): Promise<{ source: string; shard: string; at: number }[]> {
  const found: { source: string; shard: string; at: number }[] = [];
  for (let after: string | undefined; ; ) {
    const from = after === undefined ? {} : { after };
    const page = await items.query(RECORD_FILES_PARTITION, '', { limit: PAGE, ...from });
    for (const { sort, value } of page)
      found.push({ source: sort, shard: value.shard as string, at: value.at as number });
    if (page.length < PAGE) return found;
    after = page.at(-1)!.sort;
  }
}

/** The files of a source as the shards they are. */
export function filesAsShards(items: Items, stream: StreamRef): ListShards {
  return async () => {
    const shards: { id: string; parents: readonly string[] }[] = [];
    for (let after: string | undefined; ; ) {
      const page = await items.query(streamPartition(streamId(stream)), RECORD_FILE_PREFIX, {
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      for (const { sort, value } of page) {
        const before = value.before as string | null;
        shards.push({ id: sort.slice(RECORD_FILE_PREFIX.length), parents: before === null ? [] : [before] });
      }
      if (page.length < PAGE) return shards;
      after = page.at(-1)!.sort;
    }
  };
}
