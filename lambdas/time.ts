import type { Context } from 'aws-lambda';
import type { Clock } from '../lib/ports/clock';

export type Invocation = Pick<Context, 'getRemainingTimeInMillis'>;

/** How long an invocation may work before it has to hand back. */
export interface Until {
  leftMs(): number;
  /** The end of its time less a margin, in milliseconds since 1970 by the lake's clock. */
  at(marginMs: number): number;
}

export function untilOf(clock: Clock, invocation: Invocation): Until {
  const leftMs = () => invocation.getRemainingTimeInMillis();
  return { leftMs, at: marginMs => clock.now() + leftMs() - marginMs };
}
