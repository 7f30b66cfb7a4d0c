import type { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../../lib/ports/clock';

const REMEMBERED_MS = 5 * 60_000;

export interface Sent {
  readonly queue: string;
  readonly body: string;
  readonly group?: string;
  readonly id?: string;
  /** When the first receive can have it, milliseconds since 1970. */
  readonly from: number;
}

/** SQS as far as wake-ups need it: FIFO queues drop an id seen within five minutes, and delay all else. */
export function queues(clock: Clock, delayMs: number): { client: Pick<SQSClient, 'send'>; sent: Sent[] } {
  const sent: Sent[] = [];
  const ids = new Map<string, number>();
  const send = async ({ input }: SendMessageCommand) => {
    const { QueueUrl, MessageBody, MessageGroupId, MessageDeduplicationId } = input;
    const id = `${QueueUrl} ${MessageDeduplicationId}`;
    const last = ids.get(id);
    if (MessageDeduplicationId && last !== undefined && clock.now() - last < REMEMBERED_MS) return {};
    ids.set(id, clock.now());
    const about = { queue: QueueUrl!, body: MessageBody!, group: MessageGroupId, id: MessageDeduplicationId };
    sent.push({ ...about, from: clock.now() + (MessageGroupId ? delayMs : 0) });
    return {};
  };
  return { client: { send } as unknown as Pick<SQSClient, 'send'>, sent };
}
