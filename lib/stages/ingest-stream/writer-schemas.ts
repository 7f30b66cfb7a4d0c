import { announcementsAmong, writerSchema } from '../../formats/avro/announcement';
import type { WriterSchemas } from '../../formats/avro/avro-messages';
import { fingerprintIn, isSingleObject } from '../../formats/avro/fingerprint';
import type { AvroSchema } from '../../formats/avro/schema';
import type { StreamFormat } from '../../formats/stream-formats';
import { type AwaitingRun, awaitingRuns, isWithin } from '../../ledger/awaiting-schema';
import { type Gate, keepSchemas, readGate, readSchema } from '../../ledger/schemas';
import type { StreamRef } from '../../ledger/streams';
import type { StreamRecord } from '../../ports/change-stream';
import type { Items } from '../../ports/items';
import { mapAtOnce } from '../../table/at-once';

/** What the records of a batch need to know of their writers' schemas. */
export interface BatchSchemas extends WriterSchemas {
  /** Whether the record was put aside while its schema was unknown: it waits in quarantine, or has waited there. */
  readonly isAwaitingSchema: (record: Pick<StreamRecord, 'sequence' | 'data'>) => boolean;
  /** The runs that say so, in the shard's order. */
  readonly runs: readonly AwaitingRun[];
  /** The shard's gate, from before schemas were read; where all were known the batch puts nothing aside. */
  readonly gate: Gate;
  /** The schemas that the batch announces, and the sequence number of the first record that does. */
  readonly announced?: { readonly fingerprints: readonly string[]; readonly first: string };
}

export interface SchemasRequest {
  readonly source: string;
  readonly stream: StreamRef;
  /** The records' shard, where some of them may have been put aside before. Default: none was. */
  readonly shard?: string | undefined;
  readonly format: StreamFormat;
}

/** As many schemas as a process keeps. */
const KNOWN_MAX = 500;
/** Schemas that are asked for at once. */
const AT_ONCE = 16;

/** Announced schemas never change: each is read once a process. */
const known = new WeakMap<Items, Map<string, AvroSchema>>();

/**
 * Reads the schemas that the records of a batch need, once those that the batch itself announces are in the ledger: before
 * any cursor moves past an announcement, so that a crash leaves it to be read again.
 */
export async function schemasFor(
  items: Items,
  { source, stream, shard, format }: SchemasRequest,
  records: readonly StreamRecord[],
): Promise<BatchSchemas> {
  if (format !== 'auto' && format !== 'avro') return NONE;
  const before = known.get(items) ?? new Map<string, AvroSchema>();
  if (before.size > KNOWN_MAX) before.clear();
  known.set(items, before);
  const found = new Map<string, AvroSchema>();
  const readAll = (fingerprints: Iterable<string>) =>
    mapAtOnce([...fingerprints], AT_ONCE, async fingerprint => {
      const name = `${source} ${fingerprint}`;
      const schema = before.get(name) ?? (await readWriterSchema(items, source, fingerprint));
      if (!schema) return;
      found.set(fingerprint, schema);
      before.set(name, schema);
    });
  const said = announcementsAmong(records);
  const announced = new Map(said.map(one => [one.fingerprint, one]));
  await readAll(announced.keys());
  const fresh = [...announced.values()].filter(({ fingerprint }) => !found.has(fingerprint));
  await keepSchemas(items, source, fresh);
  await readAll(fresh.map(({ fingerprint }) => fingerprint));
  const inAvro = records.filter(({ data }) => fingerprintOf(data) !== undefined);
  const borne = new Set(inAvro.map(({ data }) => fingerprintOf(data)!));
  // In this order: what is put aside stands on the gate, and of a schema that has come no more is.
  const gate = shard === undefined || borne.size === 0 ? 'absent' : await readGate(items, source, { shard });
  await readAll([...borne].filter(fingerprint => !found.has(fingerprint)));
  const [first, last] = [inAvro[0]?.sequence, inAvro.at(-1)?.sequence];
  const runs =
    shard === undefined || first === undefined || last === undefined
      ? []
      : await awaitingRuns(items, source, { stream, shard }, { first, last });
  return {
    find: fingerprint => found.get(fingerprint),
    runs,
    gate,
    isAwaitingSchema: ({ sequence, data }) => {
      const fingerprint = fingerprintOf(data);
      if (fingerprint === undefined || runs.length === 0) return false;
      return runs.some(run => run.fingerprints.has(fingerprint) && isWithin(sequence, run));
    },
    ...(said[0]
      ? { announced: { fingerprints: [...announced.keys()], first: said[0].record.sequence } }
      : {}),
  };
}

const NONE: BatchSchemas = { find: () => undefined, isAwaitingSchema: () => false, runs: [], gate: 'absent' };

async function readWriterSchema(
  items: Items,
  source: string,
  fingerprint: string,
): Promise<AvroSchema | undefined> {
  const json = await readSchema(items, source, fingerprint);
  const schema = json === undefined ? undefined : writerSchema(json);
  return schema && 'code' in schema ? undefined : schema;
}

function fingerprintOf(data: Uint8Array): string | undefined {
  return isSingleObject(data) ? fingerprintIn(data) : undefined;
}
