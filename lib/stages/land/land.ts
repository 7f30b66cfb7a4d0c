import type { ResolvedLake } from '../../config/resolved';
import { noteLanded, readLanded } from '../../ledger/landed';
import { noteNewFolder } from '../../ledger/landing';
import { objectChanged } from '../../ports/errors';
import type { LakePorts } from '../../ports/lake-ports';
import type { ObjectInfo, ObjectStore } from '../../ports/object-store';
import type { WakeUps } from '../../ports/wake-ups';
import { ingestTogether, type Tried } from '../ingest/ingest-together';
import type { Ingested } from '../ingest/request';
import { askedOf } from './asked';
import { wakesByQueue } from './freshness';

export interface LandingPorts extends LakePorts {
  readonly landing: ObjectStore;
  readonly wakeUps: Pick<WakeUps, 'merge'>;
}

/** What became of an announced object. gone: it was deleted since. known: it was dealt with before. */
export type LandedObject = Omit<Ingested, 'outcome'> & {
  readonly outcome: Ingested['outcome'] | 'gone' | 'known';
};

/** later: it was not begun, for lack of time or beside another large one. */
export type Landing = { readonly done: LandedObject } | Exclude<Tried, { done: Ingested }>;

/** Of objects beyond this size one is enough for a run: others are better off in runs of their own. */
const LARGE_BYTES = 32 << 20;

/**
 * Takes in objects of the landing that somebody announced, wakes their tables' merges, and notes that they were dealt
 * with. Folders of a key may say what it is (asked.ts). An announcement may come twice, late, or for an object that
 * another one has replaced: what counts is the object as it stands now. None of them stops another; one that fails for
 * reasons of the lake or the request bears its error. A bad file goes to quarantine, and is dealt with.
 *
 * The note comes last. A crash before it makes the next announcement read the object again, find its source seen,
 * and send the wake-up that may have been missing.
 * @param mayBegin whether there is time for one more file
 */
export async function land(
  ports: LandingPorts,
  lake: ResolvedLake,
  keys: readonly string[],
  mayBegin?: () => boolean,
): Promise<ReadonlyMap<string, Landing>> {
  const landed = new Map<string, Landing>();
  const arrived: Arrived[] = [];
  for (const key of new Set(keys)) {
    await settle(landed, key, async () => {
      const arrival = await arrivalOf(ports, key);
      if ('outcome' in arrival) return { done: arrival };
      if (arrival.size > LARGE_BYTES && arrived.some(other => other.info.size > LARGE_BYTES))
        return { later: true };
      arrived.push({ key, info: arrival });
      return undefined;
    });
  }
  const requests = arrived.map(({ key, info }) => ({
    ...askedOf(key),
    landing: asItStood(ports.landing, info),
    key,
  }));
  const tried = await ingestTogether(ports, lake, requests, mayBegin);
  const wake = once((table: string) => ports.wakeUps.merge(table));
  for (const [i, { key, info }] of arrived.entries()) {
    await settle(landed, key, async () => {
      const one = tried[i]!;
      if ('done' in one) await noteDone(ports, lake, { key, info }, one.done, wake);
      return one;
    });
  }
  return landed;
}

interface Arrived {
  readonly key: string;
  readonly info: ObjectInfo;
}

async function settle(
  landed: Map<string, Landing>,
  key: string,
  work: () => Promise<Landing | undefined>,
): Promise<void> {
  try {
    const landing = await work();
    if (landing) landed.set(key, landing);
  } catch (error) {
    landed.set(key, { error });
  }
}

/** The object as it stands, unless it was dealt with so. */
async function arrivalOf({ landing, items }: LandingPorts, key: string): Promise<ObjectInfo | LandedObject> {
  const info = await landing.head(key);
  if (!info) return { object: key, outcome: 'gone' };
  const known = await readLanded(items, key);
  // A file in quarantine that is uploaded again is tried again: the config may have been mended.
  if (known?.etag !== info.etag || known.outcome === 'quarantined') return info;
  return { object: key, outcome: 'known' };
}

async function noteDone(
  { items, clock }: LandingPorts,
  lake: ResolvedLake,
  { key, info }: Arrived,
  { table: name, outcome, identity }: Ingested,
  wake: (table: string) => Promise<void>,
): Promise<void> {
  const table = lake.tables.find(t => t.name === name);
  // Seen: whoever took it in may have died before its wake-up.
  const waits = outcome !== 'quarantined' && outcome !== 'empty';
  if (table && waits && wakesByQueue(table)) await wake(table.name);
  await noteNewFolder(items, key, clock.now());
  await noteLanded(items, { key, etag: info.etag, outcome, identity, at: clock.now() });
}

/** Does something once for each name, and says to each who asks for it how it ended. */
function once(work: (name: string) => Promise<void>): (name: string) => Promise<void> {
  const begun = new Map<string, Promise<void>>();
  return name => {
    const known = begun.get(name) ?? work(name);
    begun.set(name, known);
    return known;
  };
}

/** The landing, in which the object is what it was when it was looked up: all reading is of that etag or fails. */
function asItStood(landing: ObjectStore, info: ObjectInfo): ObjectStore {
  return {
    ...landing,
    head: async () => info,
    // A range bears no etag. Looked at after the read: an object that was replaced never gets its etag back.
    async range(key, start, end) {
      const bytes = await landing.range(key, start, end);
      if ((await landing.head(key))?.etag !== info.etag) throw objectChanged(landing.uri(key));
      return bytes;
    },
  };
}
