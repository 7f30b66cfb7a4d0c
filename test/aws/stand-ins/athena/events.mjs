// "Athena Query State Change" as EventBridge delivers it: best effort, at least once or never.
// Source of the form: docs.aws.amazon.com/athena/latest/ug/athena-events.html
import { randomUUID } from 'node:crypto';

const ACCOUNT = '123456789012';
const REGION = 'us-east-1';

/** Tells that a query went from one state to another. */
export function emit(group, query, previousState) {
  const { settings, random, events } = group;
  const dropped = random() < settings.eventsDropped;
  const copies = dropped ? 0 : random() < settings.eventsTwice ? 2 : 1;
  const event = eventOf(group, query, previousState);
  for (let copy = 0; copy < copies; copy++) {
    events.push(event);
    if (settings.subscriber !== undefined) deliver(settings.subscriber, event);
  }
}

function deliver(url, event) {
  const body = JSON.stringify(event);
  // A subscriber that is gone loses its events, as a rule without a retry would.
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body }).catch(() => {});
}

function eventOf(group, query, previousState) {
  query.sequenceNumber++;
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Athena Query State Change',
    source: 'aws.athena',
    account: ACCOUNT,
    time: new Date().toISOString().replace(/\.\d+Z/, 'Z'),
    region: REGION,
    resources: [],
    detail: {
      versionId: '0',
      currentState: query.state,
      ...(previousState && { previousState }),
      statementType: query.statement.type,
      queryExecutionId: query.id,
      workgroupName: group.Name,
      sequenceNumber: String(query.sequenceNumber),
      ...(query.error && {
        athenaError: {
          errorCategory: query.error.ErrorCategory,
          errorType: query.error.ErrorType,
          errorMessage: query.error.ErrorMessage,
          retryable: query.error.Retryable,
        },
      }),
    },
  };
}
