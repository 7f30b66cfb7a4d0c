import { TidemarkError } from '../../errors';
import type { RowFault } from '../../formats/errors';
import type { RecordFormat } from '../../formats/stream-message';
import { badSequence } from '../ingest/errors';

/** TM_2321: the config has no stream of this name. */
export const noSuchStream = (source: string, found: string) =>
  new TidemarkError(
    'TM_2321',
    `source ${source} is ${found}, not a stream`,
    `sources.${source}`,
    "declare it as { kind: 'kinesis' } in tidemark.config.ts",
  );

/** TM_2305: a record's change sequence is not DMS's; the record is put aside. */
export const recordSequence = (sequence: string) =>
  new TidemarkError(
    'TM_2305',
    badSequence(sequence.slice(0, 60)),
    'a record',
    'mend the column at its source, or name another with sequenceColumn',
  );

/** TM_2322: a record of a source table that no table of the config takes in. */
export const undeclaredSource = (name: string, why?: string): RowFault => ({
  code: 'TM_2322',
  reason: `no table takes in the records of ${name.slice(0, 100)}${why === undefined ? '' : `: ${why}`}`,
});

/** TM_2323: a column name that no catalog takes: empty, longer than 255 characters, or with control characters. */
export const unusableName = (name: string): RowFault => ({
  code: 'TM_2323',
  reason: `"${name.slice(0, 60)}" cannot name a column`,
});

/**
 * TM_2324: these records were given up unread: their function failed until they were too old and its failure destination
 * kept them, or whatever read one of them died of it.
 */
export const givenUp = (condition: string): RowFault => ({
  code: 'TM_2324',
  reason: `the function gave them up: ${condition.slice(0, 100)}`,
});

/** TM_2325: an object that is not what AWS Lambda keeps of a batch of a stream that failed, or one without its records. */
export const notFailureObject = (why: string, where: string) =>
  new TidemarkError(
    'TM_2325',
    `the object ${why}`,
    where,
    "name an object that a function's failure destination in S3 wrote",
  );

/** TM_2326: a record at which the code itself fails. It is put aside, so that those behind it go on. */
export const defect = (error: unknown): RowFault => ({
  code: 'TM_2326',
  reason: `a defect of Tidemark: ${String(error).slice(0, 200)}`,
});

/** TM_2328: the copy of records that wait in quarantine is gone. Their quarantine record stays: it says what is missing. */
export const noCopy = (id: string, copy: string) =>
  new TidemarkError(
    'TM_2328',
    'the copy of records that wait is gone',
    `quarantine ${id}, object ${copy}`,
    'restore the object (an earlier version of it, where the bucket keeps them), then replay it again',
  );

/** TM_2390: a line of a file of records is longer than any record of a stream; nothing of the file was taken in. */
export const lineTooLong = (line: number, bytesMax: number, where: string) =>
  new TidemarkError(
    'TM_2390',
    `line ${line} has more than ${bytesMax} bytes, and each line is a record`,
    where,
    'check that every record ends its line; take the line out and take the file in again',
  );

/** TM_2327: a table has records of Debezium beside records of another format: a binlog and a clock have no order in common. */
export const otherScale = (format: RecordFormat): RowFault => ({
  code: 'TM_2327',
  reason: `its table has changes whose positions do not compare with those of format ${format}: feed it from one of them`,
});

/** TM_2329: a record that was to be taken into a table by its name does not fit what that takes in: it goes on waiting. */
export const unfitForTable = (table: string): RowFault => ({
  code: 'TM_2329',
  reason: `it does not fit the where of ${table}`,
});

/** TM_2393: a record in Avro whose writer's schema nobody has announced. It is taken in when its schema comes. */
export const unknownSchema = (fingerprint: string): RowFault => ({
  code: 'TM_2393',
  reason: `its writer's schema, of fingerprint ${fingerprint}, was not announced yet`,
});

/** TM_2394: a record in Avro whose writer's schema nobody has announced, in a batch with more of these than are noted. */
export const manyUnknownSchemas = (fingerprint: string): RowFault => ({
  code: 'TM_2394',
  reason: `its writer's schema, of fingerprint ${fingerprint}, was not announced yet, nor many others of its batch: replay it when it was`,
});

/** TM_2396: a column was renamed at its source, and nobody declared it: its rows would fill a column of their own. */
export const renamedAtSource = (table: string, was: string, name: string) =>
  new TidemarkError(
    'TM_2396',
    `column ${was} was renamed to ${name} at its source`,
    `table ${table}`,
    `declare ${name} with aliases: { ${name}: ['${was}'] } before rows of that name come in`,
  );

/** TM_2397: a source's table is gone, or has another name. What it left stays as it is. */
export const tableGone = (table: string, became: string) =>
  new TidemarkError(
    'TM_2397',
    `the source's table was ${became}`,
    `table ${table}`,
    became === 'renamed'
      ? 'declare its new name as from; rows that bear it wait in quarantine until then'
      : 'its rows stay in the lake: leave the table out of the config if nothing is to come any more',
  );
