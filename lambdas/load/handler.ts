import type { AwsLake } from '../../lib/runtime/aws';
import type { CommittedLoad, LoadSteps, PlanAsked, Round, WorkAsked } from '../../lib/stages/load/steps';
import { count, counted, logger } from '../telemetry';
import { type Invocation, untilOf } from '../time';

/** For what a worker has to put down behind its last task, and for a guess of its time that was too small. */
const MARGIN_MS = 60_000;

/** A state of the machine (lib/constructs/pipeline/load-steps.ts), and what it was handed. */
export type LoadEvent =
  | { readonly do: 'plan'; readonly asked: PlanAsked }
  | { readonly do: 'work'; readonly asked: WorkAsked }
  | { readonly do: 'packs' | 'commit'; readonly asked: Round };

/** Without a value of any row: it stands in the execution's history. */
type Answer = Round | CommittedLoad | { readonly left: boolean };

/** One step of a load, as the machine calls it; its answer is the next one's input. */
export function load({ config, ports }: Pick<AwsLake, 'config' | 'ports'>, steps: LoadSteps) {
  const step = async (event: LoadEvent, invocation: Invocation): Promise<Answer> => {
    if (event.do === 'plan') return steps.plan(event.asked);
    if (event.do === 'work') return steps.work(event.asked, untilOf(ports.clock, invocation).at(MARGIN_MS));
    if (event.do === 'packs') return steps.planPacks(event.asked);
    const loaded = await steps.commit(event.asked);
    logger.info('loaded', { ...loaded });
    count(
      'rowsTakenIn',
      loaded.rows,
      config.tables.find(({ name }) => name === loaded.table),
    );
    return loaded;
  };
  return (event: LoadEvent, invocation: Invocation) => counted(config.name, () => step(event, invocation));
}
