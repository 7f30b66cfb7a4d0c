/** Manifests: the files of a table. @see https://iceberg.apache.org/spec/#manifests */
import type { Field } from '../columnar/types';
import { readContainer, writeContainer } from './avro';
import { LAYOUT, manifestEntrySchema } from './avro-schema';
import type { AvroNode } from './avro-type';
import type { ManifestContent, ManifestEntry } from './data-file';
import { manifestInvalid } from './errors';
import type { ManifestFile } from './manifest-list';
import { type EntryRecord, entryOf, entryRecord, type PartitionColumn } from './manifest-record';
import { type PartitionField, type PartitionSpec, partitionTypes } from './partition';
import { type Schema, type SchemaJson, schemaToJson } from './schema';
import { transformResult } from './transform-kind';

/** The bytes of a manifest. `schema` must have the source columns of `spec`. Throws TM_4006 if it has not. */
export function encodeManifest(manifest: {
  readonly entries: readonly ManifestEntry[];
  readonly schema: Schema;
  readonly spec: PartitionSpec;
  readonly content: ManifestContent;
}): Uint8Array {
  const { entries, schema, spec, content } = manifest;
  const avro = manifestEntrySchema(partitionTypes(spec, schema.fields));
  const meta = {
    schema: JSON.stringify(schemaToJson(schema)),
    'schema-id': String(schema['schema-id']),
    'partition-spec': JSON.stringify(spec.fields),
    'partition-spec-id': String(spec['spec-id']),
    'format-version': '2',
    content,
  };
  return writeContainer(avro, LAYOUT, entryRecords(entries, spec), meta);
}

/** One at a time: ten thousand entries of sixteen columns are a million pairs, which must not all live at once. */
function* entryRecords(entries: readonly ManifestEntry[], spec: PartitionSpec): Generator<EntryRecord> {
  for (const entry of entries) yield entryRecord(entry, spec);
}

export interface DecodedManifest {
  /** As they stand: NULL ids and numbers are not yet inherited. */
  readonly entries: ManifestEntry[];
  readonly specId: number;
  readonly content: ManifestContent;
  /** The schema the manifest was written with, if it says. */
  readonly schema?: SchemaJson;
}

/**
 * Reads a manifest of any writer. Partition values come in the order of its spec (the one of its id in `specs`,
 * else the one it carries) and in the types `fields` give them now: a column widened since has bigint values.
 * Throws TM_4010, TM_4011 or TM_4012 when it cannot be read; `where` is for these.
 */
export function decodeManifest(
  bytes: Uint8Array,
  options: {
    readonly fields: readonly Field[];
    readonly specs?: readonly PartitionSpec[];
    readonly where?: string;
  },
): DecodedManifest {
  const where = options.where ?? 'manifest';
  const { meta, records, schema } = readContainer(bytes, LAYOUT, where);
  const specId = Number(meta['partition-spec-id'] ?? 0);
  const known = options.specs?.find(s => s['spec-id'] === specId)?.fields;
  const carried = parsed<PartitionField[]>(meta['partition-spec'], where);
  const columns = (known ?? carried ?? fieldsOf(schema as AvroNode)).map(f =>
    partitionColumn(f, options.fields),
  );
  return {
    entries: Array.from(records as Iterable<EntryRecord>, r => entryOf(r, specId, columns, where)),
    specId,
    content: meta.content === 'deletes' ? 'deletes' : 'data',
    schema: parsed<SchemaJson>(meta.schema, where),
  };
}

function parsed<T>(json: string | undefined, where: string): T | undefined {
  try {
    return json === undefined ? undefined : (JSON.parse(json) as T);
  } catch {
    throw manifestInvalid('its schema or partition spec is no JSON', where);
  }
}

/** A field whose source column is gone keeps the type it was written in. */
function partitionColumn(
  field: Pick<PartitionField, 'field-id'> & Partial<PartitionField>,
  fields: readonly Field[],
): PartitionColumn {
  const source = fields.find(f => f.id === field['source-id']);
  const type = source && field.transform ? transformResult(field.transform, source.type) : undefined;
  return { key: `_${field['field-id']}`, type };
}

/** Partition fields as in the Avro schema, for a manifest that does not carry its spec. */
function fieldsOf(schema: AvroNode): { 'field-id': number }[] {
  const file = schema.fields?.find(f => f['field-id'] === 2)?.type as AvroNode | undefined;
  const partition = file?.fields?.find(f => f['field-id'] === 102)?.type as AvroNode | undefined;
  return (partition?.fields ?? []).map(f => ({ 'field-id': f['field-id']! }));
}

/**
 * Fills in what entries inherit from their manifest's line in the list: spec, snapshot id and, for files it
 * added (or all, in one that a version 1 writer left: number 0), sequence numbers. Throws TM_4012 for an
 * existing or deleted entry without a number: it cannot be known which deletes apply to it.
 */
export function inheritFrom(manifest: ManifestFile, entries: readonly ManifestEntry[]): ManifestEntry[] {
  const { sequenceNumber, specId, addedSnapshotId } = manifest;
  return entries.map(entry => {
    const inherits = entry.status === 'added' || sequenceNumber === 0;
    if (!inherits && entry.sequenceNumber === null) {
      throw manifestInvalid(`${entry.file.path} has no sequence number`, manifest.path);
    }
    return {
      status: entry.status,
      snapshotId: entry.snapshotId ?? addedSnapshotId,
      sequenceNumber: entry.sequenceNumber ?? sequenceNumber,
      fileSequenceNumber: entry.fileSequenceNumber ?? (inherits ? sequenceNumber : null),
      file: entry.file.specId === specId ? entry.file : { ...entry.file, specId },
    };
  });
}
