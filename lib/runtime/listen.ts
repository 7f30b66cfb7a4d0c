import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ResolvedLake, ResolvedTable } from '../config/resolved';
import { type HttpSource, httpSources, streamNameOf } from '../config/stream-sources';
import { ingestRecords } from '../stages/ingest-stream/ingest-records';
import type { RecordsRequest, RecordsTaken } from '../stages/ingest-stream/request';
import { type IntakeAnswer, intake } from '../stages/intake/intake';
import { dueMerges } from './due-merges';
import { cannotListen, noHttpSource } from './listen-errors';
import { namesOf } from './listen-names';
import type { LocalLake } from './local';
import { takingStream } from './taking-stream';

export interface ListenOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** The http source, where the config has several. */
  readonly source?: string;
  /** Told of what fails and goes on: a merge, a batch that was not taken in. */
  readonly onFailure: (what: string, error: unknown) => void;
}

/** What came of a run so far. */
export interface ListenCounts {
  /** Events that were answered for. */
  readonly events: number;
  /** Those of them that were put into quarantine. */
  readonly quarantined: number;
  /** Rows that merges wrote or deleted, of whatever waited. */
  readonly merged: number;
}

export interface Listening {
  readonly url: string;
  readonly counts: () => ListenCounts;
  /** Ends: what was answered is in the lake, and merged. */
  close(): Promise<void>;
}

/**
 * The intake of an http source on this machine: a request is answered 202 when its events are taken in, and the tables
 * are merged as fresh as they are declared. @throws TM_7076, TM_7077
 */
export async function listen(lake: LocalLake, options: ListenOptions): Promise<Listening> {
  const { config, ports } = lake;
  const { onFailure } = options;
  const [name, source] = httpSource(config, options.source);
  const counts = { events: 0, quarantined: 0, merged: 0 };
  const merges = dueMerges({
    clock: ports.clock,
    merge: async table => {
      const { rows } = (await lake.merge(table)) ?? {};
      if (rows) counts.merged += rows.new + rows.changed + rows.deleted;
    },
    onFailure: (table, error) => onFailure(`the merge of ${table.name} failed`, error),
  });
  const stream = intakeStream(lake, streamNameOf(name, source), ({ tables, strays }) => {
    for (const { table } of tables) merges.wake(tableNamed(config, table));
    counts.quarantined += tables.reduce((sum, { badRows }) => sum + badRows, strays);
  });
  const server = createServer({ requestTimeout: REQUEST_MS_MAX }, (request, response) => {
    serve(request, source.bodyBytesMax, body =>
      intake({ ...ports, stream }, config, requestOf(request, body), {
        source,
        answersTo: namesOf(options.host),
        onFailure: error => onFailure('events were not taken in', error),
      }),
    ).then(
      answer => {
        counts.events += answer.body.accepted;
        reply(response, answer);
      },
      // The client went away, or a defect: there is nobody to tell, or nothing that could be told.
      error => {
        if (!request.destroyed) onFailure('a request failed', error);
        response.destroy();
      },
    );
  });
  const { port } = await started(server, options);
  // What an earlier run took in may wait for its merge.
  for (const table of config.tables) merges.wake(table);
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    counts: () => ({ ...counts }),
    async close() {
      await closed(server);
      await stream.idle();
      await merges.finish();
    },
  };
}

const REQUEST_MS_MAX = 30_000;
/** A batch of which something failed is tried again whole: what was taken in of it counts once. */
const TRIES_MAX = 3;

/** @throws TM_7077 */
function httpSource(config: ResolvedLake, named?: string): [string, HttpSource] {
  const found = httpSources(config);
  const fitting = named === undefined ? found : found.filter(([name]) => name === named);
  if (fitting.length === 1) return fitting[0]!;
  throw noHttpSource(
    found.map(([name]) => name),
    named,
  );
}

function tableNamed({ tables }: ResolvedLake, name: string): ResolvedTable {
  return tables.find(table => table.name === name)!;
}

/** A stream of this process alone: each run of it is another, whose records are numbered anew. */
function intakeStream(
  { config, ports }: LocalLake,
  source: string,
  onTaken: (taken: Pick<RecordsTaken, 'tables' | 'strays'>) => void,
) {
  const shard = ports.ids.fresh();
  const stream = {
    name: source,
    createdAt: ports.clock.now(),
    shards: async () => [{ id: shard, parents: [] }],
  };
  const takeIn = async (records: RecordsRequest['records']) => {
    for (let tries = 1; ; tries++) {
      const taken = await ingestRecords(ports, config, { source, stream, shard, records });
      const { tables, strays, retryFrom } = taken;
      // Those of a batch that is tried again are met again.
      onTaken({ tables, strays: retryFrom === undefined ? strays : 0 });
      if (retryFrom === undefined) return;
      if (tries === TRIES_MAX) throw taken.failed[0]?.error;
    }
  };
  return takingStream({ shard, clock: ports.clock, takeIn });
}

function requestOf({ method = '', url = '', headers }: IncomingMessage, body: Uint8Array) {
  const contentType = headers['content-type'];
  const path = url.split('?', 1)[0]!;
  const { host, 'content-encoding': contentEncoding } = headers;
  return {
    ...{ method, path, body },
    ...(contentType === undefined ? {} : { contentType }),
    ...(contentEncoding === undefined ? {} : { contentEncoding }),
    ...(host === undefined ? {} : { host }),
  };
}

/** Reads no more of a body than shows that it is too large. */
async function serve(
  request: IncomingMessage,
  bytesMax: number,
  answer: (body: Uint8Array) => Promise<IntakeAnswer>,
): Promise<IntakeAnswer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > bytesMax) break;
  }
  return answer(Buffer.concat(pieces));
}

function reply(response: ServerResponse, { status, headers, body }: IntakeAnswer): void {
  // What is left of a body that is too large is not read.
  const last = status === 413 ? { connection: 'close' } : {};
  response.writeHead(status, { ...headers, ...last }).end(`${JSON.stringify(body)}\n`);
}

function started(server: Server, { host, port }: ListenOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', error => reject(cannotListen(`${host}:${port}`, error)));
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}

/** No request is accepted any more; those that were are answered. */
function closed(server: Server): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
