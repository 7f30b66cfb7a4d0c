import type { ResolvedLake } from '../config/resolved';
import { httpSources, streamNameOf } from '../config/stream-sources';
import { TidemarkError } from '../errors';
import { messageReader } from '../formats/stream-formats';
import { lastEntries } from '../ledger/entries';
import { pausedSince } from '../ledger/paused';
import { eachQuarantined } from '../ledger/quarantine';
import { sourcesOfFiles, streamOfFiles } from '../ledger/record-files';
import {
  compareSequences,
  cursorsOf,
  cursorsOfName,
  type StreamCursor,
  type StreamRef,
  shardCursor,
} from '../ledger/streams';
import type { WatchedStream } from '../ports/change-stream';
import type { LakePorts } from '../ports/lake-ports';
import { holdsRecords } from './ingest-stream/aside';
import { isOfRecords } from './ingest-stream/record-range';
import { formatOfSource } from './ingest-stream/route';

/** How one source of changes stands. */
export interface SourceStatus {
  /** Its name in the config; `files` for files that were taken in. */
  readonly source: string;
  /** records: files whose lines are records of it. */
  readonly kind: 'files' | 'records' | 'stream';
  /** When the newest of what is in arrived, milliseconds since 1970; undefined before the first. */
  readonly lastAt?: number;
  /** How long the oldest of its records that is not in has stood in its stream, ms; undefined where there is none to ask. */
  readonly lagMs?: number;
  /** Records of it that wait in quarantine; of `files`, files. */
  readonly quarantined: number;
  /** Its tables whose merges are stopped: what comes for them is taken in and waits. */
  readonly paused: readonly string[];
  /** Why its stream could not be asked. */
  readonly fault?: TidemarkError;
}

/** A stream that can be asked how much of it is not in yet. */
export interface SourceStream {
  readonly source: string;
  /** @throws TidemarkError where whoever asks may not, or the stream is gone */
  readonly open: () => Promise<OpenStream>;
}

export interface OpenStream {
  readonly stream: StreamRef;
  readonly watched: WatchedStream;
}

/** @param streams those of the lake; a lake in a folder has none */
export async function sourceStatus(
  ports: LakePorts,
  lake: ResolvedLake,
  streams: readonly SourceStream[] = [],
): Promise<SourceStatus[]> {
  const waiting = await waitingBySource(ports);
  const intakes = streams.length > 0 ? [] : await intakesStatus(ports, lake);
  const ofIntakes = new Set(intakes.map(({ source }) => source));
  const files = await recordFilesStatus(ports, lake);
  const found = [
    await filesStatus(ports, lake),
    // Of an intake here, its cursors are found by its name, those of files of its records among them.
    ...files.filter(({ source }) => !ofIntakes.has(source)),
    ...intakes,
    ...(await Promise.all(streams.map(stream => streamStatus(ports, lake, stream)))),
  ];
  // A source may come from its stream and from files of its records: what waits is counted once, with the stream's.
  const streamed = new Set(streams.map(({ source }) => source));
  return found.map(one => {
    const elsewhere = one.kind === 'records' && streamed.has(one.source);
    return { ...one, quarantined: elsewhere ? 0 : (waiting.get(nameOf(one)) ?? 0) };
  });
}

type Found = Omit<SourceStatus, 'quarantined'>;

const FILES = '';
const nameOf = ({ kind, source }: Found) => (kind === 'files' ? FILES : source);

async function waitingBySource({ items }: LakePorts): Promise<ReadonlyMap<string, number>> {
  const waiting = new Map<string, number>();
  for await (const record of eachQuarantined(items)) {
    const [name, n] = holdsRecords(record) ? [record.records.source, record.badRows] : [FILES, 1];
    waiting.set(name, (waiting.get(name) ?? 0) + n);
  }
  return waiting;
}

/** Entries of a table that are looked through for the newest that a file brought. */
const ENTRIES_LOOKED_MAX = 100;

async function filesStatus(ports: LakePorts, lake: ResolvedLake): Promise<Found> {
  let lastAt: number | undefined;
  const paused: string[] = [];
  for (const { name } of lake.tables) {
    const entries = await lastEntries(ports.items, name, ENTRIES_LOOKED_MAX);
    const newest = entries.find(({ source }) => !isOfRecords(source));
    if (!newest) continue;
    lastAt = Math.max(lastAt ?? 0, newest.at);
    if (await isPaused(ports, name)) paused.push(name);
  }
  return { source: 'files', kind: 'files', paused, ...(lastAt === undefined ? {} : { lastAt }) };
}

async function recordFilesStatus(ports: LakePorts, lake: ResolvedLake): Promise<Found[]> {
  const found: Found[] = [];
  for (const { source, at } of await sourcesOfFiles(ports.items)) {
    const paused: string[] = [];
    for (const { name } of lake.tables) {
      const cursors = await cursorsOf(ports.items, streamOfFiles(source), name);
      if (cursors.size > 0 && (await isPaused(ports, name))) paused.push(name);
    }
    found.push({ source, kind: 'records', lastAt: at, paused });
  }
  return found;
}

/** Of a lake in a folder: each run of its intake is a stream of its own. */
async function intakesStatus(ports: LakePorts, lake: ResolvedLake): Promise<Found[]> {
  const found: Found[] = [];
  for (const [name, http] of httpSources(lake)) {
    const source = streamNameOf(name, http);
    const arrivals: bigint[] = [];
    const paused: string[] = [];
    for (const table of lake.tables) {
      const cursors = await cursorsOfName(ports.items, source, table.name);
      arrivals.push(...[...cursors.values()].map(({ arrival }) => arrival));
      if (cursors.size > 0 && (await isPaused(ports, table.name))) paused.push(table.name);
    }
    found.push({ source, kind: 'stream', paused, ...lastOf(arrivals) });
  }
  return found;
}

function lastOf(arrivals: readonly bigint[]): Pick<SourceStatus, 'lastAt'> {
  return arrivals.length === 0 ? {} : { lastAt: Math.max(...arrivals.map(micros => Number(micros / 1000n))) };
}

/** Two calls a shard: of a stream with more, the youngest are looked at. */
const SHARDS_LOOKED_MAX = 50;
const RECORDS_LOOKED_MAX = 1000;

async function streamStatus(
  ports: LakePorts,
  lake: ResolvedLake,
  { source, open }: SourceStream,
): Promise<Found> {
  try {
    return await openStreamStatus(ports, lake, source, await open());
  } catch (fault) {
    // Who may not read a stream still sees the lake.
    if (!(fault instanceof TidemarkError)) throw fault;
    return { source, kind: 'stream', paused: [], fault };
  }
}

async function openStreamStatus(
  ports: LakePorts,
  lake: ResolvedLake,
  source: string,
  { stream, watched }: OpenStream,
): Promise<Found> {
  const read = new Map<string, StreamCursor[]>();
  const paused: string[] = [];
  for (const { name } of lake.tables) {
    const cursors = await cursorsOf(ports.items, stream, name);
    for (const [shard, cursor] of cursors) read.set(shard, [...(read.get(shard) ?? []), cursor]);
    if (cursors.size > 0 && (await isPaused(ports, name))) paused.push(name);
  }
  const arrivals = [...read.values()].flat().map(({ arrival }) => arrival);
  const lags: number[] = [];
  for (const { id: shard } of (await watched.shards()).slice(-SHARDS_LOOKED_MAX)) {
    // Of records that are no table's; a shard's parents say nothing of how far it was read itself.
    const strays = await shardCursor(ports.items, { stream, shard }, async () => []);
    lags.push(
      await lagOf(ports, lake, { source, watched, shard, read: [strays, ...(read.get(shard) ?? [])] }),
    );
  }
  return {
    ...{ source, kind: 'stream', paused, lagMs: Math.max(0, ...lags) },
    ...lastOf(arrivals),
  };
}

interface ShardLook {
  readonly source: string;
  readonly watched: WatchedStream;
  readonly shard: string;
  /** The cursors of its tables, and of what is none's: the shard was read as far as the furthest says. */
  readonly read: readonly StreamCursor[];
}

/** How long the first record of somebody's data behind the cursors has waited; heartbeats and the like move none. */
async function lagOf(
  { clock }: LakePorts,
  lake: ResolvedLake,
  { source, watched, shard, read }: ShardLook,
): Promise<number> {
  const after = read
    .flatMap(({ sequence }) => sequence ?? [])
    .sort(compareSequences)
    .at(-1);
  const { records, behindMs } = await watched.look(shard, after, RECORDS_LOOKED_MAX);
  const message = messageReader(formatOfSource(lake, source));
  const waits = records.find(({ data }) => {
    const { kind } = message(data);
    return kind !== 'ignored' && kind !== 'control';
  });
  return waits ? Math.max(0, clock.now() - waits.arrivedAt) : behindMs;
}

async function isPaused({ items }: LakePorts, table: string): Promise<boolean> {
  return (await pausedSince(items, table)) !== undefined;
}
