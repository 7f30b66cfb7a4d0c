import { announcementsAmong, writerSchema } from '../../formats/avro/announcement';
import type { WriterSchemas } from '../../formats/avro/avro-messages';
import { fingerprintIn, isSingleObject } from '../../formats/avro/fingerprint';
import type { AvroSchema } from '../../formats/avro/schema';
import type { StreamFormat } from '../../formats/stream-formats';
import { isHeld, type KeptSchema, keepSchema, readSchemas } from '../../ledger/schemas';
import type { ShardRef, StreamRef } from '../../ledger/streams';
import type { StreamRecord } from '../../ports/change-stream';
import type { Items } from '../../ports/items';

/** What the records of a batch need to know of their writers' schemas. */
export interface BatchSchemas extends WriterSchemas {
  /** The ledger's word on the fingerprints that the records bear. */
  readonly kept: ReadonlyMap<string, KeptSchema>;
  /** Whether the record was put aside while its schema was unknown: it waits in quarantine, or has waited there. */
  readonly isHeld: (record: Pick<StreamRecord, 'shard' | 'sequence' | 'data'>) => boolean;
  /** The sequence number of the first record that announces a schema. */
  readonly announcedAt?: string;
}

interface Known {
  readonly schema: AvroSchema;
  readonly kept: KeptSchema;
}

/** As many schemas as a process keeps. */
const KNOWN_MAX = 500;

/** Announced schemas never change, nor what was put aside before them: each is read once a process. */
const known = new WeakMap<Items, Map<string, Known>>();

/**
 * Reads the schemas that the records of a batch need, once those that the batch itself announces are in the ledger: before
 * any cursor moves past an announcement, so that a crash leaves it to be read again.
 */
export async function schemasFor(
  items: Items,
  { source, stream, format }: { source: string; stream: StreamRef; format: StreamFormat },
  records: readonly StreamRecord[],
): Promise<BatchSchemas> {
  if (format !== 'auto' && format !== 'avro') return NONE;
  const before = known.get(items) ?? new Map<string, Known>();
  if (before.size > KNOWN_MAX) before.clear();
  known.set(items, before);
  const name = (fingerprint: string) => `${source} ${fingerprint}`;
  const announced = announcementsAmong(records);
  for (const { fingerprint, json } of announced)
    if (!before.has(name(fingerprint))) await keepSchema(items, source, fingerprint, json);
  const asked = new Set([...announced.map(({ fingerprint }) => fingerprint), ...fingerprintsOf(records)]);
  const missing = [...asked].filter(fingerprint => !before.has(name(fingerprint)));
  const read = await readSchemas(items, source, missing);
  for (const kept of read.values()) {
    const schema = kept.json === undefined ? undefined : writerSchema(kept.json);
    if (schema && !('code' in schema)) before.set(name(kept.fingerprint), { schema, kept });
  }
  const kept = new Map([...asked].map(f => [f, before.get(name(f))?.kept ?? read.get(f)!]));
  return {
    find: fingerprint => before.get(name(fingerprint))?.schema,
    kept,
    isHeld: ({ shard, sequence, data }) => {
      const of = isSingleObject(data) ? kept.get(fingerprintIn(data) ?? '') : undefined;
      const at: ShardRef = { stream, shard };
      return of !== undefined && isHeld(of, at, sequence);
    },
    ...(announced[0] ? { announcedAt: announced[0].record.sequence } : {}),
  };
}

const NONE: BatchSchemas = {
  find: () => undefined,
  kept: new Map(),
  isHeld: () => false,
};

function fingerprintsOf(records: readonly StreamRecord[]): Set<string> {
  const found = new Set<string>();
  for (const { data } of records) {
    const fingerprint = isSingleObject(data) ? fingerprintIn(data) : undefined;
    if (fingerprint !== undefined) found.add(fingerprint);
  }
  return found;
}
