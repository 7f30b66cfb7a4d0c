import type { ResolvedLake } from '../../config/resolved';
import { noteLanded, readLanded } from '../../ledger/landed';
import { noteNewFolder } from '../../ledger/landing';
import { objectChanged } from '../../ports/errors';
import type { LakePorts } from '../../ports/lake-ports';
import type { ObjectInfo, ObjectStore } from '../../ports/object-store';
import type { WakeUps } from '../../ports/wake-ups';
import { ingest } from '../ingest/ingest';
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

/**
 * Takes in an object of the landing that somebody announced, wakes its table's merge, and notes that it was dealt
 * with. Folders of its key may say what it is (asked.ts). An announcement may come twice, late, or for an object that another one has replaced: what counts is the
 * object as it stands now.
 *
 * The note comes last. A crash before it makes the next announcement read the object again, find its source seen,
 * and send the wake-up that may have been missing.
 * @throws TidemarkError for faults of the lake or the request; a bad file goes to quarantine, and is dealt with
 */
export async function land(ports: LandingPorts, lake: ResolvedLake, key: string): Promise<LandedObject> {
  const { landing, items, clock } = ports;
  const info = await landing.head(key);
  if (!info) return { object: key, outcome: 'gone' };
  const known = await readLanded(items, key);
  // A file in quarantine that is uploaded again is tried again: the config may have been mended.
  if (known?.etag === info.etag && known.outcome !== 'quarantined') return { object: key, outcome: 'known' };
  const became = await ingest(ports, lake, { ...askedOf(key), landing: asItStood(landing, info), key });
  const table = lake.tables.find(t => t.name === became.table);
  // Seen: whoever took it in may have died before its wake-up.
  const waits = became.outcome !== 'quarantined' && became.outcome !== 'empty';
  if (table && waits && wakesByQueue(table)) await ports.wakeUps.merge(table.name);
  await noteNewFolder(items, key, clock.now());
  const { outcome, identity } = became;
  await noteLanded(items, { key, etag: info.etag, outcome, identity, at: clock.now() });
  return became;
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
