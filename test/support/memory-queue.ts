import type { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { Clock } from '../../lib/ports/clock';

/** SQS drops a message of a FIFO queue whose deduplication id it has seen within this time. */
const REMEMBERED_MS = 5 * 60_000;

export interface MemoryQueueOptions {
  readonly clock: Clock;
  /** Which of the messages that may be received is next; only a queue that is no FIFO queue asks. */
  readonly pick: <T>(among: readonly T[]) => T;
  /** The timeout of the function that reads it: a message is hidden for that and 30 s more. */
  readonly timeoutSeconds: number;
  readonly fifo?: boolean;
  readonly delaySeconds?: number;
  /** How often a message is received before it becomes a dead letter. */
  readonly receivesMax: number;
}

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly group?: string;
  /** How often it was received, this time included. */
  readonly receives: number;
}

interface Stored extends Message {
  /** From when on it may be received, milliseconds since 1970. */
  from: number;
  receives: number;
}

/** One queue of SQS: delays, visibility, order and exclusion by message group, deduplication, redrive. */
export interface MemoryQueue {
  send(body: string, options?: { group?: string; dedup?: string; delayMs?: number }): void;
  /** The next message, hidden from now on; undefined when there is none now. */
  receive(): { readonly message: Message; readonly done: () => void } | undefined;
  /** When the next message may be received, milliseconds since 1970; undefined in an empty queue. */
  nextAt(): number | undefined;
  readonly deadLetters: readonly Message[];
  /** Puts the dead letters back. */
  redrive(): void;
}

export function memoryQueue({ clock, pick, ...options }: MemoryQueueOptions): MemoryQueue {
  const { timeoutSeconds, fifo = false, delaySeconds = 0, receivesMax } = options;
  let messages: Stored[] = [];
  let dead: Stored[] = [];
  const seen = new Map<string, number>();
  let count = 0;

  /** Of a group only the first: what follows waits until that one is done, or dead. */
  const heads = (): Stored[] => {
    if (!fifo) return messages;
    const groups = new Set<string>();
    return messages.filter(({ group = '' }) => !groups.has(group) && groups.add(group));
  };
  const bury = () => {
    const spent = messages.filter(m => m.receives >= receivesMax && m.from <= clock.now());
    dead.push(...spent);
    messages = messages.filter(m => !spent.includes(m));
  };

  return {
    send(body, { group, dedup, delayMs = delaySeconds * 1000 } = {}) {
      const now = clock.now();
      if (dedup !== undefined) {
        const last = seen.get(dedup);
        if (last !== undefined && now - last < REMEMBERED_MS) return;
        seen.set(dedup, now);
      }
      messages.push({ id: `m${++count}`, body, group, from: now + delayMs, receives: 0 });
    },
    receive() {
      bury();
      const ready = heads().filter(m => m.from <= clock.now());
      if (ready.length === 0) return undefined;
      const message = fifo ? ready[0]! : pick(ready);
      const hiddenUntil = clock.now() + (timeoutSeconds + 30) * 1000;
      message.from = hiddenUntil;
      message.receives++;
      return {
        message,
        done() {
          // A receipt is good until the message is received again.
          if (message.from === hiddenUntil) messages = messages.filter(m => m !== message);
        },
      };
    },
    nextAt() {
      bury();
      const times = heads().map(m => m.from);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    get deadLetters() {
      bury();
      return dead;
    },
    redrive() {
      for (const message of dead) messages.push({ ...message, from: clock.now(), receives: 0 });
      dead = [];
    },
  };
}

/** The client that sends to these queues, by their urls. */
export function sendsTo(queues: Readonly<Record<string, MemoryQueue>>): Pick<SQSClient, 'send'> {
  const send = async ({ input }: SendMessageCommand) => {
    const { QueueUrl, MessageBody, MessageGroupId: group, MessageDeduplicationId: dedup } = input;
    queues[QueueUrl!]!.send(MessageBody!, { group, dedup });
    return {};
  };
  return { send } as unknown as Pick<SQSClient, 'send'>;
}
