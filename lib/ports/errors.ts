import { TidemarkError } from '../errors';

export const PATH_OUTSIDE = 'TM_5001';
export const OBJECT_MISSING = 'TM_5002';
export const OBJECT_CHANGED = 'TM_5003';
export const ITEM_REFUSED = 'TM_5004';
export const TRANSACTION_REFUSED = 'TM_5005';
export const RECORD_REFUSED = 'TM_5006';

/**
 * A key does not name an object below the store's root: it has an empty, `.` or `..` part, a NUL, more than
 * 1024 bytes, or leads through a symbolic link. Nothing was read or written.
 */
export function pathOutside(key: string, root: string, why: string): TidemarkError {
  return new TidemarkError(
    PATH_OUTSIDE,
    `the key ${JSON.stringify(key)} ${why}`,
    root,
    'use a key of plain parts joined by "/", and put real files and folders where links stand',
  );
}

/** An object that something names is not there, or has fewer bytes than were asked for. */
export function objectMissing(uri: string, why: string): TidemarkError {
  return new TidemarkError(
    OBJECT_MISSING,
    `an object ${why}`,
    uri,
    'restore the file from a backup; if nothing in Tidemark wrote it, check what else removes files there',
  );
}

/** An object is no longer the one that was listed: it was replaced, altered or removed before it was read to its end. */
export function objectChanged(uri: string): TidemarkError {
  return new TidemarkError(
    OBJECT_CHANGED,
    'the object changed while it was being read',
    uri,
    'it is read again under its new etag; upload files whole (write aside, then rename) to avoid it',
  );
}

/** An item's key or value is beyond what every ledger store holds: an empty or too long key, a NUL in the partition, a value too large. */
export function itemRefused(where: string, why: string): TidemarkError {
  return new TidemarkError(ITEM_REFUSED, `the item ${why}`, where, 'shorten the name that it is made from');
}

/** A transaction that no ledger store takes: too many actions, too many bytes, or two actions on one item. */
export function transactionRefused(where: string, why: string): TidemarkError {
  return new TidemarkError(
    TRANSACTION_REFUSED,
    `the transaction ${why}`,
    where,
    'take fewer files at a time; if that does not help, report it',
  );
}

/** Records that a stream went on refusing; those of other keys it has. */
export class RecordsRefused extends TidemarkError {
  constructor(
    { code, what, where, next }: TidemarkError,
    readonly keys: readonly string[],
  ) {
    super(code, what, where, next);
  }
}

/** A record that no stream takes: its key is empty or too long, or it is too large. Nothing of the call was put. */
export function recordRefused(key: string, why: string): TidemarkError {
  return new TidemarkError(
    RECORD_REFUSED,
    `the record ${why}`,
    `key ${JSON.stringify(key.slice(0, 60))}`,
    'make it smaller before it is put: a stream passes records on whole',
  );
}
