import { RECORD_BYTES_MAX, type StreamPut } from '../ports/change-stream';
import { recordRefused } from '../ports/errors';

const KEY_CHARS_MAX = 256;

/** Throws TM_5006 unless every stream can hold the record. */
export function checkPut({ key, data }: StreamPut): void {
  if (key.length < 1 || key.length > KEY_CHARS_MAX)
    throw recordRefused(key, `has a key of ${key.length} characters, not of 1 to ${KEY_CHARS_MAX}`);
  const bytes = recordBytes({ key, data });
  if (bytes > RECORD_BYTES_MAX)
    throw recordRefused(key, `has ${bytes} bytes with its key, more than ${RECORD_BYTES_MAX}`);
}

export function recordBytes({ key, data }: StreamPut): number {
  return Buffer.byteLength(key) + data.length;
}

interface ShardRef {
  readonly id: string;
  readonly parents: readonly string[];
}

/** The shards with parents before their children; a parent that is gone is still named. */
export function parentsFirst(shards: readonly ShardRef[]): ShardRef[] {
  const byId = new Map(shards.map(shard => [shard.id, shard]));
  const placed = new Set<ShardRef>();
  const place = (shard: ShardRef): void => {
    if (placed.has(shard)) return;
    for (const parent of shard.parents) {
      const known = byId.get(parent);
      if (known) place(known);
    }
    placed.add(shard);
  };
  for (const shard of shards) place(shard);
  return [...placed];
}
