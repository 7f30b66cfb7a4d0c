import { type ResolvedLake, tablesFor } from '../../config/resolved';
import type { HttpSource } from '../../config/stream-sources';
import { undeclaredFault } from '../../config/undeclared';
import { TidemarkError } from '../../errors';
import { eventRecord, sourceTable } from '../../formats/intake-event';
import { type ChangeStream, RECORD_BYTES_MAX, type StreamPut } from '../../ports/change-stream';
import type { Clock } from '../../ports/clock';
import { RecordsRefused } from '../../ports/errors';
import type { Ids } from '../../ports/ids';
import {
  encodedBody,
  noSuchMethod,
  noSuchPath,
  noSuchTable,
  notAllPut,
  notJsonType,
  otherHost,
  tooLarge,
} from './errors';
import { eventsOf } from './events';

/** What an intake stands on: the stream that keeps the events, and what names them. */
export interface IntakePorts {
  readonly stream: Pick<ChangeStream, 'put'>;
  readonly clock: Clock;
  readonly ids: Ids;
}

/** A request as HTTP brings it, whoever serves. */
export interface IntakeRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  /** The header `host`: whom the sender believes to talk to. */
  readonly host?: string;
  readonly body: Uint8Array;
}

/** What is answered: a status, headers by their names in lower case, and a JSON body. */
export interface IntakeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: {
    /** How many events the stream has. */
    readonly accepted: number;
    /** The id of each event, in their order; null where the stream may not have it. */
    readonly ids: readonly (string | null)[];
    readonly error?: { readonly code: string; readonly message: string };
  };
}

export interface IntakeOptions {
  readonly source: TakenFrom;
  /** Whether a header `host` names whoever serves. Default: it was looked at before. */
  readonly answersTo?: (host: string) => boolean;
  /** After this long no further part of a body is begun, milliseconds. Default: all are. */
  readonly putMsMax?: number;
  /** Told of what the stream fails with; the answer says no more of it than its code. */
  readonly onFailure: (error: unknown) => void;
}

/** What an http source takes. */
export type TakenFrom = Pick<HttpSource, 'bodyBytesMax' | 'tables'>;

/** Records and bytes that are put at once: one call's of Kinesis, after which the answer could say what it has. */
const PUT_RECORDS_MAX = 500;
const PUT_BYTES_MAX = 5 << 20;

const STATUS: Readonly<Record<string, number>> = {
  TM_2371: 400,
  TM_2372: 400,
  TM_2373: 404,
  TM_2374: 413,
  TM_2375: 404,
  TM_2377: 405,
  TM_2378: 415,
  TM_2379: 403,
  TM_2380: 415,
};

/**
 * Takes the events of one request to the stream, and answers 202 when it has them all. Each gets its id before the
 * first put: where an answer of the stream is lost, the put is made again, and ingest knows the event by its id.
 */
export async function intake(
  ports: IntakePorts,
  lake: ResolvedLake,
  request: IntakeRequest,
  options: IntakeOptions,
): Promise<IntakeAnswer> {
  const where = `${request.method} ${request.path.slice(0, 200)}`;
  try {
    const { host } = request;
    if (host !== undefined && options.answersTo?.(host) === false) throw otherHost(host, where);
    const table = tableOf(lake, request, options.source, where);
    const { length } = request.body;
    const { bodyBytesMax } = options.source;
    if (length > bodyBytesMax)
      throw tooLarge(`the body has ${length} bytes, more than ${bodyBytesMax}`, where);
    const receivedAt = ports.clock.now();
    const records = eventsOf(request.body, where).map((data, i): StreamPut => {
      const id = ports.ids.fresh();
      const record = { key: id, data: eventRecord({ id, table, receivedAt, data }) };
      if (sizeOf(record) > RECORD_BYTES_MAX)
        throw tooLarge(
          `event ${i} has ${sizeOf(record)} bytes as a record, more than ${RECORD_BYTES_MAX}`,
          where,
        );
      return record;
    });
    return await putAll(ports, records, where, options);
  } catch (error) {
    const status = error instanceof TidemarkError ? STATUS[error.code] : undefined;
    if (status === undefined) throw error;
    return answer(status, [], error as TidemarkError);
  }
}

const sizeOf = ({ key, data }: StreamPut) => Buffer.byteLength(key) + data.length;

function answer(status: number, ids: readonly (string | null)[], error?: TidemarkError): IntakeAnswer {
  const accepted = ids.filter(id => id !== null).length;
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (status === 429 || status === 503) headers['retry-after'] = '1';
  if (!error) return { status, headers, body: { accepted, ids } };
  const { code, message } = error;
  return { status, headers, body: { accepted, ids, error: { code, message } } };
}

/** @throws TM_2373, TM_2375 */
function tableOf(
  lake: ResolvedLake,
  { method, path, contentType = '', contentEncoding = 'identity' }: IntakeRequest,
  from: TakenFrom,
  where: string,
): string {
  const named = /^\/events\/([^/]+)$/.exec(path)?.[1];
  if (named === undefined) throw noSuchPath(where);
  if (method !== 'POST') throw noSuchMethod(where);
  if (!JSON_TYPE.test(contentType)) throw notJsonType(contentType, where);
  if (contentEncoding.toLowerCase() !== 'identity') throw encodedBody(contentEncoding, where);
  const table = decoded(named);
  if (table === undefined || !isTaken(lake, from, table)) throw noSuchTable(table ?? named, where);
  return table;
}

/** Of a body that a browser sends for no page of another site without asking first. */
const JSON_TYPE = /^application\/([\w.+-]+\+)?json\s*(;|$)/i;

/**
 * Whether the source takes in the events of a source table: those that it names, else those of declared append tables. Of
 * a table with a key any event may be the newest row of any key, so whoever may post to one may write all of it.
 */
function isTaken(lake: ResolvedLake, { tables }: TakenFrom, table: string): boolean {
  const source = sourceTable(table);
  const owners = tablesFor(lake, source);
  if (tables)
    return tables.includes(table) && (owners.length > 0 || undeclaredFault(lake, source) === undefined);
  return owners.length > 0 && owners.every(owner => owner.mode === 'append' && !owner.undeclared);
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** Puts a part after the other; where one fails, the answer says what the stream has for sure. */
async function putAll(
  { stream, clock }: IntakePorts,
  records: readonly StreamPut[],
  where: string,
  { putMsMax = Number.POSITIVE_INFINITY, onFailure }: IntakeOptions,
): Promise<IntakeAnswer> {
  const until = clock.now() + putMsMax;
  const ids: (string | null)[] = [];
  const rest = () => Array<null>(records.length - ids.length).fill(null);
  for (const part of partsOf(records)) {
    if (clock.now() > until) return answer(503, [...ids, ...rest()], notAllPut('it is too slow', where));
    try {
      await stream.put(part);
      ids.push(...part.map(({ key }) => key));
    } catch (error) {
      onFailure(error);
      const refused = error instanceof RecordsRefused ? new Set(error.keys) : undefined;
      // Without a word of what it refused nobody knows: the stream may have each of them or not.
      ids.push(...part.map(({ key }) => (refused && !refused.has(key) ? key : null)));
      return answer(refused ? 429 : 503, [...ids, ...rest()], notAllPut(reasonOf(error), where));
    }
  }
  return answer(202, ids);
}

const reasonOf = (error: unknown) => (error instanceof TidemarkError ? error.code : 'it failed');

function* partsOf(records: readonly StreamPut[]): Generator<readonly StreamPut[]> {
  let part: StreamPut[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = sizeOf(record);
    if (part.length === PUT_RECORDS_MAX || (part.length > 0 && bytes + size > PUT_BYTES_MAX)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(record);
    bytes += size;
  }
  if (part.length > 0) yield part;
}
