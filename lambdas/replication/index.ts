import { setTimeout } from 'node:timers/promises';
import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { dmsReplications } from './dms';
import { control } from './handler';

/** CloudFormation waits an hour for an answer that never comes: there is one whatever happens. */
export async function handler(event: CloudFormationCustomResourceEvent, context: Context): Promise<void> {
  const pause = {
    wait: (ms: number) => setTimeout(ms),
    leftMs: () => context.getRemainingTimeInMillis(),
  };
  const reason = await dmsReplications()
    .then(replications => control(event, replications, pause))
    .then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
  await fetch(event.ResponseURL, {
    method: 'PUT',
    // A signed address: it is refused with a content type.
    headers: { 'content-type': '' },
    body: JSON.stringify({
      Status: reason === undefined ? 'SUCCESS' : 'FAILED',
      Reason: reason,
      PhysicalResourceId: physicalId(event),
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
    }),
  });
}

/** The moment of one replication: another replication is another resource, and the old one is deleted. */
function physicalId(event: CloudFormationCustomResourceEvent): string {
  if (event.RequestType === 'Delete') return event.PhysicalResourceId;
  return `${event.ResourceProperties.Moment} ${event.ResourceProperties.Replication}`;
}
