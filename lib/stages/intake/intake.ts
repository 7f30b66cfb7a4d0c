import { type ResolvedLake, tablesFor } from '../../config/resolved';
import { undeclaredFault } from '../../config/undeclared';
import { TidemarkError } from '../../errors';
import { eventRecord, sourceTable } from '../../formats/intake-event';
import { type ChangeStream, RECORD_BYTES_MAX, type StreamPut } from '../../ports/change-stream';
import type { Clock } from '../../ports/clock';
import { RecordsRefused } from '../../ports/errors';
import type { Ids } from '../../ports/ids';
import { noSuchMethod, noSuchPath, noSuchTable, notAllPut, notJsonType, tooLarge } from './errors';
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
  readonly body: Uint8Array;
}

/** What is answered: a status and a JSON body. */
export interface IntakeAnswer {
  readonly status: number;
  readonly body: {
    /** How many events the stream has. */
    readonly accepted: number;
    /** The id of each event, in their order; null where the stream may not have it. */
    readonly ids: readonly (string | null)[];
    readonly error?: { readonly code: string; readonly message: string };
  };
}

export interface IntakeOptions {
  readonly bodyBytesMax: number;
  /** After this long no further part of a body is begun, milliseconds. Default: all are. */
  readonly putMsMax?: number;
  /** Told of what the stream fails with; the answer says no more of it than its code. */
  readonly onFailure: (error: unknown) => void;
}

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
    const table = tableOf(lake, request, where);
    const { length } = request.body;
    if (length > options.bodyBytesMax)
      throw tooLarge(`the body has ${length} bytes, more than ${options.bodyBytesMax}`, where);
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
  if (!error) return { status, body: { accepted, ids } };
  const { code, message } = error;
  return { status, body: { accepted, ids, error: { code, message } } };
}

/** @throws TM_2373, TM_2375 */
function tableOf(
  lake: ResolvedLake,
  { method, path, contentType = '' }: IntakeRequest,
  where: string,
): string {
  const named = /^\/events\/([^/]+)$/.exec(path)?.[1];
  if (named === undefined) throw noSuchPath(where);
  if (method !== 'POST') throw noSuchMethod(where);
  if (!/\bjson\b/i.test(contentType)) throw notJsonType(contentType, where);
  const table = decoded(named);
  if (table === undefined || !isTaken(lake, table)) throw noSuchTable(table ?? named, where);
  return table;
}

/** Whether a table takes it in, or may come to be for it: the first events of a name that is not declared make one. */
function isTaken(lake: ResolvedLake, table: string): boolean {
  const source = sourceTable(table);
  return tablesFor(lake, source).length > 0 || undeclaredFault(lake, source) === undefined;
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
