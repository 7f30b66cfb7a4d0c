import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../../ports/clock';
import type { WakeUps } from '../../ports/wake-ups';

export interface WakeUpOptions {
  /** Urls. Merge and report queues are FIFO, without content-based deduplication. */
  readonly queues: { readonly merge: string; readonly report: string; readonly ingest: string };
  /** The landing's bucket, as the messages of its own notifications name it. */
  readonly landing: string;
  /** The length of a window; the merge queue delays each message by just as long, and it is below five minutes. */
  readonly windowMs: number;
  readonly clock: Clock;
}

/** SQS remembers a deduplication id this long, so a minute's id is good for a minute. */
const REPORT_WINDOW_MS = 60_000;

/**
 * Wake-ups as SQS messages.
 *
 * A table's wake-ups of one window bear one deduplication id: the queue keeps the first and drops the others. The
 * window is computed after the transaction that is announced, from the time t, and ends at most `windowMs` after t.
 * The first message of the window was sent at or after the window's start and is delayed by `windowMs`, so it is
 * delivered when the window is over: after every transaction whose wake-up it stands for. (Clocks of two senders may
 * differ by more than a message's way takes; what slips through there is found by the sweep.)
 *
 * Ids have at most 128 characters; the longest table's name has 100.
 */
export function sqsWakeUps(
  client: Pick<SQSClient, 'send'>,
  { queues, landing, windowMs, clock }: WakeUpOptions,
): WakeUps {
  const send = async (queue: string, body: object, fifo?: { group: string; id: string }) => {
    await client.send(
      new SendMessageCommand({
        QueueUrl: queue,
        MessageBody: JSON.stringify(body),
        ...(fifo && { MessageGroupId: fifo.group, MessageDeduplicationId: fifo.id }),
      }),
    );
  };
  return {
    merge: table => {
      const window = Math.floor(clock.now() / windowMs);
      return send(queues.merge, { table }, { group: table, id: `${table}#${window}` });
    },
    mergeAgain: (table, { through, id }) => {
      const after = `${through.toString(36)}#${id.toString(36)}`;
      return send(queues.merge, { table }, { group: table, id: `${table}#${after}` });
    },
    report: (report, date) => {
      const minute = Math.floor(clock.now() / REPORT_WINDOW_MS);
      return send(queues.report, { report, date }, { group: report, id: `${report}#${date}#${minute}` });
    },
    ingest: key => send(queues.ingest, objectCreated(landing, key)),
  };
}

/** A message as the bucket's own notification would have sent it. */
function objectCreated(bucket: string, key: string): object {
  // The notification writes keys as a form does: a blank is `+`, and `/` stands as it is.
  const encoded = encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+');
  return {
    Records: [
      {
        eventSource: 'aws:s3',
        eventName: 'ObjectCreated:Sweep',
        s3: { bucket: { name: bucket }, object: { key: encoded } },
      },
    ],
  };
}
