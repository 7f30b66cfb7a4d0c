import { TidemarkError } from '../errors';

/** The disk or the quota is full. What was being written was taken back; everything written before is whole. */
export function storeFull(where: string, cause: unknown): TidemarkError {
  return new TidemarkError(
    'TM_5101',
    'there is no space left',
    where,
    'free space or enlarge the disk or quota, then run the same command again',
    { cause },
  );
}

/** The operating system refused access to a file or folder of the lake, or the disk is mounted read-only. */
export function storeDenied(where: string, cause: unknown): TidemarkError {
  return new TidemarkError(
    'TM_5102',
    `access was refused (${reason(cause)})`,
    where,
    'give this user read and write permission on the folder and all below it, and mount it writable',
    { cause },
  );
}

/** A key cannot be a file here: a part of it is longer than the file system allows, or a file stands where it needs a folder. */
export function keyUnusable(where: string, cause: unknown): TidemarkError {
  return new TidemarkError(
    'TM_5103',
    `the key cannot be a file name here (${reason(cause)})`,
    where,
    'shorten the name, or move away the file that stands where a folder has to be',
    { cause },
  );
}

/** The file system failed in a way that has no code of its own, a failing disk for instance. */
export function storeFailed(where: string, cause: unknown): TidemarkError {
  return new TidemarkError(
    'TM_5104',
    `the file system failed (${reason(cause)})`,
    where,
    'run the same command again; if it fails again, check the disk',
    { cause },
  );
}

/** The ledger's database file could not be opened, read or written. */
export function itemsFailed(where: string, cause: unknown): TidemarkError {
  return new TidemarkError(
    'TM_5105',
    `the ledger's database failed (${reason(cause)})`,
    where,
    'check free space and permissions of the folder; it must be a local disk, not a network share',
    { cause },
  );
}

/** A symbolic link was named to be taken in: it may lead to what nobody meant to upload. */
export function linkNamed(path: string, real: string): TidemarkError {
  return new TidemarkError('TM_5108', 'it is a symbolic link', path, `name the real file: ${real}`);
}

/** What was named is no file but a pipe or a device: it can be read once, and a file is read twice. */
export function notAFile(path: string): TidemarkError {
  return new TidemarkError(
    'TM_5109',
    'it is a pipe or a device, no file',
    path,
    'write what comes from it into a file; for records: use -, as in tidemark ingest --format <format> - < file',
  );
}

/** A table's newest metadata file cannot be read: it is empty, or says it is compressed and does not decompress. */
export function metadataUnreadable(uri: string, why: string, cause?: unknown): TidemarkError {
  return new TidemarkError(
    'TM_5106',
    `the metadata file ${why}`,
    uri,
    'if the engine that wrote it is still writing, wait; else move the file away, and the version before it counts',
    { cause },
  );
}

/** Other writers moved a table on, again and again, between finding its newest version and reading it. */
export function pointerUnsettled(table: string, attempts: number): TidemarkError {
  return new TidemarkError(
    'TM_5107',
    `the newest version was gone before it could be read, ${attempts} times`,
    table,
    'check what else empties or removes metadata files of this table, then run the same command again',
  );
}

function reason(cause: unknown): string {
  const { code, message } = cause as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? code : String(message);
}
