import type { Step } from './steps';
import type { LiveWorld, Site } from './world';

export interface Shown {
  readonly name: string;
  readonly seconds: number;
  readonly evidence: string;
}

export interface Outcome {
  readonly site: Site;
  readonly shown: readonly Shown[];
  /** What ended the run early. */
  readonly failure?: { readonly step: string; readonly error: unknown };
  /** What is left of the lake in the account; more than nothing only when the destroy failed, or was not wanted. */
  readonly remains: readonly string[];
}

/**
 * Deploys, goes through the steps until one fails, and destroys in any case that began to deploy: a deploy that broke
 * off has made things too.
 * @throws before anything is made, when the account is not ready
 */
export async function runLive(world: LiveWorld, steps: readonly Step[], keep: boolean): Promise<Outcome> {
  const site = await world.site();
  const shown: Shown[] = [];
  let failure: Outcome['failure'];
  const show = async (name: string, run: () => Promise<string>) => {
    world.say(`${name} ...`);
    const from = world.now();
    try {
      const evidence = await run();
      shown.push({ name, seconds: Math.round((world.now() - from) / 1000), evidence });
      world.say(`${name}: ${evidence}`);
    } catch (error) {
      failure ??= { step: name, error };
      world.say(`${name}: FAILED, ${error instanceof Error ? error.message : error}`);
    }
  };
  await show('deploy', async () => {
    await world.deploy();
    return 'the stacks stand';
  });
  for (const step of steps) if (!failure) await show(step.name, () => step.run(world));
  if (!keep) {
    await show('destroy', async () => {
      await world.destroy();
      const left = await world.remains();
      if (left.length > 0) throw new Error(`still there: ${left.join(', ')}`);
      return 'nothing of the lake is left';
    });
  }
  return { site, shown, failure, remains: await world.remains().catch(error => [`unknown: ${error}`]) };
}
