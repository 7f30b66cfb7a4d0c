// Which calls fail, and how. A test sets rules for its own principal (its access key id), so that others stay whole.
import { randomUUID } from 'node:crypto';
import { randomOf } from './random.mjs';

/**
 * Kinds of fault:
 * - throttle  the service's own refusal of too many calls; nothing was done
 * - error     a 500; nothing was done
 * - lost      the call is done, its answer never comes (the connection breaks)
 * - conflict  S3: 409 ConditionalRequestConflict; DynamoDB: a transaction cancelled by TransactionConflict; other
 *             services: throttle
 * - partial   PutRecords: one record in three is refused, the others are taken; other calls: throttle
 */
export const KINDS = ['throttle', 'error', 'lost', 'conflict', 'partial'];

export class Faults {
  #rules = new Map();

  /**
   * Adds a rule: of the calls that match, one in `every` fails, by the seed's choice.
   * @param {{ principal?: string, service?: string, operation?: string, every?: number, seed?: number,
   *   kinds?: string[], most?: number }} rule operation: a regular expression; most: so many failures, then none
   * @returns {string} the rule's id
   */
  add({
    principal,
    service,
    operation,
    every = 20,
    seed = 1,
    kinds = ['throttle', 'error'],
    most = Infinity,
  }) {
    const unknown = kinds.filter(kind => !KINDS.includes(kind));
    if (unknown.length > 0 || kinds.length === 0) throw new Error(`kinds of fault are ${KINDS.join(', ')}`);
    const id = randomUUID();
    const pattern = operation === undefined ? undefined : new RegExp(`^(?:${operation})$`);
    const wanted = { principal, service, pattern };
    this.#rules.set(id, { id, wanted, every, kinds, most, random: randomOf(seed), calls: 0, failures: 0 });
    return id;
  }

  /** Without an id: all. */
  remove(id) {
    if (id === undefined) this.#rules.clear();
    else this.#rules.delete(id);
  }

  /** What each rule met. */
  list() {
    return [...this.#rules.values()].map(({ id, calls, failures }) => ({ id, calls, failures }));
  }

  /** The kind of fault for a call, or undefined. Every matching rule counts the call; the first to fail it decides. */
  next(call) {
    let kind;
    for (const rule of this.#rules.values()) {
      if (!matches(rule.wanted, call)) continue;
      rule.calls++;
      const fails = rule.random() < 1 / rule.every;
      const which = rule.kinds[Math.floor(rule.random() * rule.kinds.length)];
      if (!fails || rule.failures >= rule.most || kind !== undefined) continue;
      rule.failures++;
      kind = which;
    }
    return kind;
  }
}

function matches({ principal, service, pattern }, call) {
  return (
    (principal === undefined || principal === call.principal) &&
    (service === undefined || service === call.service) &&
    (pattern === undefined || pattern.test(call.operation))
  );
}

const THROTTLES = {
  dynamodb: 'ProvisionedThroughputExceededException',
  kinesis: 'ProvisionedThroughputExceededException',
  athena: 'TooManyRequestsException',
  sqs: 'RequestThrottled',
};

/** The answer of a failed call: { status, headers, body }. Undefined for `lost` and `partial`, which go through. */
export function answerOf(kind, call) {
  if (kind === 'lost') return undefined;
  if (kind === 'partial' && call.operation === 'PutRecords') return undefined;
  if (call.service === 's3') return s3Answer(kind, call);
  if (kind === 'conflict' && call.operation === 'TransactWriteItems') return transactionConflict(call);
  if (kind === 'error')
    return json(500, call.service === 'dynamodb' ? 'InternalServerError' : 'InternalFailure');
  return json(400, THROTTLES[call.service] ?? 'ThrottlingException', 'Rate exceeded');
}

function s3Answer(kind, call) {
  const [status, code] =
    kind === 'error'
      ? [500, 'InternalError']
      : kind === 'conflict'
        ? [409, 'ConditionalRequestConflict']
        : [503, 'SlowDown'];
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>Set by a test.</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body: call.method === 'HEAD' ? '' : body };
}

/** As AWS words it: a reason for each action of the transaction. */
function transactionConflict(call) {
  const actions = call.input?.TransactItems ?? [];
  const CancellationReasons = actions.map((_, index) =>
    index === 0
      ? { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' }
      : { Code: 'None' },
  );
  const codes = CancellationReasons.map(reason => reason.Code).join(', ');
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
  return json(400, 'TransactionCanceledException', message, { CancellationReasons });
}

function json(status, type, message = 'Set by a test.', more = {}) {
  const body = JSON.stringify({ __type: type, message, Message: message, ...more });
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': type },
    body,
  };
}
