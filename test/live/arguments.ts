import { parseArgs } from 'node:util';
import { stackNames } from '../../lib/config/deployed';
import type { Step } from './steps';

export interface LiveArguments {
  readonly yes: boolean;
  /** Leaves the lake standing, for somebody to look at. */
  readonly keep: boolean;
}

/** @throws with words for the one who typed them */
export function liveArguments(args: readonly string[]): LiveArguments {
  const { values } = parseArgs({
    args: [...args],
    options: { yes: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } },
  });
  return values;
}

/** A lake's name that no other has. `random`: at least three bytes. */
export const liveName = (random: Uint8Array) => `live-${Buffer.from(random).toString('hex').slice(0, 6)}`;

/** What a run would do. */
export function planOf(name: string, steps: readonly Step[], keep: boolean): string {
  const { storage, pipeline } = stackNames(name);
  const lines = [
    ['deploy', `makes the stacks ${storage} and ${pipeline} with the CDK`],
    ...steps.map(({ name: step, does }) => [step, does]),
    keep
      ? ['keep', 'leaves everything standing; it bills until you destroy it']
      : ['destroy', 'removes the stacks, the buckets with every version, the ledger and the databases'],
  ];
  const width = Math.max(...lines.map(([step]) => step!.length));
  return [
    `A lake named ${name}, in the account and region of your AWS environment, billed to it.`,
    ...lines.map(([step, does], i) => `  ${i + 1}  ${step!.padEnd(width)}  ${does}`),
    'A run that shows all of it writes docs/verified-on-aws.md.',
  ].join('\n');
}

/** Why a run may not begin; undefined when it may. */
export function refusal({ yes }: LiveArguments, environment: Readonly<Record<string, string | undefined>>) {
  if (environment.CI) return 'refused: this is never run in CI (the variable CI is set)';
  if (!yes) return 'refused: nothing was done. To do all of this: npm run test:live -- --yes';
  return undefined;
}
