import { createHash } from 'node:crypto';
import type { ChangeStream, StreamRecord, WatchedStream } from '../../ports/change-stream';
import type { Clock } from '../../ports/clock';
import { checkPut, parentsFirst } from '../stream-rules';

/** A stream in memory, which can be resharded as Kinesis is. */
export interface MemoryStream extends ChangeStream, WatchedStream {
  /** Closes a shard, which keeps its records; two others take its keys. */
  split(shard: string): readonly [string, string];
  /** Closes two shards, which keep their records; another takes their keys. */
  join(one: string, other: string): string;
}

/** The keys whose hash lies in one of the ranges [from, to). */
interface Shard {
  readonly id: string;
  readonly parents: readonly string[];
  readonly ranges: readonly (readonly [number, number])[];
  readonly records: StreamRecord[];
  open: boolean;
}

/** Soon one digit longer: numbers compared as plain text, or as doubles, would be in disorder. */
const FIRST_SEQUENCE = 10n ** 55n - 5n;
const HASHES = 2 ** 32;

/** @param clock gives the records' arrival; set back, it is the clock of a stream whose times step back */
export function memoryStream(clock: Clock, shardCount = 1): MemoryStream {
  const shards: Shard[] = [];
  let sequence = FIRST_SEQUENCE;

  const open = (parents: readonly Shard[], ranges: Shard['ranges']): string => {
    for (const parent of parents) parent.open = false;
    const id = `shardId-${String(shards.length).padStart(12, '0')}`;
    shards.push({ id, parents: parents.map(p => p.id), ranges, records: [], open: true });
    return id;
  };
  const shardOf = (id: string): Shard => {
    const found = shards.find(shard => shard.id === id);
    if (!found) throw new Error(`no shard ${id}`);
    return found;
  };
  const behind = (shard: string, after: string | undefined): StreamRecord[] => {
    const from = after === undefined ? -1n : BigInt(after);
    return shardOf(shard).records.filter(record => BigInt(record.sequence) > from);
  };
  for (let i = 0; i < shardCount; i++)
    open([], [[(HASHES * i) / shardCount, (HASHES * (i + 1)) / shardCount]]);

  return {
    async put(records) {
      records.forEach(checkPut);
      for (const { key, data } of records) {
        const hash = createHash('md5').update(key).digest().readUInt32BE(0);
        const shard = shards.find(s => s.open && s.ranges.some(([from, to]) => hash >= from && hash < to))!;
        const arrivedAt = clock.now();
        shard.records.push({ shard: shard.id, sequence: String(sequence++), key, data, arrivedAt });
      }
    },
    shards: async () => parentsFirst(shards.map(({ id, parents }) => ({ id, parents }))),
    read: async (shard, after, limit) => behind(shard, after).slice(0, limit),
    async look(shard, after, limit) {
      const all = behind(shard, after);
      const records = all.slice(0, limit);
      const last = records.at(-1)?.arrivedAt ?? all[0]?.arrivedAt;
      const behindMs = records.length < all.length ? Math.max(1, clock.now() - last!) : 0;
      return { records, behindMs };
    },
    split(shard) {
      const parent = shardOf(shard);
      const [from, to] = parent.ranges[0]!;
      const half = (from + to) / 2;
      return [open([parent], [[from, half]]), open([parent], [[half, to], ...parent.ranges.slice(1)])];
    },
    join(one, other) {
      const parents = [shardOf(one), shardOf(other)];
      return open(
        parents,
        parents.flatMap(p => p.ranges),
      );
    },
  };
}
