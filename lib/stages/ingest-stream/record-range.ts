import { createHash } from 'node:crypto';
import { FILE_ID_CHARS } from '../../ledger/received';
import { type StreamRef, streamId } from '../../ledger/streams';
import type { StreamRecord } from '../../ports/change-stream';

/** What the records were: a run of a shard, by the sequence numbers of its first and last. */
export interface RecordRange {
  readonly stream: StreamRef;
  readonly shard: string;
  readonly first: string;
  readonly last: string;
}

export function rangeOf(
  stream: StreamRef,
  records: readonly Pick<StreamRecord, 'shard' | 'sequence'>[],
): RecordRange {
  const [first, last] = [records[0]!, records.at(-1)!];
  return { stream, shard: first.shard, first: first.sequence, last: last.sequence };
}

/** As it stands in the source of entries and as the object of quarantine records. */
export const rangeText = ({ stream, shard, first, last }: RecordRange) =>
  `${PREFIX}${streamId(stream)}/${shard}/${first}-${last}`;

/** What the records of a table in a file go by: the way of each is told apart (lib/ledger/received.ts). */
export function fileIdentity(shard: string, table: string): string {
  return createHash('sha256').update(`${shard}\n${table}`).digest('hex').slice(0, FILE_ID_CHARS);
}

/** The source of their entries. */
export const sourceOfFile = ({ shard, first, last }: RecordRange, table: string) =>
  `${fileIdentity(shard, table)}#${first}-${last}`;

const PREFIX = 'stream:';

/** Whether an entry of this source was made of records: of a stream or of a file of them, by their batch or by a replay. */
export function isOfRecords(source: string): boolean {
  return source.startsWith(PREFIX) || source[FILE_ID_CHARS] === '#';
}

/** The sequence numbers that such a text names, where it is of that shard. */
export function rangeIn(
  text: string,
  { stream, shard }: Pick<RecordRange, 'stream' | 'shard'>,
): { first: string; last: string } | undefined {
  const start = `${PREFIX}${streamId(stream)}/${shard}/`;
  const m = text.startsWith(start) ? /^(\d+)-(\d+)(?:#|$)/.exec(text.slice(start.length)) : null;
  return m ? { first: m[1]!, last: m[2]! } : undefined;
}
