/** What tests set on the stand-ins, and what they ask of them. What each setting does: front/faults.mjs, athena/groups.mjs. */
import { ATHENA, MOTO } from '../endpoints';

/** An access key id is a principal: tests that share the stand-ins take one each. Secrets are not checked. */
export const as = (principal: string) => ({ accessKeyId: principal, secretAccessKey: 'test' });

/** A principal without s3:ListBucket: a missing key answers 403 to it. */
export const withoutList = (principal: string) => as(`no-list-${principal}`);

export interface FaultRule {
  readonly principal?: string;
  /** As IAM's prefix: s3, dynamodb, glue, kinesis, sqs, sns, athena. */
  readonly service?: string;
  /** A regular expression on the operation's whole name. */
  readonly operation?: string;
  /** One call in so many, by the seed's choice. */
  readonly every?: number;
  readonly seed?: number;
  readonly kinds?: readonly ('throttle' | 'error' | 'lost' | 'conflict' | 'partial')[];
  /** So many failures, then none. */
  readonly most?: number;
}

export interface RecordedRequest {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly principal: string;
  readonly service: string;
  readonly operation: string;
  readonly bucket?: string;
  readonly key?: string;
  /** Absent while the call is under way, and for one that broke off. */
  readonly status?: number;
  readonly fault?: string;
  /** What IAM would ask for. */
  readonly permissions: readonly {
    readonly action: string;
    readonly resource: string;
    readonly context: Readonly<Record<string, string | readonly string[]>>;
  }[];
}

const CONTROL = `${MOTO}/moto-api/tidemark`;

async function ask<T>(url: string, method = 'GET', body?: unknown): Promise<T> {
  const answer = await fetch(url, { method, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${text}`);
  return JSON.parse(text) as T;
}

/** Makes calls fail until the rule is removed. Gives its id. */
export async function failCalls(rule: FaultRule): Promise<string> {
  return (await ask<{ id: string }>(`${CONTROL}/faults`, 'POST', rule)).id;
}

export async function healCalls(id: string): Promise<void> {
  await ask(`${CONTROL}/faults?id=${id}`, 'DELETE');
}

/** What the rules met, oldest rule first. */
export function faultCounts(): Promise<readonly { id: string; calls: number; failures: number }[]> {
  return ask(`${CONTROL}/faults`);
}

/** The calls of a principal so far, oldest first. */
export function requestsOf(principal: string): Promise<readonly RecordedRequest[]> {
  return ask(`${CONTROL}/requests?principal=${encodeURIComponent(principal)}`);
}

export async function forgetRequests(principal: string): Promise<void> {
  await ask(`${CONTROL}/requests?principal=${encodeURIComponent(principal)}`, 'DELETE');
}

export interface QueryFault {
  /** A regular expression on the SQL, without regard to case. */
  readonly match?: string;
  readonly kind: 'refuse' | 'lost' | 'fail' | 'failed-but-landed' | 'lands-late';
  readonly times?: number;
  readonly afterMillis?: number;
}

export interface GroupSettings {
  readonly seed?: number;
  readonly queuedMillis?: number;
  readonly runningMillis?: number;
  readonly queriesMax?: number;
  /** 0 to 1. */
  readonly eventsDropped?: number;
  /** 0 to 1. */
  readonly eventsTwice?: number;
  /** A URL that state-change events are posted to. */
  readonly subscriber?: string;
  readonly faults?: readonly QueryFault[];
}

/** Sets how a work group of the Athena gate behaves; what is not named goes back to how it was at first. */
export async function setWorkGroup(name: string, settings: GroupSettings): Promise<void> {
  await ask(`${ATHENA}/tidemark/groups/${name}`, 'PUT', settings);
}

/** An "Athena Query State Change" as EventBridge hands it to a rule's target. */
export interface QueryEvent {
  readonly source: 'aws.athena';
  readonly 'detail-type': 'Athena Query State Change';
  readonly detail: {
    readonly currentState: string;
    readonly previousState?: string;
    readonly statementType: string;
    readonly queryExecutionId: string;
    readonly workgroupName: string;
    readonly sequenceNumber: string;
  };
}

/** Events of a work group so far, those that were dropped left out. */
export function queryEvents(workgroup: string): Promise<readonly QueryEvent[]> {
  return ask(`${ATHENA}/tidemark/groups/${workgroup}/events`);
}

/** Athena forgets queries after 45 days. */
export async function forgetQuery(id: string): Promise<void> {
  await ask(`${ATHENA}/tidemark/queries/${id}`, 'DELETE');
}

/** Names and sources of what the gate refuses. */
export function athenaRules(): Promise<readonly { name: string; source: string }[]> {
  return ask(`${ATHENA}/tidemark/rules`);
}
