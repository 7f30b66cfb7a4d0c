import { createHash } from 'node:crypto';
import type { StreamRecord } from '../../ports/change-stream';
import type { LakePorts } from '../../ports/lake-ports';
import type { ObjectStore } from '../../ports/object-store';
import { noSuchFile } from '../ingest/errors';
import { givenUp, notFailureObject } from './errors';
import { lambdaRecords } from './lambda-records';
import type { RecordsRequest } from './request';
import { putUnjudgedAside } from './unjudged';

/** What AWS Lambda wrote of a batch that failed for good. */
export interface FailureObject extends Pick<RecordsRequest, 'source' | 'stream'> {
  readonly landing: ObjectStore;
  readonly key: string;
}

/**
 * Puts the records of a failure object into quarantine, from where a replay takes them in. Answers with the quarantine
 * id, the same for the same object.
 * @throws TM_2301 when there is no such object, TM_2325 when it is another's
 */
export async function putFailureAside(ports: LakePorts, failure: FailureObject): Promise<string> {
  const { landing, key, source, stream } = failure;
  const bytes = await landing.get(key);
  if (!bytes) throw noSuchFile(key);
  const { records, condition } = readFailureObject(bytes, key);
  const id = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  await putUnjudgedAside(ports, { id, source, stream, records, fault: givenUp(condition) });
  return id;
}

/** When Lambda wrote it, by its name (`.../2026/11/21/2026-11-21T10.02.11-<id>`), milliseconds since 1970; 0 for another name. */
export function failedAt(key: string): number {
  const [, date, hours, minutes, seconds] = /(\d{4}-\d\d-\d\d)T(\d\d)\.(\d\d)\.(\d\d)[^/]*$/.exec(key) ?? [];
  return date === undefined ? 0 : Date.parse(`${date}T${hours}:${minutes}:${seconds}Z`);
}

interface FailureJson {
  readonly requestContext?: { readonly condition?: unknown };
  /** The function's event: its JSON text, or the JSON itself. Only in objects, not in messages. */
  readonly payload?: unknown;
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html */
export function readFailureObject(
  bytes: Uint8Array,
  where: string,
): { records: StreamRecord[]; condition: string } {
  const said = parsed(Buffer.from(bytes).toString()) as FailureJson | undefined | null;
  if (said?.requestContext === undefined)
    throw notFailureObject('is not what Lambda keeps of a failed batch', where);
  const { payload, requestContext } = said;
  const records = lambdaRecords(typeof payload === 'string' ? parsed(payload) : payload);
  if (!records) throw notFailureObject('has no records of a Kinesis stream', where);
  return { records, condition: String(requestContext.condition ?? 'no reason given') };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
