import { landedEtags } from '../../ledger/landed';
import {
  folderOf,
  type Listing,
  listFolders,
  moveListing,
  noteFolder,
  readFolder,
  readListing,
  type StandingListing,
} from '../../ledger/landing';
import type { LakePorts } from '../../ports/lake-ports';
import type { ObjectInfo, ObjectStore } from '../../ports/object-store';
import type { WakeUps } from '../../ports/wake-ups';

export interface LandingSweepPorts extends LakePorts {
  readonly landing: ObjectStore;
  readonly wakeUps: Pick<WakeUps, 'ingest'>;
}

export interface LandingSweep {
  /** Objects that no event had announced, or whose event is still on its way. */
  readonly announced: number;
  /** False: the next sweep goes on with the listing. */
  readonly done: boolean;
}

const RUN_OBJECTS_MAX = 500;
const FOLDERS_PAGE = 100;

/** A folder without anything new for so long is only looked into by full listings. */
export const FOLDER_ACTIVE_MS = 48 * 3_600_000;

/**
 * Begins a listing of the landing. A full one covers a recent one, so it takes its place, and is not replaced by it;
 * one of the same kind goes on.
 */
export async function beginListing({ items }: LakePorts, kind: Listing['kind']): Promise<void> {
  for (;;) {
    const standing = await readListing(items);
    const { open } = standing;
    if (open && (open.kind === 'full' || kind === 'recent')) return;
    if (await moveListing(items, standing, { kind })) return;
  }
}

/**
 * Goes on with the listing that is open, until it is done or `until` (milliseconds since 1970) has come, and
 * announces every object that was not dealt with under its etag. Some may be announced twice: ingest knows.
 *
 * A run of objects is announced before it is noted how far the listing has come: a crash repeats a run. Of two sweeps
 * at once the one that notes first goes on, and the other hands back, also where the first has begun another listing.
 */
export async function sweepLanding(ports: LandingSweepPorts, until: number): Promise<LandingSweep> {
  let standing: StandingListing | undefined = await readListing(ports.items);
  const { open } = standing;
  if (!open) return { announced: 0, done: true };
  const { kind } = open;
  const runs = kind === 'full' ? everything(ports, open.after) : recent(ports, open.after);
  let announced = 0;
  for await (const { objects, after } of runs) {
    announced += await announce(ports, objects);
    await noteLastNames(ports, objects);
    standing = await moveListing(ports.items, standing, { kind, after });
    if (!standing || ports.clock.now() >= until) return { announced, done: false };
  }
  const closed = await moveListing(ports.items, standing, undefined);
  return { announced, done: closed !== undefined };
}

/** Objects that follow each other in the store's order, and where the listing goes on behind them. */
interface Run {
  readonly objects: readonly ObjectInfo[];
  readonly after: string;
}

async function* everything({ landing }: LandingSweepPorts, from: string | undefined): AsyncGenerator<Run> {
  let objects: ObjectInfo[] = [];
  for await (const object of landing.list('', from)) {
    if (objects.push(object) < RUN_OBJECTS_MAX) continue;
    yield { objects, after: object.key };
    objects = [];
  }
  const last = objects.at(-1);
  if (last) yield { objects, after: last.key };
}

/** Of every active folder what stands in it after its last name. */
async function* recent(ports: LandingSweepPorts, from: string | undefined): AsyncGenerator<Run> {
  for (let after = from; ; ) {
    const folders = await listFolders(ports.items, after, FOLDERS_PAGE);
    for (const { folder, last, at } of folders) {
      const active = ports.clock.now() - at < FOLDER_ACTIVE_MS;
      // The mark stays on the folder before until the whole folder was seen: its own last name moves by the run.
      if (active)
        for await (const objects of standingIn(ports.landing, folder, last))
          yield { objects, after: after ?? '' };
      after = folder;
    }
    if (folders.length < FOLDERS_PAGE) return;
  }
}

/**
 * The objects of a folder itself after a key. A listing knows no folders: it leaps over each that stands within, and a
 * run ends there, so that nothing stands between its objects.
 */
async function* standingIn(landing: ObjectStore, folder: string, from: string): AsyncGenerator<ObjectInfo[]> {
  const prefix = folder === '/' ? '' : folder;
  let after: string | undefined = from === '' ? undefined : from;
  for (;;) {
    let within: string | undefined;
    let objects: ObjectInfo[] = [];
    for await (const object of landing.list(prefix, after)) {
      const inner = object.key.indexOf('/', prefix.length);
      if (inner >= 0 && inner < object.key.length - 1) {
        within = object.key.slice(0, inner + 1);
        break;
      }
      if (objects.push(object) < RUN_OBJECTS_MAX) continue;
      yield objects;
      objects = [];
    }
    if (objects.length > 0) yield objects;
    if (within === undefined) return;
    after = `${within}${LAST_CHARACTER}`;
  }
}

const LAST_CHARACTER = '\u{10ffff}';

async function announce(ports: LandingSweepPorts, objects: readonly ObjectInfo[]): Promise<number> {
  const etags = await landedEtags(
    ports.items,
    objects.map(object => object.key),
  );
  const missed = objects.filter(o => !o.key.endsWith('/') && etags.get(o.key) !== o.etag);
  for (const { key } of missed) await ports.wakeUps.ingest(key);
  return missed.length;
}

async function noteLastNames({ items, clock }: LandingSweepPorts, objects: readonly ObjectInfo[]) {
  const lasts = new Map(objects.map(object => [folderOf(object.key), object.key]));
  for (const [folder, last] of lasts) {
    const { known, version } = await readFolder(items, folder);
    // A full listing comes by names that a recent one has passed.
    if (known && !isBefore(known.last, last)) continue;
    await noteFolder(items, { folder, last, at: clock.now() }, version);
  }
}

function isBefore(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}
