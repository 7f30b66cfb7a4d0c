import type { CloudFormationCustomResourceEvent } from 'aws-lambda';

/** A serverless replication as DMS describes it; `begun`: it has loaded before, and may go on from where it was. */
export interface ReplicationState {
  readonly status: string;
  readonly begun: boolean;
}

/** What is asked of DMS. */
export interface Replications {
  /** Undefined before its first start. */
  find(arn: string): Promise<ReplicationState | undefined>;
  start(arn: string, how: 'start-replication' | 'resume-processing'): Promise<void>;
  stop(arn: string): Promise<void>;
}

export interface Pause {
  readonly wait: (ms: number) => Promise<void>;
  /** How much of the invocation's time is left. */
  readonly leftMs: () => number;
}

const POLL_MS = 10_000;
/** Left to tell CloudFormation that it did not work out. */
const MARGIN_MS = 30_000;

/** States in which nothing moves; every other one ends by itself, but for running. */
const RESTING = ['created', 'ready', 'stopped', 'failed'];

/**
 * Answers one moment of a deploy (lib/constructs/dms/control.ts). `before` stands before the replication's settings,
 * `after` behind them. Each may be called again after it failed half-way, or by a rollback: it looks at what DMS says.
 */
export async function control(
  event: CloudFormationCustomResourceEvent,
  replications: Replications,
  pause: Pause,
): Promise<void> {
  const { Moment: moment, Replication: arn, SettleSeconds: settle } = event.ResourceProperties;
  const { RequestType: request } = event;
  if (moment === 'before') {
    // A role that was just made is not known everywhere, and DMS refuses what needs it.
    if (request === 'Create') await pause.wait(Number(settle) * 1000);
    if (request === 'Update') await halt(arn, replications, pause);
    return;
  }
  if (request === 'Delete') await halt(arn, replications, pause);
  else await go(arn, replications, pause);
}

async function halt(arn: string, replications: Replications, pause: Pause): Promise<void> {
  const state = await replications.find(arn);
  if (!state || RESTING.includes(state.status)) return;
  if (state.status !== 'stopping') await replications.stop(arn);
  await untilResting(arn, replications, pause);
}

/** It resumes where it was; from the beginning only what never began. A load takes hours: nobody waits for it. */
async function go(arn: string, replications: Replications, pause: Pause): Promise<void> {
  if ((await replications.find(arn))?.status === 'running') return;
  const state = await untilResting(arn, replications, pause);
  await replications.start(arn, state?.begun ? 'resume-processing' : 'start-replication');
}

async function untilResting(
  arn: string,
  replications: Replications,
  pause: Pause,
): Promise<ReplicationState | undefined> {
  for (;;) {
    const state = await replications.find(arn);
    if (!state || RESTING.includes(state.status)) return state;
    if (pause.leftMs() < MARGIN_MS + POLL_MS) {
      throw new Error(`the replication is still ${state.status}; deploy again when it has stopped`);
    }
    await pause.wait(POLL_MS);
  }
}
