import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

export interface WorkQueueProps {
  /** The timeout of the function that reads the queue, in seconds. */
  readonly timeoutSeconds: number;
  /** First in, first out by message group, each deduplication id once in five minutes. Default: false. */
  readonly fifo?: boolean;
  /** How long every message waits before it can be read. Default: 0. */
  readonly delaySeconds?: number;
}

/** How often a message is tried before it becomes a dead letter. */
const RECEIVES_MAX = 5;

/** A queue that one function reads, and its dead letters. */
export class WorkQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, { timeoutSeconds, fifo, delaySeconds }: WorkQueueProps) {
    super(scope, id);
    const kept = {
      // Messages are names of objects and tables; keys of the account would shut S3 out of the landing queue.
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      // Their senders choose the id: two messages of one content may be two wake-ups.
      ...(fifo ? { fifo, contentBasedDeduplication: false } : {}),
    };
    this.deadLetters = new Queue(this, 'DeadLetters', kept);
    this.queue = new Queue(this, 'Queue', {
      ...kept,
      deliveryDelay: Duration.seconds(delaySeconds ?? 0),
      // Longer than the function runs, or Lambda refuses the queue; not much longer, as a crashed run blocks its
      // message group for that long.
      visibilityTimeout: Duration.seconds(timeoutSeconds + 30),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: RECEIVES_MAX },
    });
  }
}
