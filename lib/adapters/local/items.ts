import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { open, type RootDatabase } from 'lmdb';
import { TidemarkError } from '../../errors';
import type { Item, ItemAction, ItemKey, Items, ItemValue, TransactResult } from '../../ports/items';
import { itemsFailed } from '../errors';
import { checkItemKey, checkPartition, checkSortBound, checkTransaction, keyOfAction } from '../item-rules';
import { syncFolder } from './durable';
import { coded } from './file-errors';

/** Items in an lmdb database. */
export interface LocalItems extends Items {
  close(): Promise<void>;
}

interface Stored {
  readonly version: number;
  readonly value: ItemValue;
}

type Database = RootDatabase<string, Buffer>;

/**
 * Opens the database in `folder` (a local disk), making it if there is none. Several processes may hold it
 * open; one writes at a time, and one that is killed is passed over.
 */
export async function openLocalItems(folder: string): Promise<LocalItems> {
  const path = resolve(folder);
  const db = await attempt(path, async () => {
    const made = await mkdir(path, { recursive: true });
    const database: Database = open<string, Buffer>({
      path,
      // Otherwise a folder whose name has a dot is taken for a file name.
      noSubdir: false,
      keyEncoding: 'binary',
      encoding: 'string',
      // lmdb-js would answer, and show other processes, what is committed but not yet on the disk. Without
      // overlap a commit syncs its pages, then writes its root through a synced descriptor, then is seen.
      overlappingSync: false,
    });
    // lmdb does not sync the names of the files it makes.
    await syncFolder(path);
    for (let holder = path; made !== undefined && holder.length >= made.length; holder = dirname(holder)) {
      await syncFolder(dirname(holder));
    }
    return database;
  });

  return {
    get: async key => {
      checkItemKey(key);
      return attempt(path, async () => readItem(db, key));
    },
    query: async (partition, prefix, options = {}) => {
      checkPartition(partition);
      checkSortBound(partition, prefix);
      if (options.after !== undefined) checkSortBound(partition, options.after);
      return attempt(path, async () => queryItems(db, partition, prefix, options));
    },
    transact: async actions => {
      const values = checkTransaction(actions);
      // Synchronous, as lmdb-js batches its asynchronous ones: an error in one callback (a full disk) would
      // leave that callback's first writes in the batch's commit. This one is aborted whole, and it returns
      // only after the commit is on the disk. All conditions are read within it, under lmdb's one write lock.
      const result = await attempt(path, async () => db.transactionSync(() => applyAll(db, actions, values)));
      // Nothing above waits for the event loop: without this, timers and signals would not be heard in a loop.
      await setImmediate();
      return result;
    },
    close: () => db.close(),
  };
}

function applyAll(
  db: Database,
  actions: readonly ItemAction[],
  values: readonly (string | undefined)[],
): TransactResult {
  const keys = actions.map(action => storedKey(keyOfAction(action)));
  const versions = keys.map(key => decode(db.get(key))?.version);
  const blocked = actions.flatMap((action, i) => (holds(action, versions[i]) ? [] : [i]));
  if (blocked.length > 0) return { done: false, blocked };
  for (const [i, key] of keys.entries()) {
    const value = values[i];
    if (value === undefined) db.removeSync(key);
    else db.putSync(key, `{"version":${(versions[i] ?? 0) + 1},"value":${value}}`);
  }
  return { done: true };
}

function holds(action: ItemAction, version: number | undefined): boolean {
  if (action.if === undefined) return true;
  return action.if === 'absent' ? version === undefined : version === action.if;
}

function readItem(db: Database, key: ItemKey): Item | undefined {
  // lmdb-js keeps one read transaction for a while; it would not see what other processes wrote since.
  db.resetReadTxn();
  const stored = decode(db.get(storedKey(key)));
  return stored && { partition: key.partition, sort: key.sort, ...stored };
}

function queryItems(
  db: Database,
  partition: string,
  prefix: string,
  { after, limit, reverse = false }: { after?: string; limit?: number; reverse?: boolean },
): Item[] {
  if (limit === 0) return [];
  db.resetReadTxn();
  const low = storedKey({ partition, sort: prefix });
  const high = afterPrefix(low);
  const cursor = after === undefined ? undefined : storedKey({ partition, sort: after });
  // Read from one end or from the cursor, whichever lies further in; the other end is left out in either order.
  const range = reverse
    ? {
        start: cursor && cursor.compare(high) < 0 ? cursor : high,
        end: low,
        inclusiveEnd: true,
        exclusiveStart: true,
      }
    : cursor && cursor.compare(low) >= 0
      ? { start: cursor, end: high, exclusiveStart: true }
      : { start: low, end: high };
  const backwards = reverse ? range.start.compare(low) <= 0 : range.start.compare(high) >= 0;
  if (backwards) return [];

  const items: Item[] = [];
  for (const { key, value } of db.getRange({ ...range, reverse, limit })) {
    const stored = decode(value);
    const sort = key.toString('utf8', partitionBytes(partition));
    if (stored) items.push({ partition, sort, ...stored });
  }
  return items;
}

/** partition, NUL, sort key, in UTF-8: a partition's items stand together, in the order of their sort keys. */
function storedKey(key: ItemKey): Buffer {
  return Buffer.from(`${key.partition}\0${key.sort}`);
}

function partitionBytes(partition: string): number {
  return Buffer.byteLength(partition) + 1;
}

/** The first key after all that start with `prefix`. Its last byte can be raised, as UTF-8 has no byte 0xff. */
function afterPrefix(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  const last = end.length - 1;
  end.writeUInt8(end.readUInt8(last) + 1, last);
  return end;
}

function decode(json: string | undefined): Stored | undefined {
  return json === undefined ? undefined : (JSON.parse(json) as Stored);
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const known = coded(path, error);
    throw known instanceof TidemarkError ? known : itemsFailed(path, error);
  }
}
