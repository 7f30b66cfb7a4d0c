import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { awsDenied, awsFailed, awsMissing } from './errors';
import { isDenied, nameOf } from './failures';

/** A message that its function failed at too often. */
export interface Letter {
  readonly id: string;
  readonly body: string;
  /** When it was first sent, milliseconds since 1970. */
  readonly at: number;
}

/** The dead letters of one queue. Urls. */
export interface LetterBox {
  readonly queue: string;
  readonly deadLetters: string;
}

/** Long enough to go through a queue, short enough that a look that died hides nothing for long. */
const HIDDEN_SECONDS = 30;
/** Answers without a message before a queue counts as read: SQS asks some of its servers only. */
const EMPTY_MAX = 2;

/**
 * Every dead letter, each left where it is. Of a FIFO queue's message group up to ten: those behind them show when
 * those are gone. @throws TM_5203, TM_5206, TM_5201
 */
export async function listLetters(client: Pick<SQSClient, 'send'>, box: LetterBox): Promise<Letter[]> {
  const messages = await received(client, box.deadLetters);
  await release(client, box.deadLetters, messages);
  return messages.map(letterOf);
}

/**
 * Sends a dead letter to its queue again, then takes it out; a crash in between leaves it to be sent twice, which
 * changes nothing. False: it is not there any more.
 */
export async function resendLetter(
  client: Pick<SQSClient, 'send'>,
  box: LetterBox,
  id: string,
): Promise<boolean> {
  const messages = await received(client, box.deadLetters);
  const letter = messages.find(m => m.MessageId === id);
  await release(
    client,
    box.deadLetters,
    messages.filter(m => m !== letter),
  );
  if (!letter) return false;
  const group = letter.Attributes?.MessageGroupId;
  const receives = letter.Attributes?.ApproximateReceiveCount ?? '0';
  await sent(box.queue, () =>
    client.send(
      new SendMessageCommand({
        QueueUrl: box.queue,
        MessageBody: letter.Body ?? '',
        ...(group && { MessageGroupId: group, MessageDeduplicationId: `${id}-${receives}` }),
      }),
    ),
  );
  await sent(box.deadLetters, () =>
    client.send(new DeleteMessageCommand({ QueueUrl: box.deadLetters, ReceiptHandle: letter.ReceiptHandle })),
  );
  return true;
}

async function received(client: Pick<SQSClient, 'send'>, queue: string): Promise<Message[]> {
  const found = new Map<string, Message>();
  for (let empty = 0; empty < EMPTY_MAX; ) {
    const answer = await sent(queue, () =>
      client.send(
        new ReceiveMessageCommand({
          QueueUrl: queue,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: HIDDEN_SECONDS,
          MessageSystemAttributeNames: ['All'],
        }),
      ),
    );
    const fresh = (answer.Messages ?? []).filter(m => !found.has(m.MessageId!));
    for (const message of fresh) found.set(message.MessageId!, message);
    empty = fresh.length === 0 ? empty + 1 : 0;
  }
  return [...found.values()];
}

async function release(
  client: Pick<SQSClient, 'send'>,
  queue: string,
  messages: readonly Message[],
): Promise<void> {
  for (const { ReceiptHandle } of messages) {
    await sent(queue, () =>
      client.send(
        new ChangeMessageVisibilityCommand({ QueueUrl: queue, ReceiptHandle, VisibilityTimeout: 0 }),
      ),
    );
  }
}

function letterOf({ MessageId, Body, Attributes }: Message): Letter {
  return { id: MessageId!, body: Body ?? '', at: Number(Attributes?.SentTimestamp ?? 0) };
}

async function sent<T>(queue: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isDenied(error)) throw awsDenied('SQS', queue, error);
    if (/NonExistentQueue|QueueDoesNotExist/.test(nameOf(error))) throw awsMissing('SQS', queue, error);
    throw awsFailed('SQS', queue, error);
  }
}
