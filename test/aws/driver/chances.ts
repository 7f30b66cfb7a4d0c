/** What delivery and machines do to a lake, decided anew at each occasion. */
export interface Chances {
  /** How often a notification of S3 is delivered: 0 is lost. */
  copies(): number;
  /** How long a message is under way, in seconds: what was sent later may come earlier. */
  delaySeconds(): number;
  /** Whether a batch, or a step of a machine, is handed to two runs of the function at once. */
  twiceAtOnce(): boolean;
  /** After how long an invocation is killed; undefined: it is not. */
  killAfterMs(): number | undefined;
  /** The most records that a batch of a stream has: Lambda promises no number. */
  recordsMax(): number;
  /** Whether a batch of a stream that fails goes on failing until its records are too old. */
  outlasts(): boolean;
}

/** Everything arrives once, at once, and runs to its end. */
export const CALM: Chances = {
  copies: () => 1,
  delaySeconds: () => 0,
  twiceAtOnce: () => false,
  killAfterMs: () => undefined,
  recordsMax: () => Number.POSITIVE_INFINITY,
  outlasts: () => false,
};

/** A long invocation here takes a second or two, most are shorter. */
const KILL_MS_MAX = 1000;
const RECORDS_MAX = 4;

/** Chances that can be let loose. */
export interface Ugly extends Chances {
  rage(): void;
  calm(): void;
}

/**
 * While it rages, a third of the notifications are lost, the others come twice, one invocation in four is to be killed and one
 * batch in four runs twice at once. Of the batches of a stream that fail, the first and one in three of the others do so until
 * their records are too old.
 */
export function ugly(random: () => number): Ugly {
  let rages = false;
  let outlasted = false;
  const happens = (share: number) => rages && random() < share;
  return {
    copies: () => (happens(0.33) ? 0 : rages ? 2 : 1),
    delaySeconds: () => (rages ? Math.floor(random() * 3) : 0),
    twiceAtOnce: () => happens(0.25),
    killAfterMs: () => (happens(0.25) ? random() ** 2 * KILL_MS_MAX : undefined),
    recordsMax: () => (rages ? RECORDS_MAX : Number.POSITIVE_INFINITY),
    outlasts() {
      const first = rages && !outlasted;
      if (first) outlasted = true;
      return first || happens(0.33);
    },
    rage() {
      rages = true;
      outlasted = false;
    },
    calm() {
      rages = false;
    },
  };
}
