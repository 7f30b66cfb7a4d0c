import { type Items, TRANSACT_ACTIONS_MAX } from '../ports/items';
import { VACUUM_PARTITION, vacuumKey, vacuumListingKey } from './keys';

/** An object that a vacuum run found unnamed. */
export interface Unnamed {
  readonly key: string;
  readonly bytes: number;
  /** When the first run found it so, milliseconds since 1970. */
  readonly since: number;
}

/** In key order, after the key `after`, `limit` at most. */
export async function readUnnamed(items: Items, limit: number, after?: string): Promise<Unnamed[]> {
  const found = await items.query(VACUUM_PARTITION, '', { limit, ...(after === undefined ? {} : { after }) });
  return found.map(({ sort, value }) => ({
    key: sort,
    bytes: value.bytes as number,
    since: value.since as number,
  }));
}

/** Notes objects that are not noted yet, and says how many those were. A crash within leaves some noted. */
export async function noteUnnamed(items: Items, objects: readonly Unnamed[]): Promise<number> {
  let noted = 0;
  for (let start = 0; start < objects.length; start += TRANSACT_ACTIONS_MAX) {
    let some = objects.slice(start, start + TRANSACT_ACTIONS_MAX);
    // The time of one that is noted stands: put anew it would never be over.
    for (let done = false; !done && some.length > 0; ) {
      const result = await items.transact(
        some.map(({ key, bytes, since }) => ({
          put: vacuumKey(key),
          value: { bytes, since },
          if: 'absent' as const,
        })),
      );
      done = result.done;
      if (!result.done) some = some.filter((_, i) => !result.blocked.includes(i));
    }
    noted += some.length;
  }
  return noted;
}

export async function forgetUnnamed(items: Items, keys: readonly string[]): Promise<void> {
  for (let start = 0; start < keys.length; start += TRANSACT_ACTIONS_MAX) {
    const some = keys.slice(start, start + TRANSACT_ACTIONS_MAX);
    await items.transact(some.map(key => ({ delete: vacuumKey(key) })));
  }
}

/** The last key that the open listing of the lake has looked at; undefined when none is open. */
export async function readLookedAt(items: Items): Promise<string | undefined> {
  return (await items.get(vacuumListingKey))?.value.key as string | undefined;
}

/** The next run goes on after this key; without one, from the first. */
export async function noteLookedAt(items: Items, key: string | undefined): Promise<void> {
  await items.transact([
    key === undefined ? { delete: vacuumListingKey } : { put: vacuumListingKey, value: { key } },
  ]);
}
