import { TidemarkError } from '../errors';

/** TM_4001: an Iceberg type the lake has no counterpart for (time, uuid, fixed, nested, nanoseconds); only whole columns can be left out. */
export const typeUnknown = (type: string, column: string) =>
  new TidemarkError(
    'TM_4001',
    `Iceberg type ${type} is not supported`,
    column,
    'drop or convert the column in the engine that added it',
  );

/** TM_4002: a bound, statistic or partition value has a length that its type cannot have; the file's metadata is damaged. */
export const valueUnreadable = (type: string, length: number) =>
  new TidemarkError(
    'TM_4002',
    `${length} bytes are no ${type}`,
    'single-value serialisation',
    'rewrite the data file, or restore its manifest',
  );

/** TM_4003: a partition transform that Iceberg does not know, or whose width is no positive 32-bit integer. */
export const transformUnknown = (transform: string) =>
  new TidemarkError(
    'TM_4003',
    `unknown partition transform ${transform}`,
    'partition spec',
    'use identity, bucket[N], truncate[W], year, month, day, hour or void',
  );

/** TM_4004: a partition transform that its column's type does not have, such as the month of a string. */
export const transformImpossible = (transform: string, type: string) =>
  new TidemarkError(
    'TM_4004',
    `a ${type} column has no ${transform}`,
    'partition spec',
    'use another transform or another column',
  );

/** TM_4005: the text of a partitionBy entry cannot be read. */
export const partitionByUnreadable = (text: string) =>
  new TidemarkError(
    'TM_4005',
    `cannot read '${text}'`,
    'partitionBy',
    'write month(created_at), bucket(16, id), truncate(4, name) or the name of a column',
  );

/** TM_4006: a partition field names a column that the table does not have, so its values cannot be made or understood. */
export const partitionSourceMissing = (field: string, source: string | number) =>
  new TidemarkError(
    'TM_4006',
    `its column ${source} is not in the schema`,
    `partition field ${field}`,
    'name a column of the table',
  );

/** TM_4007: two partition fields, or a partition field and a column it is not the identity of, have one name; engines refuse the spec. */
export const partitionNameTaken = (name: string) =>
  new TidemarkError(
    'TM_4007',
    `the name ${name} is taken`,
    'partition spec',
    'partition by each column and transform once, or rename the column',
  );

/** TM_4008: a schema that no engine would accept: doubled ids or names, reserved names, key columns that are optional or floating point. */
export const schemaInvalid = (what: string, where: string) =>
  new TidemarkError('TM_4008', what, where, 'change the column in the configuration or at its source');

/** TM_4010: bytes that are no Avro container file, or a damaged one. */
export const avroUnreadable = (what: string, where: string, cause?: unknown) =>
  new TidemarkError(
    'TM_4010',
    what,
    where,
    'the file is damaged: roll the table back to a snapshot without it',
    { cause },
  );

/** TM_4011: an Avro block codec that cannot be decoded (null, deflate, snappy and zstandard can). */
export const avroCodecUnknown = (codec: string, where: string) =>
  new TidemarkError(
    'TM_4011',
    `Avro codec ${codec} is not supported`,
    where,
    "set the writing engine's write.avro.compression-codec to gzip",
  );

/** TM_4012: a manifest or manifest list says something the format forbids, such as a live entry without a sequence number. */
export const manifestInvalid = (what: string, where: string) =>
  new TidemarkError('TM_4012', what, where, 'roll the table back to a snapshot without this file');

/** TM_4020: the bytes of a metadata file are not the JSON of Iceberg table metadata. */
export const metadataUnreadable = (what: string, where: string, cause?: unknown) =>
  new TidemarkError('TM_4020', what, where, "point the catalog at the table's last readable metadata file", {
    cause,
  });

/** TM_4021: the table has a format version other than 2. Version 1 has no row-level deletes, version 3 has ones that we cannot read. */
export const formatVersionUnsupported = (version: unknown, where: string) =>
  new TidemarkError(
    'TM_4021',
    `format version ${String(version)} is not supported`,
    where,
    'keep the table at format-version 2',
  );

/** TM_4022: metadata names a schema, spec or snapshot that it does not contain. */
export const metadataDangling = (what: string, where: string) =>
  new TidemarkError(
    'TM_4022',
    `${what} is missing`,
    where,
    "point the catalog at the table's last sound metadata file",
  );

/** TM_4023: a schema change that Iceberg does not allow in place (a narrowing, a new required column, an id in other use). */
export const evolutionRefused = (what: string, column: string) =>
  new TidemarkError('TM_4023', what, column, 'declare a retype of the column, or add it under another name');

/** TM_4024: a snapshot does not follow the metadata it is added to (parent or sequence number); the commit was planned from another version. */
export const snapshotOutOfLine = (what: string, where: string) =>
  new TidemarkError('TM_4024', what, where, "plan the commit again from the table's newest metadata");

/** TM_4026: a tag of this name is there already, or a branch. */
export const tagTaken = (tag: string, type: string, snapshot: bigint) =>
  new TidemarkError(
    'TM_4026',
    `there is a ${type} of this name, on snapshot ${snapshot}`,
    `tag ${tag}`,
    'drop it first, or choose another name',
  );

/** TM_4025: a snapshot that a branch or tag holds was to be expired; readers of that ref would find nothing. */
export const snapshotHeld = (snapshot: bigint, ref: string) =>
  new TidemarkError('TM_4025', `ref ${ref} holds it`, `snapshot ${snapshot}`, 'drop the branch or tag first');
