/** What delivery and machines do to a lake, decided anew at each occasion. */
export interface Chances {
  /** How often a notification of S3 is delivered: 0 is lost. */
  copies(): number;
  /** How long a message is under way, in seconds: what was sent later may come earlier. */
  delaySeconds(): number;
  /** Whether a batch is handed to two runs of the function at once. */
  twiceAtOnce(): boolean;
  /** After how long an invocation is killed; undefined: it is not. */
  killAfterMs(): number | undefined;
  /** Whether a batch of a stream that fails goes on failing until its records are too old. */
  outlasts(): boolean;
}

/** Everything arrives once, at once, and runs to its end. */
export const CALM: Chances = {
  copies: () => 1,
  delaySeconds: () => 0,
  twiceAtOnce: () => false,
  killAfterMs: () => undefined,
  outlasts: () => false,
};

/** A long invocation here takes a second or two, most are shorter. */
const KILL_MS_MAX = 1000;

/** Chances that can be let loose. */
export interface Ugly extends Chances {
  rage(): void;
  calm(): void;
}

/**
 * While it rages, a third of the notifications are lost, the others come twice, one invocation in four is to be killed and one
 * batch in four runs twice at once; one batch of a stream in three that fails does so until its records are too old.
 */
export function ugly(random: () => number): Ugly {
  let rages = false;
  const happens = (share: number) => rages && random() < share;
  return {
    copies: () => (happens(0.33) ? 0 : rages ? 2 : 1),
    delaySeconds: () => (rages ? Math.floor(random() * 3) : 0),
    twiceAtOnce: () => happens(0.25),
    killAfterMs: () => (happens(0.25) ? random() ** 2 * KILL_MS_MAX : undefined),
    outlasts: () => happens(0.33),
    rage() {
      rages = true;
    },
    calm() {
      rages = false;
    },
  };
}
