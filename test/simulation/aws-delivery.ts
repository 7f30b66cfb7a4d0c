import '../lambdas/quiet';

import type { KinesisStreamEvent, SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { compact } from '../../lambdas/compact/handler';
import { ingestFiles } from '../../lambdas/ingest-files/handler';
import { ingestStream } from '../../lambdas/ingest-stream/handler';
import { merge } from '../../lambdas/merge/handler';
import { type QueryEnded, report } from '../../lambdas/report/handler';
import { type SweepEvent, sweep } from '../../lambdas/sweep/handler';
import type { Invocation } from '../../lambdas/time';
import { vacuum } from '../../lambdas/vacuum/handler';
import { type FunctionName, TIMEOUT_SECONDS } from '../../lib/constructs/pipeline/timeouts';
import type { MemoryQueue } from '../support/memory-queue';
import { type AwsFault, portsOf, type SimulatedLake } from './aws-ports';
import { eventOf, StreamSource } from './aws-stream';
import type { AwsWorld, QueueName } from './aws-world';
import type { Scheduler } from './scheduler';

type Handler = (event: never, invocation: Invocation) => Promise<unknown>;

/** Loads have a simulation of their own. */
type Simulated = Exclude<FunctionName, 'load'>;

/** The functions as they are deployed, each over the ports of one invocation. */
const FUNCTIONS: Readonly<Record<Simulated, (lake: SimulatedLake) => Handler>> = {
  'ingest-files': ingestFiles,
  'ingest-stream': ingestStream,
  merge,
  report,
  sweep,
  compact,
  vacuum,
};

const READER: Readonly<Record<QueueName, Simulated>> = {
  ingest: 'ingest-files',
  merge: 'merge',
  report: 'report',
};
/** Runs of a function at once, by its queue. */
const RUNS_MAX: Readonly<Record<QueueName, number>> = { ingest: 3, merge: 3, report: 2 };

/** Messages of one run. */
const BATCHES: Readonly<Record<QueueName, readonly number[]>> = {
  ingest: [1, 2, 5, 10],
  merge: [1],
  report: [1],
};

type ReceivedMessage = NonNullable<ReturnType<MemoryQueue['receive']>>;

/** An asynchronous event is tried three times. */
const ASYNC_TRIES = 3;
const MINUTE_MS = 60_000;

/** How things go: shares of calls, events and batches. */
export interface Weather {
  /** Calls that the SDK has to try again, without an answer or with one of refusal. */
  readonly retried: number;
  /** Calls that the SDK gives up on. */
  readonly failed: number;
  /** Calls before or after which the process is killed. */
  readonly killed: number;
  /** Scheduled runs and events that never come. */
  readonly lost: number;
  /** Batches of a queue or stream that go to two runs at once, and events that come twice. */
  readonly twice: number;
  /** Messages that come again although they were dealt with. */
  readonly undeleted: number;
  /** Batches of a stream that fail for so long that they are given up. */
  readonly outlasted: number;
  /** Turns in which everything stands still for a minute. */
  readonly stalled: number;
}

export const CALM: Weather = {
  retried: 0,
  failed: 0,
  killed: 0,
  lost: 0,
  twice: 0,
  undeleted: 0,
  outlasted: 0,
  stalled: 0,
};

export interface Outcome {
  readonly ok: boolean;
  readonly answer?: unknown;
  readonly error?: unknown;
}

interface Order {
  readonly name: Simulated;
  readonly event: unknown;
  /** What it is given kills it, sooner or later. */
  readonly deadly?: boolean;
  /** The call before which it is killed. Default: after some number of calls. */
  readonly killedAt?: string;
}

const DEADLY_CALLS_MAX = 40;

/** AWS around the functions: queues, a stream, schedules and events, and the time that passes meanwhile. */
export class Delivery {
  weather: Weather = CALM;
  /** Files and records that kill what reads them do so. */
  deadly = true;
  /** What failed although nothing was in its way. */
  readonly failures: unknown[] = [];
  readonly stream: StreamSource;
  private running = 0;
  private readonly runs: Record<QueueName, number> = { ingest: 0, merge: 0, report: 0 };
  private nextMinute = 0;
  private waiting: Order[] = [];

  constructor(
    private readonly world: AwsWorld,
    private readonly scheduler: Scheduler,
    giveUp: (event: KinesisStreamEvent) => void,
  ) {
    const isTooOld = () => scheduler.chance(this.weather.outlasted);
    this.stream = new StreamSource({ scheduler, giveUp, isTooOld });
  }

  /** Runs of functions that come at some time, such as scheduled ones. */
  schedule(...orders: Order[]): void {
    this.waiting.push(...orders);
  }

  /** Athena's event of a statement that ended. */
  ended(id: string): void {
    const { lost, twice } = this.weather;
    const event = { detail: { queryExecutionId: id } } as QueryEnded;
    const copies = this.scheduler.chance(lost) ? 0 : this.scheduler.chance(twice) ? 2 : 1;
    for (let i = 0; i < copies; i++) this.schedule({ name: 'report', event });
  }

  /** Delivers until nothing is left to deliver, or for so many turns. */
  async run(turnsMax: number): Promise<void> {
    this.scheduler.spawn('AWS', async actor => {
      for (let turns = 0; turns < turnsMax; turns++) {
        await actor.gate('turn');
        if (this.isQuiet()) return;
        this.turn();
      }
    });
    await this.scheduler.run();
  }

  private isQuiet(): boolean {
    const { queues } = this.world;
    const empty = Object.values(queues).every(queue => queue.nextAt() === undefined);
    return empty && this.running === 0 && this.stream.idle && this.waiting.length === 0;
  }

  private turn(): void {
    this.pass();
    const { clock } = this.world;
    if (clock.now() >= this.nextMinute) {
      this.nextMinute = clock.now() + MINUTE_MS;
      if (!this.scheduler.chance(this.weather.lost)) this.schedule({ name: 'sweep', event: {} });
    }
    if (this.waiting.length > 0 && this.scheduler.chance(0.3)) this.asynchronously(this.waiting.shift()!);
    for (const name of Object.keys(READER) as QueueName[]) this.receive(name);
    const batch = this.stream.take();
    if (!batch) return;
    const deadly = batch.records.some(record => record.deadly);
    const event = eventOf(batch.records.map(one => one.record));
    // Whatever decodes a record that stands alone dies of it; a larger batch may die anywhere, half of it taken in.
    const decodes = batch.records.length === 1 || this.scheduler.chance(0.5);
    const killedAt = decodes ? 'catalog.load' : undefined;
    this.once({ name: 'ingest-stream', event, deadly, killedAt }, outcome => batch.settle(outcome));
  }

  /** While something runs time passes slowly, else to what happens next. */
  private pass(): void {
    const { clock, queues } = this.world;
    if (this.scheduler.chance(this.weather.stalled)) clock.advance(MINUTE_MS);
    if (this.running + this.waiting.length > 0) {
      clock.advance(this.scheduler.pick([0, 20, 100, 500]));
      return;
    }
    const times = [this.nextMinute, ...Object.values(queues).map(queue => queue.nextAt() ?? this.nextMinute)];
    clock.set(Math.max(clock.now(), Math.min(...times)));
  }

  private receive(queue: QueueName): void {
    if (this.runs[queue] >= RUNS_MAX[queue]) return;
    const size = this.scheduler.pick(BATCHES[queue]);
    const received = Array.from({ length: size }, () => this.world.queues[queue].receive()).filter(
      one => one !== undefined,
    );
    const isDeadly = (body: string) => this.deadlyKey !== undefined && body.includes(this.deadlyKey);
    // It dies of it anywhere, which those of its batch would not survive five times.
    const deadly = received.filter(one => isDeadly(one.message.body));
    for (const one of deadly) this.handOver(queue, [one], true);
    const others = received.filter(one => !deadly.includes(one));
    if (others.length > 0) this.handOver(queue, others, false);
  }

  private handOver(queue: QueueName, batch: readonly ReceivedMessage[], deadly: boolean): void {
    const records = batch.map(({ message: { id, body, receives } }) => ({
      messageId: id,
      body,
      attributes: { ApproximateReceiveCount: String(receives) },
    }));
    this.runs[queue]++;
    this.once({ name: READER[queue], event: { Records: records as SQSRecord[] }, deadly }, outcome => {
      this.runs[queue]--;
      if (!outcome.ok) return;
      const { batchItemFailures = [] } = (outcome.answer ?? {}) as Partial<SQSBatchResponse>;
      const failed = new Set(batchItemFailures.map(failure => failure.itemIdentifier));
      for (const { message, done } of batch) {
        if (!failed.has(message.id) && !this.scheduler.chance(this.weather.undeleted)) done();
      }
    });
  }

  /** The key of a file that kills what reads it, as it stands in messages. */
  deadlyKey: string | undefined;

  private asynchronously(order: Order, tries = ASYNC_TRIES): void {
    this.once(order, ({ ok }) => {
      if (!ok && tries > 1) this.asynchronously(order, tries - 1);
    });
  }

  /** A run, or two at once of which the first answer counts. */
  private once(order: Order, settle: (outcome: Outcome) => void): void {
    this.invoke(order, settle);
    if (this.scheduler.chance(this.weather.twice)) this.invoke(order, () => undefined);
  }

  private invoke({ name, event, deadly = false, killedAt }: Order, settle: (outcome: Outcome) => void): void {
    const { clock, lake } = this.world;
    const until = clock.now() + TIMEOUT_SECONDS[name] * 1000;
    const invocation = { getRemainingTimeInMillis: () => until - clock.now() };
    const kills = deadly && this.deadly;
    let calls =
      kills && killedAt === undefined
        ? this.scheduler.pick([...Array(DEADLY_CALLS_MAX).keys()])
        : Number.POSITIVE_INFINITY;
    const fault = (call: string): AwsFault =>
      calls-- <= 0 || (kills && call === killedAt) ? 'before' : this.fault();
    let over = false;
    const end = (outcome: Outcome) => {
      if (over) return;
      over = true;
      this.running--;
      if (!outcome.ok && this.weather === CALM && !deadly) this.failures.push(outcome.error ?? 'killed');
      settle(outcome);
    };
    this.running++;
    this.scheduler.spawn(name, async actor => {
      const killed = () => end({ ok: false });
      const handler = FUNCTIONS[name](portsOf(lake, { actor, fault, killed, invocation }));
      try {
        const answer = await handler(event as never, invocation);
        end(calls === Number.POSITIVE_INFINITY ? { ok: true, answer } : { ok: false });
      } catch (error) {
        end({ ok: false, error });
      }
    });
  }

  private fault(): AwsFault {
    const { scheduler, weather } = this;
    if (scheduler.chance(weather.killed)) return scheduler.pick(['before', 'after']);
    if (scheduler.chance(weather.failed)) return scheduler.pick(['refused', 'lost']);
    if (scheduler.chance(weather.retried)) return scheduler.pick(['throttled', 'unclear']);
    return 'none';
  }
}

/** The input of a scheduled sweep. */
export const sweepOf = (listing?: SweepEvent['listing']): Order => ({
  name: 'sweep',
  event: listing ? { listing } : {},
});
