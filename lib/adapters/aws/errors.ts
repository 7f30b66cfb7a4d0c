import { TidemarkError } from '../../errors';
import { nameOf } from './failures';

/** A service of AWS failed or could not be reached, after every retry; whether it did what was asked is unknown. */
export function awsFailed(call: string, where: string, cause: unknown): TidemarkError {
  return new TidemarkError(
    'TM_5201',
    `${call} failed (${reason(cause)})`,
    where,
    'it is tried again by itself; if it stays, look at the reason and at the AWS health dashboard',
    { cause },
  );
}

/**
 * S3 answered 403 for an object. Without s3:ListBucket it says so of missing objects too, so that nothing here can
 * tell one from the other: the object is never taken for absent.
 */
export function objectForbidden(uri: string, cause: unknown): TidemarkError {
  return new TidemarkError(
    'TM_5202',
    `the object is missing, or access to it is refused (${reason(cause)})`,
    uri,
    'check that it is there, and grant s3:GetObject or s3:PutObject on it, s3:ListBucket on its bucket, and its KMS key',
    { cause },
  );
}

/** AWS refused a call: a permission is missing, in IAM, in Lake Formation or on a KMS key. */
export function awsDenied(call: string, where: string, cause: unknown): TidemarkError {
  return new TidemarkError(
    'TM_5203',
    `${call} was refused (${reason(cause)})`,
    where,
    'grant the permission that the reason names to the role that runs this',
    { cause },
  );
}

/** An object has more parts than S3 takes. Nothing was written. */
export function objectTooLarge(uri: string, partsMax: number): TidemarkError {
  return new TidemarkError(
    'TM_5204',
    `the object needs more than ${partsMax} parts`,
    uri,
    'cut the file into smaller ones',
  );
}

/**
 * At every try other writers stood in the way, or the service was busy or did not answer. A try whose answer got lost
 * may still take effect: read back before judging.
 */
export function triesSpent(call: string, where: string, tries: number, cause: unknown): TidemarkError {
  return new TidemarkError(
    'TM_5205',
    `${call} did not succeed in ${tries} tries (${reason(cause)})`,
    where,
    'it is tried again by itself; if it stays, let fewer functions run at a time, or look at the AWS health dashboard',
    { cause },
  );
}

/** The bucket, ledger table or Glue database that the lake was deployed with is gone, or another region's is asked. */
export function awsMissing(call: string, where: string, cause: unknown): TidemarkError {
  return new TidemarkError(
    'TM_5206',
    `${call} found nothing there (${reason(cause)})`,
    where,
    'check the name, the account and the region; deploy the lake if it was never deployed',
    { cause },
  );
}

/** The Glue database holds something else under a table's name: a view, a Hive table, an entry without metadata. */
export function entryForeign(table: string, what: string): TidemarkError {
  return new TidemarkError(
    'TM_5207',
    `the entry ${table} of the database is ${what}, not an Iceberg table`,
    `table ${table}`,
    'rename or drop that entry, or give the table another name in the config',
  );
}

/** A table's Glue entry names a metadata file that is not there. */
export function metadataGone(table: string, uri: string): TidemarkError {
  return new TidemarkError(
    'TM_5208',
    `the metadata file that the catalog names for ${table} is missing`,
    uri,
    'restore the object (an earlier version of it, in a versioned bucket)',
  );
}

function reason(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : '';
  return message === '' ? nameOf(cause) : `${nameOf(cause)}: ${message}`;
}
